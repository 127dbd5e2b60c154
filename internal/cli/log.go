package cli

import (
	"time"

	"github.com/spf13/cobra"
)

func (p *program) logCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "log",
		Short: "Export and verify the decision log",
		Long: "Export and verify the decision log, which holds what the token endpoint decided, on what and why. Realms whose attribute\n" +
			"tokenhouse.log is on, or durable, have one.",
		Args: noCommand,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(p.logExport(), p.logVerify(), p.logHead())
	return cmd
}

// span is a time span on the command line.
type span struct{ since, until string }

func (s *span) addFlags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&s.since, "since", "", "decisions from then on: a time as 2026-03-01T12:00:00Z, or how long ago, as 24h")
	cmd.Flags().StringVar(&s.until, "until", "", "decisions before then")
}

func (s *span) read(now time.Time) (since, until time.Time, err error) {
	if since, err = when("since", s.since, now); err != nil {
		return since, until, err
	}
	until, err = when("until", s.until, now)
	return since, until, err
}

// when reads a time, or how long ago it was; zero where nothing is given.
func when(flag, text string, now time.Time) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if ago, err := time.ParseDuration(text); err == nil && ago >= 0 {
		return now.Add(-ago), nil
	}
	for _, form := range []string{time.RFC3339, time.DateOnly} {
		if t, err := time.Parse(form, text); err == nil {
			return t, nil
		}
	}
	return time.Time{}, usagef("flag --%s: %q is no time as 2026-03-01T12:00:00Z, no date, and not how long ago, as 24h", flag, text)
}
