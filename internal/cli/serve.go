package cli

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"os"

	"github.com/spf13/cobra"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/server"
)

// defaultImports is where --import-realm alone looks for realm files.
const defaultImports = "data/import"

func (p *program) serveCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "serve",
		Aliases: []string{"start", "start-dev"},
		Short:   "Run the server",
		Long: "Run the server. As serve or start it demands HTTPS, or to be told that something before it brings TLS;\n" +
			"as start-dev it serves plain HTTP.\n\n" +
			"Each option is a flag, an environment variable TOKENHOUSE_<NAME> (or KC_<NAME>, where Keycloak has it)\n" +
			"or a key of the configuration file; the first of these that is set counts.",
		Args: arguments(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := resolve(cmd.Flags(), p.environ)
			if err != nil {
				return err
			}
			s.Development = cmd.CalledAs() == "start-dev"
			return p.serve(cmd.Context(), s)
		},
	}
	addFlags(cmd.Flags(), func(option) bool { return true })
	cmd.Flags().Bool("optimized", false, "")
	_ = cmd.Flags().MarkHidden("optimized") // Keycloak's images start with it; here every start is
	return cmd
}

// serve runs the server until it is told to stop.
func (p *program) serve(ctx context.Context, s *settings) error {
	s.choose()
	s.Log = p.logger(s)
	s.Env = p.lookupEnv
	if s.Public.Hostname == "" && !s.Development {
		s.Log.Warn("hostname is not set: issuers follow the Host header of each request")
	}
	err := server.Run(ctx, s.Config)
	if invalid, ok := errors.AsType[*fault.Invalid](err); ok && isOption(invalid.Field) {
		return usagef("%s: %s", invalid.Field, invalid.Message)
	}
	return err
}

// choose decides what follows from several options together.
func (s *settings) choose() {
	if !s.httpSet {
		s.Listen.HTTP = s.Development || s.Proxy.Headers != "" && s.Listen.Certificate == ""
	}
	switch s.imports {
	case "", "false":
	case "true":
		s.Import = defaultImports
	default:
		s.Import = s.imports
	}
}

// logger writes to the error stream, so that output stays what commands print.
func (p *program) logger(s *settings) *slog.Logger {
	return slog.New(logHandler(p.err, s))
}

func logHandler(w io.Writer, s *settings) slog.Handler {
	o := &slog.HandlerOptions{Level: s.logLevel}
	if s.logJSON {
		return slog.NewJSONHandler(w, o)
	}
	return slog.NewTextHandler(w, o)
}

// lookupEnv finds a variable of the surroundings, as placeholders in realm files name them.
func (p *program) lookupEnv(name string) (string, bool) { return os.LookupEnv(name) }
