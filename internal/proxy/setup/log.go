package setup

import (
	"io"
	"log/slog"
)

// Logger writes the log that the settings ask for.
func (s *Settings) Logger(to io.Writer) *slog.Logger {
	o := &slog.HandlerOptions{Level: slog.LevelInfo}
	if s.Verbose {
		o.Level = slog.LevelDebug
	}
	switch {
	case s.Silent:
		return slog.New(slog.DiscardHandler)
	case s.JSON:
		return slog.New(slog.NewJSONHandler(to, o))
	}
	return slog.New(slog.NewTextHandler(to, o))
}
