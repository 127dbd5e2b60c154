package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
)

// Exit codes.
const (
	exitOK     = 0
	exitFailed = 1 // what was asked for could not be done
	exitUsage  = 2 // what was asked for makes no sense: a name or a value is at fault
)

// usage is an error in what the caller typed or configured.
type usage struct{ message string }

func (u *usage) Error() string { return u.message }

func usagef(format string, args ...any) error { return &usage{fmt.Sprintf(format, args...)} }

// program is what commands share: where they read and write, and what surrounds them.
type program struct {
	in       io.Reader
	out, err io.Writer
	environ  []string // as os.Environ
	version  string
}

// Main runs the command that args name and gives its exit code. version is the build's, empty where
// it is not known.
func Main(args []string, version string) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	p := &program{in: os.Stdin, out: os.Stdout, err: os.Stderr, environ: os.Environ(), version: version}
	if calledAsKcadm(os.Args[0]) {
		return p.runKcadm(ctx, args)
	}
	return p.run(ctx, args)
}

func (p *program) run(ctx context.Context, args []string) int {
	root := p.command()
	root.SetArgs(args)
	root.SetIn(p.in)
	root.SetOut(p.out)
	root.SetErr(p.err)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitOK
	}
	if code, said := errors.AsType[exitCode](err); said {
		return int(code)
	}
	fmt.Fprintln(p.err, "tokenhouse: "+err.Error())
	if _, misused := errors.AsType[*usage](err); misused {
		return exitUsage
	}
	return exitFailed
}

// command is the tree of commands.
func (p *program) command() *cobra.Command {
	root := &cobra.Command{
		Use:           "tokenhouse",
		Short:         "Identity and token exchange, compatible with Keycloak, every decision explained",
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          noCommand,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usagef("%v; see %s --help", err, cmd.CommandPath())
	})
	root.SuggestionsMinimumDistance = 2
	root.AddCommand(
		p.serveCommand(), p.demoCommand(),
		p.importCommand(), p.exportCommand(), p.diffCommand(),
		p.adminCommand(), p.explainCommand(), p.graphCommand(), p.logCommand(), p.simulateCommand(), p.conformanceCommand(), p.gatekeeperCommand(), p.versionCommand(), p.manCommand(),
	)
	return root
}

// noCommand refuses what is no command, and says what was meant.
func noCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
		return usagef("unknown command %q; did you mean %q?", args[0], near[0])
	}
	return usagef("unknown command %q; see %s --help", args[0], cmd.CommandPath())
}

// arguments demands n arguments, named for the error.
func arguments(names ...string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		switch {
		case len(args) < len(names):
			return usagef("%s needs %s; see %s --help", cmd.Name(), names[len(args)], cmd.CommandPath())
		case len(args) > len(names):
			return usagef("%s takes no argument %q; values of options are written --name=value", cmd.Name(), args[len(names)])
		}
		return nil
	}
}

// complete lets shells complete the values of a flag.
func complete(cmd *cobra.Command, flag string, values ...string) {
	fixed := func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return values, cobra.ShellCompDirectiveNoFileComp
	}
	if err := cmd.RegisterFlagCompletionFunc(flag, fixed); err != nil {
		panic("cli: " + err.Error()) // the flag is not declared
	}
}
