package keyring

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/rsa"
	"encoding/json"
	"os"
	"testing"

	"github.com/go-jose/go-jose/v4"
	"github.com/google/go-cmp/cmp"

	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
)

// recording is tokens that Keycloak signed, and the keys that it published for them.
type recording struct {
	JWKS   struct{ Keys []json.RawMessage }
	Tokens []struct{ Name, Token string }
}

func recorded(t *testing.T) (out recording) {
	t.Helper()
	text, err := os.ReadFile("testdata/tokens.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &out); err != nil {
		t.Fatal(err)
	}
	if len(out.Tokens) < 6 || len(out.JWKS.Keys) != 2 {
		t.Fatal("the recording is not whole")
	}
	return out
}

// TestRecordedTokens: Keycloak's signatures are good to us, and ours to nobody under another token's text.
func TestRecordedTokens(t *testing.T) {
	rec := recorded(t)
	pairs := map[string]pair{}
	for _, text := range rec.JWKS.Keys {
		var jwk jose.JSONWebKey
		if err := json.Unmarshal(text, &jwk); err != nil {
			t.Fatal(err)
		}
		switch public := jwk.Key.(type) {
		case *rsa.PublicKey:
			pairs[jwk.KeyID] = &rsaPair{algorithm: algorithms[jwk.Algorithm], public: public}
		case *ecdsa.PublicKey:
			pairs[jwk.KeyID] = &ecdsaPair{algorithm: algorithms[jwk.Algorithm], public: public, size: 32}
		}
	}
	for i, c := range rec.Tokens {
		jws, err := token.Open(c.Token)
		if err != nil {
			t.Fatal(err)
		}
		pair := pairs[jws.Header.Kid]
		if pair == nil {
			t.Fatalf("%s: no key %q", c.Name, jws.Header.Kid)
		}
		if !pair.verify([]byte(jws.Signed), jws.Signature) {
			t.Errorf("%s: the signature is refused", c.Name)
		}
		other, err := token.Open(rec.Tokens[(i+1)%len(rec.Tokens)].Token)
		if err != nil {
			t.Fatal(err)
		}
		if pair.verify([]byte(other.Signed), jws.Signature) {
			t.Errorf("%s: its signature is good for another token", c.Name)
		}
	}
}

// TestRecordedKeys: a key is published as Keycloak published it, byte for byte, and has Keycloak's id.
func TestRecordedKeys(t *testing.T) {
	for _, text := range recorded(t).JWKS.Keys {
		var jwk jose.JSONWebKey
		if err := json.Unmarshal(text, &jwk); err != nil {
			t.Fatal(err)
		}
		var with struct{ X5C []string }
		if err := json.Unmarshal(text, &with); err != nil {
			t.Fatal(err)
		}
		id, err := keyID(jwk.Key)
		if err != nil {
			t.Fatal(err)
		}
		if id != jwk.KeyID {
			t.Errorf("key id is %q, want %q", id, jwk.KeyID)
		}
		k := &key{provider: &realm.KeyProvider{Kid: id}, alg: jwk.Algorithm}
		var got token.Object
		switch public := jwk.Key.(type) {
		case *rsa.PublicKey:
			k.provider.Certificate = with.X5C[0]
			got, err = k.publicRSA(public, useSig)
		case *ecdsa.PublicKey:
			got, err = k.publicEC(public)
		}
		if err != nil {
			t.Fatal(err)
		}
		var want bytes.Buffer
		if err := json.Compact(&want, text); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want.String(), string(got.AppendJSON(nil))); diff != "" {
			t.Error(diff)
		}
	}
}
