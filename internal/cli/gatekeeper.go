package cli

import (
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/tokenhouse/tokenhouse/internal/proxy"
	"github.com/tokenhouse/tokenhouse/internal/proxy/setup"
)

func (p *program) gatekeeperCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "gatekeeper",
		Short: "Put sign-in and token checks in front of any HTTP server",
		Long: "Run a reverse proxy that lets through who is signed in, or has an access token that is for it, and tells the server\n" +
			"behind it who that is. It works with Tokenhouse, Keycloak and any OpenID provider, and takes the options of Keycloak\n" +
			"Gatekeeper: as flags, as environment variables PROXY_<NAME>, and from a file in YAML or JSON; the first of these that\n" +
			"has an option counts. Those that it does not have are refused by name.",
		Example: "  tokenhouse gatekeeper --discovery-url=http://localhost:8080/realms/shop --client-id=my-app --client-secret=… \\\n" +
			"    --redirection-url=http://localhost:3000 --secure-cookie=false --upstream-url=http://localhost:8081 --resources='uri=/admin*|roles=admin'\n" +
			"  tokenhouse gatekeeper --config=gatekeeper.yaml",
		Args: arguments(),
		RunE: func(cmd *cobra.Command, _ []string) error { return p.gatekeeper(cmd) },
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.String("config", "", "file with options, in YAML or JSON")
	for _, o := range setup.All() {
		addGatekeeperFlag(f, o)
	}
	for _, o := range append(setup.Refused(), setup.Fixed()...) {
		addGatekeeperFlag(f, o)
		_ = f.MarkHidden(o.Name) // it is there
	}
	_ = cmd.MarkFlagFilename("config", "yaml", "yml", "json") // likewise
	return cmd
}

// addGatekeeperFlag declares a flag whose value package setup reads.
func addGatekeeperFlag(f *pflag.FlagSet, o setup.Option) {
	help := o.Help
	if d := o.Default + o.Absent; d != "" {
		help += " (default " + d + ")"
	}
	if o.Kind == setup.List || o.Kind == setup.Map {
		f.StringArray(o.Name, nil, help)
		return
	}
	if f.String(o.Name, "", help); o.Kind == setup.Toggle {
		f.Lookup(o.Name).NoOptDefVal = "true"
	}
}

// gatekeeper runs one until it is told to stop.
func (p *program) gatekeeper(cmd *cobra.Command) error {
	flags, file := map[string][]string{}, ""
	cmd.Flags().Visit(func(f *pflag.Flag) {
		switch v := f.Value.(type) {
		case pflag.SliceValue:
			flags[f.Name] = v.GetSlice()
		default:
			if f.Name == "config" {
				file = v.String()
				return
			}
			flags[f.Name] = []string{v.String()}
		}
	})
	s, err := setup.Read(flags, p.environ, file)
	if err != nil {
		return usagef("%v", err)
	}
	s.Log = s.Logger(p.err)
	for _, w := range s.Warnings {
		s.Log.Warn(w)
	}
	g, err := proxy.New(cmd.Context(), s.Config)
	if err != nil {
		return usagef("%v", err)
	}
	return g.Run(cmd.Context(), nil)
}
