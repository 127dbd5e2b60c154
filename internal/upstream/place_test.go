package upstream

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"

	"github.com/go-jose/go-jose/v4"

	"github.com/tokenhouse/tokenhouse/internal/core/federation"
)

// TestPlacesOfKeys: an issuer's metadata leads to its keys, if they are about that issuer; of a bundle the keys for
// JWT-SVIDs count.
func TestPlacesOfKeys(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	set := jose.JSONWebKeySet{}
	for _, use := range []string{"", "sig", "jwt-svid", "x509-svid"} {
		set.Keys = append(set.Keys, jose.JSONWebKey{Key: key.Public(), KeyID: "for " + use, Use: use})
	}
	mux := http.NewServeMux()
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	answer := func(path string, body any) {
		mux.HandleFunc(path, func(w http.ResponseWriter, _ *http.Request) { _ = json.NewEncoder(w).Encode(body) })
	}
	answer("/bundle", set)
	answer("/cluster/.well-known/openid-configuration", federation.Metadata{Issuer: server.URL + "/cluster", JWKSURI: server.URL + "/bundle"})
	answer("/other/.well-known/openid-configuration", federation.Metadata{Issuer: server.URL + "/cluster", JWKSURI: server.URL + "/bundle"})
	answer("/mute/.well-known/openid-configuration", federation.Metadata{Issuer: server.URL + "/mute"})

	c := New(Config{AllowPrivate: true})
	for name, q := range map[string]struct {
		in   federation.KeyPlace
		path string
		want []string // nil: refused
	}{
		"a key set":               {federation.InKeySet, "/bundle", []string{"for ", "for sig", "for jwt-svid", "for x509-svid"}},
		"a bundle":                {federation.InBundle, "/bundle", []string{"for sig", "for jwt-svid"}},
		"metadata":                {federation.InMetadata, "/cluster", []string{"for ", "for sig", "for jwt-svid", "for x509-svid"}},
		"metadata of another":     {federation.InMetadata, "/other", nil},
		"metadata without keys":   {federation.InMetadata, "/mute", nil},
		"no metadata":             {federation.InMetadata, "/bundle", nil},
		"a bundle that is not it": {federation.InBundle, "/nothing", nil},
	} {
		keys, err := c.published(t.Context(), q.in, server.URL+q.path, "")
		var got []string
		for _, k := range keys {
			got = append(got, k.KeyID)
			if q.in == federation.InBundle && !federation.Fits(k, "ES256") {
				t.Errorf("%s: key %q does not verify", name, k.KeyID)
			}
		}
		if !slices.Equal(got, q.want) || (err != nil) != (q.want == nil) {
			t.Errorf("%s: %q, %v; want %q", name, got, err, q.want)
		}
	}
	if _, err := New(Config{}).Verify(t.Context(), &federation.Settings{JWKSURL: server.URL + "/cluster", KeysAt: federation.InMetadata}, ""); err == nil {
		t.Error("metadata at a private address was fetched without being allowed")
	}
}
