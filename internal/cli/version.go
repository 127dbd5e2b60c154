package cli

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/tokenhouse/tokenhouse/internal/flow/keyring"
)

// about is what a binary is, as version --json prints it.
type about struct {
	Version string `json:"version"`
	Go      string `json:"go"`
	OS      string `json:"os"`
	Arch    string `json:"arch"`
	RSA     string `json:"rsa"` // what makes RSA signatures
}

func (p *program) versionCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "version",
		Short: "Print the version, and what makes RSA signatures",
		Args:  arguments(),
		RunE: func(*cobra.Command, []string) error {
			a := about{p.build(), runtime.Version(), runtime.GOOS, runtime.GOARCH, keyring.Signer()}
			if asJSON {
				return printJSON(p.out, a)
			}
			_, err := fmt.Fprintf(p.out, "tokenhouse %s (%s, %s/%s; RSA by %s)\n", a.Version, a.Go, a.OS, a.Arch, a.RSA)
			return err
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

// build is the version of the binary: what the linker was told, or the module's where it was told nothing.
func (p *program) build() string {
	if p.version != "" {
		return p.version
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" && info.Main.Version != "(devel)" {
		return info.Main.Version
	}
	return "unknown"
}
