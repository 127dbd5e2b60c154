package cli

import (
	"os"

	"github.com/spf13/cobra"

	"github.com/tokenhouse/tokenhouse/conformance"
)

// trial is what tokenhouse conformance is asked.
type trial struct {
	base, target          string
	realm, strict, asJSON bool
}

func (p *program) conformanceCommand() *cobra.Command {
	q := &trial{}
	cmd := &cobra.Command{
		Use:   "conformance",
		Short: "Ask a server, of whatever make, whether its token exchange can be trusted",
		Long: "Ask a server that exchanges tokens (RFC 8693), of whatever make, for what it must not give, and whether its answers are\n" +
			"what the RFCs say; print what held and what did not. Use it on servers that are tried out: it sends hundreds of\n" +
			"requests. The exit code is 1 where something does not hold that must; with --strict, or that should.\n\n" +
			"--base is for servers that keep realms as Keycloak does: import the realm that --print-realm prints, whose secrets are\n" +
			"known to everybody, and delete it afterwards. Any other server is described by --target.",
		Example: "  tokenhouse conformance --print-realm > conformance.json\n" +
			"  tokenhouse admin create realms -f conformance.json\n" +
			"  tokenhouse conformance --base http://localhost:8080\n" +
			"  tokenhouse conformance --target server.json",
		Args: arguments(),
		RunE: func(cmd *cobra.Command, _ []string) error { return p.conformance(cmd, q) },
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.StringVar(&q.base, "base", "", "address of the server that has the realm")
	f.StringVar(&q.target, "target", "", "JSON file with the server's endpoints, and the clients that were made at it")
	f.BoolVar(&q.realm, "print-realm", false, "print the realm file that --base takes for granted")
	f.BoolVar(&q.strict, "strict", false, "what should hold must")
	f.BoolVar(&q.asJSON, "json", false, "print JSON")
	return cmd
}

func (p *program) conformance(cmd *cobra.Command, q *trial) error {
	if q.realm {
		_, err := p.out.Write(conformance.Realm)
		return err
	}
	target, err := q.at()
	if err != nil {
		return err
	}
	results, err := conformance.Run(cmd.Context(), target)
	if err != nil {
		return err
	}
	if q.asJSON {
		err = printJSON(p.out, results)
	} else {
		err = conformance.Print(p.out, results)
	}
	broken := conformance.Count(results, conformance.Must, conformance.Broken)
	if q.strict {
		broken += conformance.Count(results, conformance.Should, conformance.Broken)
	}
	if err == nil && broken > 0 {
		return exitCode(exitFailed)
	}
	return err
}

// at is the server that is asked.
func (q *trial) at() (conformance.Target, error) {
	switch {
	case (q.base == "") == (q.target == ""):
		return conformance.Target{}, usagef("one of the flags --base and --target is needed")
	case q.base != "":
		return conformance.InRealm(q.base), nil
	}
	text, err := os.ReadFile(q.target)
	if err != nil {
		return conformance.Target{}, err
	}
	t, err := conformance.ReadTarget(text)
	if err != nil {
		return t, usagef("%s: %v", q.target, err)
	}
	return t, nil
}
