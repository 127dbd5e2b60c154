package proof_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenhouse/tokenhouse/internal/core/proof"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
)

// TestBind: what was proved binds, and what comes of a bound token is bound.
func TestBind(t *testing.T) {
	both := proof.Proved{Key: "k", Certificate: "c"}
	byKey := &token.Confirmation{JKT: "k", JKTType: "DPoP"}
	byBoth := &token.Confirmation{JKT: "k", JKTType: "DPoP", Certificate: "c"}
	byCertificate := &token.Confirmation{Certificate: "c"}
	tests := map[string]struct {
		proved  proof.Proved
		wants   realm.ClientTokens
		sources []*token.Confirmation
		want    *token.Confirmation
	}{
		"nothing proved":                    {},
		"a key":                             {proved: proof.Proved{Key: "k"}, want: byKey},
		"a certificate that nobody wants":   {proved: proof.Proved{Certificate: "c"}},
		"a certificate that the client has": {proved: proof.Proved{Certificate: "c"}, wants: realm.ClientTokens{BindTLS: true}, want: byCertificate},
		"both, and the client wants none":   {proved: both, want: byKey},
		"both, and the client wants both":   {proved: both, wants: realm.ClientTokens{BindTLS: true}, want: byBoth},
		"of a token that is not bound":      {proved: both, sources: []*token.Confirmation{nil, {JKT: "k"}}, want: byKey},
		"of one bound to the certificate":   {proved: both, sources: []*token.Confirmation{nil, byCertificate}, want: byBoth},
	}
	for name, tt := range tests {
		if diff := cmp.Diff(tt.want, proof.Bind(tt.proved, tt.wants, tt.sources...)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}
