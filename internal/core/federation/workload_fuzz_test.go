package federation_test

import (
	"encoding/base64"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/federation"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
)

// FuzzWorkload: tokens of service accounts of a cluster, and JWT-SVIDs of a trust domain, prove the client that they are
// about, for this realm alone and for a while, whatever else they say.
func FuzzWorkload(f *testing.F) {
	now := time.Unix(1_800_000_000, 0)
	const here = "https://id.example/realms/shop"
	subjects := map[string]string{federation.KindKubernetes: "system:serviceaccount:shop:robot", federation.KindSPIFFE: "spiffe://example.org/robot"}
	vouchers := map[string]federation.Voucher{}
	for kind := range subjects {
		voucher, asked, err := federation.ReadVoucher(&realm.Provider{Alias: "up", Kind: kind, Enabled: true, Config: map[string]string{
			"trustDomain": "spiffe://example.org", "bundleEndpoint": "https://spire.example/bundle"}})
		if err != nil || !asked {
			f.Fatal(kind, asked, err)
		}
		vouchers[kind] = voucher
	}
	f.Fuzz(func(t *testing.T, claims []byte) {
		b64 := base64.RawURLEncoding
		said, err := federation.ReadUnverified(b64.EncodeToString([]byte(`{"alg":"RS256"}`)) + "." + b64.EncodeToString(claims) + ".")
		if err != nil {
			return
		}
		for kind, voucher := range vouchers {
			client := &realm.Client{ID: "robot", AuthSubject: subjects[kind]}
			until, err := voucher.CheckAssertion(said, client, here, now)
			if err != nil {
				continue
			}
			switch {
			case said.Subject != client.AuthSubject, !slices.Equal(said.Audience, []string{here}), said.Expires <= now.Unix()-60, until.Before(now):
				t.Errorf("%s: %+v until %s", kind, said, until)
			case kind == federation.KindKubernetes && !strings.HasPrefix(said.Issuer, "https://kubernetes.default.svc"):
				t.Errorf("of the cluster's: %+v", said)
			}
		}
	})
}
