package cli

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/tokenhouse/tokenhouse/internal/cli/admin"
)

// kcadmName is kcadm's own name, under which the binary answers as kcadm does.
const kcadmName = "kcadm.sh"

// calledAsKcadm tells whether the binary goes by kcadm's name.
func calledAsKcadm(path string) bool {
	name, _, _ := strings.Cut(filepath.Base(path), ".")
	return name == "kcadm"
}

// exitCode is the error of a command that has said all there is to say.
type exitCode int

func (e exitCode) Error() string { return fmt.Sprintf("exit code %d", int(e)) }

func (p *program) adminCommand() *cobra.Command {
	return &cobra.Command{
		Use:                "admin COMMAND",
		Short:              "Administrate a server over its API, as kcadm does",
		Long:               "Administrate a server, this one's or Keycloak's, with kcadm's commands, options and output.\nSee tokenhouse admin help. The binary does the same under the name kcadm or kcadm.sh.",
		DisableFlagParsing: true, // kcadm's options are not read as other commands' are: -h sets a header
		ValidArgsFunction: func(_ *cobra.Command, args []string, last string) ([]string, cobra.ShellCompDirective) {
			return admin.Complete(args, last), cobra.ShellCompDirectiveDefault
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if code := p.kcadm(cmd.CommandPath()).Run(cmd.Context(), args); code != exitOK {
				return exitCode(code)
			}
			return nil
		},
	}
}

// kcadm is the command under the name that it was called by.
func (p *program) kcadm(name string) *admin.Program {
	program := &admin.Program{Name: name, In: p.in, Out: p.out, Err: p.err, Getenv: p.getenv, Now: time.Now, NewID: uuid.NewString}
	if f, ok := p.in.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		program.Ask = func(prompt string) (string, error) {
			fmt.Fprint(p.err, prompt)
			typed, err := term.ReadPassword(int(f.Fd()))
			fmt.Fprintln(p.err)
			return string(typed), err
		}
	}
	return program
}

// runKcadm is the whole of the binary under kcadm's name.
func (p *program) runKcadm(ctx context.Context, args []string) int {
	return p.kcadm(kcadmName).Run(ctx, args)
}

// getenv is a variable of the program's surroundings; the last of several counts.
func (p *program) getenv(name string) string {
	for i := len(p.environ) - 1; i >= 0; i-- {
		if n, v, _ := strings.Cut(p.environ[i], "="); n == name {
			return v
		}
	}
	return ""
}
