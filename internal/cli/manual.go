package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/tokenhouse/tokenhouse/internal/cli/admin"
)

func (p *program) manCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "man DIR",
		Short: "Write manual pages to a directory",
		Long:  "Write a manual page for each command to a directory: tokenhouse.1, tokenhouse-serve.1 and so on.",
		Args:  arguments("a directory"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := os.MkdirAll(args[0], 0o755); err != nil {
				return err
			}
			return p.writePages(cmd.Root(), args[0])
		},
	}
}

// writePages writes the page of a command and of those below it.
func (p *program) writePages(cmd *cobra.Command, dir string) error {
	name := pageName(cmd)
	text, err := p.page(cmd)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, name+".1"), []byte(text), 0o644); err != nil {
		return err
	}
	for _, below := range documented(cmd) {
		if err := p.writePages(below, dir); err != nil {
			return err
		}
	}
	return nil
}

func pageName(cmd *cobra.Command) string { return strings.ReplaceAll(cmd.CommandPath(), " ", "-") }

// documented are the commands below one that people are told of.
func documented(cmd *cobra.Command) []*cobra.Command {
	var out []*cobra.Command
	for _, below := range cmd.Commands() {
		if below.IsAvailableCommand() && below.Name() != "help" {
			out = append(out, below)
		}
	}
	return out
}

// page is a manual page, in the macros that man(7) describes.
func (p *program) page(cmd *cobra.Command) (string, error) {
	var b strings.Builder
	fmt.Fprintf(&b, ".TH %s 1 \"\" \"tokenhouse %s\" \"Tokenhouse\"\n", roffWord(strings.ToUpper(pageName(cmd))), roff(p.build()))
	fmt.Fprintf(&b, ".SH NAME\n%s \\- %s\n", roff(pageName(cmd)), roff(cmd.Short))
	fmt.Fprintf(&b, ".SH SYNOPSIS\n.B %s\n", roff(cmd.UseLine()))
	if cmd.Long != "" {
		fmt.Fprintf(&b, ".SH DESCRIPTION\n%s\n", paragraphs(cmd.Long))
	}
	if cmd.Name() == "admin" {
		help, err := admin.Help(cmd.CommandPath())
		if err != nil {
			return "", err
		}
		fmt.Fprintf(&b, ".SH COMMANDS\n%s", example(help))
	}
	writeFlags(&b, cmd.NonInheritedFlags())
	if cmd.Example != "" {
		fmt.Fprintf(&b, ".SH EXAMPLES\n%s", example(cmd.Example))
	}
	var others []string
	if cmd.HasParent() {
		others = append(others, pageName(cmd.Parent()))
	}
	for _, below := range documented(cmd) {
		others = append(others, pageName(below))
	}
	for i, name := range others {
		others[i] = "\\fB" + roff(name) + "\\fR(1)"
	}
	if len(others) > 0 {
		fmt.Fprintf(&b, ".SH SEE ALSO\n%s\n", strings.Join(others, ",\n"))
	}
	return b.String(), nil
}

// writeFlags writes a paragraph for each option.
func writeFlags(b *strings.Builder, flags *pflag.FlagSet) {
	titled := false
	flags.VisitAll(func(f *pflag.Flag) {
		if f.Hidden {
			return
		}
		if !titled {
			b.WriteString(".SH OPTIONS\n")
			titled = true
		}
		name := "--" + f.Name
		if f.Shorthand != "" {
			name = "-" + f.Shorthand + ", " + name
		}
		kind, usage := pflag.UnquoteUsage(f)
		fmt.Fprintf(b, ".TP\n\\fB%s\\fR", roff(name))
		if kind != "" {
			fmt.Fprintf(b, " \\fI%s\\fR", roff(kind))
		}
		if f.DefValue != "" && f.DefValue != "false" && f.DefValue != "[]" {
			usage += " (default " + f.DefValue + ")"
		}
		fmt.Fprintf(b, "\n%s\n", roff(usage))
	})
}

// paragraphs sets paragraphs apart that an empty line separates.
func paragraphs(text string) string {
	var out []string
	for paragraph := range strings.SplitSeq(text, "\n\n") {
		out = append(out, roff(paragraph))
	}
	return strings.Join(out, "\n.PP\n")
}

// example keeps lines as they are.
func example(text string) string { return ".nf\n" + roff(strings.TrimRight(text, "\n")) + "\n.fi\n" }

// roff escapes what would be taken for commands.
func roff(text string) string {
	text = strings.NewReplacer(`\`, `\e`, "-", `\-`, "→", `\(->`).Replace(text)
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		if strings.HasPrefix(line, ".") || strings.HasPrefix(line, "'") {
			lines[i] = `\&` + line
		}
	}
	return strings.Join(lines, "\n")
}

// roffWord is a text as one argument of a macro.
func roffWord(text string) string { return `"` + strings.ReplaceAll(roff(text), `"`, `\(dq`) + `"` }
