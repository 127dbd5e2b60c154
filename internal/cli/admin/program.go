// Package admin is the command line of kcadm, Keycloak's administration command: its verbs, options, output and
// exit codes, on either name.
package admin

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"time"
)

// Exit codes of kcadm.
const (
	exitOK     = 0
	exitFailed = 1 // the server refused, or what was named is not there
	exitUsage  = 2 // the command line makes no sense
)

// Program is what surrounds the command.
type Program struct {
	Name     string // as the caller typed it; texts name it
	In       io.Reader
	Out, Err io.Writer
	Getenv   func(string) string
	Now      func() time.Time
	NewID    func() string
	Ask      func(prompt string) (string, error) // reads a password, without showing it; nil: from In
}

// Run runs the command that args name and gives its exit code.
func (p *Program) Run(ctx context.Context, args []string) int {
	c, err := p.parse(args)
	if err == nil {
		c.ctx = ctx
		err = c.run()
	}
	if err == nil {
		return exitOK
	}
	return p.fail(c, err)
}

// run prints help where it is asked for, or nothing else is; otherwise it does what the command is for.
func (c *call) run() error {
	if c.has("--help") {
		return c.printHelp(c.command)
	}
	if c.command.idle != nil && c.command.idle(c) {
		if err := c.printHelp(c.command); err != nil {
			return err
		}
		return errIdle
	}
	return c.command.run(c)
}

// errIdle is a command without anything to do: its help was printed.
var errIdle = errors.New("nothing to do")

// misuse is a command line that makes no sense.
type misuse struct {
	message string
	hint    string // a line that says what was meant; may be empty
}

func (m *misuse) Error() string { return m.message }

func misusef(format string, args ...any) error { return &misuse{message: fmt.Sprintf(format, args...)} }

// fail prints why a command failed and gives the exit code.
func (p *Program) fail(c *call, err error) int {
	if errors.Is(err, errIdle) {
		return exitUsage
	}
	fmt.Fprintln(p.Err, firstLine(err))
	if m, ok := errors.AsType[*misuse](err); ok {
		if m.hint != "" {
			fmt.Fprintln(p.Err, m.hint)
		}
		fmt.Fprintf(p.Err, "Try '%s' for more information on the available options.\n", c.helpCommand())
		return exitUsage
	}
	if c.has("-x") {
		for cause := errors.Unwrap(err); cause != nil; cause = errors.Unwrap(cause) {
			fmt.Fprintf(p.Err, "\tcaused by %T: %v\n", cause, cause)
		}
	}
	return exitFailed
}

// firstLine is what an error says in one line.
func firstLine(err error) string {
	line, _, _ := strings.Cut(err.Error(), "\n")
	return line
}

// helpCommand is what prints the help of the command.
func (c *call) helpCommand() string {
	if c.command.name == "help" {
		return c.program.Name + " help"
	}
	return c.title() + " --help"
}

// title is the command as the caller types it.
func (c *call) title() string {
	return strings.TrimSpace(c.program.Name + " " + c.command.name)
}

// configPath is the file that sessions are kept in where no other is named.
func (p *Program) configPath() string {
	home := p.Getenv("HOME")
	if home == "" {
		home = p.Getenv("USERPROFILE")
	}
	return filepath.Join(home, ".keycloak", "kcadm.config")
}

// secret is a password that is not in the command line: of the environment, or typed.
func (p *Program) secret(what, variable string) (string, error) {
	if variable != "" {
		if v := p.Getenv(variable); v != "" {
			return v, nil
		}
	}
	if p.Ask != nil {
		return p.Ask("Enter " + what + ": ")
	}
	line, err := bufio.NewReader(p.In).ReadString('\n')
	line = strings.TrimRight(line, "\r\n")
	if line == "" && err != nil {
		return "", errors.New("Console is not active, but " + what + " is required")
	}
	return line, nil
}
