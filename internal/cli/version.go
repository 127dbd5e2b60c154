package cli

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/tokenhouse/tokenhouse/internal/flow/keyring"
)

func (p *program) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version, and what makes RSA signatures",
		Args:  arguments(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			fmt.Fprintf(p.out, "tokenhouse %s (%s, %s/%s; RSA by %s)\n", p.build(), runtime.Version(), runtime.GOOS, runtime.GOARCH, keyring.Signer())
			return nil
		},
	}
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
