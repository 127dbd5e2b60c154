package cli

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenhouse/tokenhouse/examples"
)

// TestGraphOfAServer: a server answers what a realm file does.
func TestGraphOfAServer(t *testing.T) {
	o := newBench(t)
	o.restore(examples.Shop)
	for _, question := range []string{"", "--from till --to orders", "--to payment", "--client gateway", "--dot", "--json --from storefront"} {
		ask := func(from ...string) string {
			var out, stderr bytes.Buffer
			p := &program{in: strings.NewReader(""), out: &out, err: &stderr, environ: []string{"HOME=" + o.home}}
			if exit := p.run(t.Context(), append(append([]string{"graph", "-r", "shop"}, from...), strings.Fields(question)...)); exit != exitOK {
				t.Fatalf("%s: exit code %d: %s", question, exit, &stderr)
			}
			return out.String()
		}
		if diff := cmp.Diff(ask("--realm-file", o.home+"/realm.json"), ask("--server")); diff != "" {
			t.Errorf("%s: %s", question, diff)
		}
	}
}
