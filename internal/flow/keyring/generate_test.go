package keyring_test

import (
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/flow/keyring"
)

func TestCompleteDefaults(t *testing.T) {
	for _, c := range []struct {
		name string
		in   realm.KeyProvider
		want realm.KeyProvider
	}{
		{"curve decides", realm.KeyProvider{Kind: "ecdsa-generated", Curve: "P-384", Algorithm: "ES256"}, realm.KeyProvider{Curve: "P-384", Algorithm: "ES384"}},
		{"algorithm, where no curve is named", realm.KeyProvider{Kind: "ecdsa-generated", Algorithm: "ES512"}, realm.KeyProvider{Curve: "P-521", Algorithm: "ES512"}},
		{"no curve", realm.KeyProvider{Kind: "ecdsa-generated"}, realm.KeyProvider{Curve: "P-256", Algorithm: "ES256"}},
		{"Ed25519", realm.KeyProvider{Kind: "eddsa-generated"}, realm.KeyProvider{Curve: "Ed25519", Algorithm: "EdDSA"}},
		{"HMAC", realm.KeyProvider{Kind: "hmac-generated"}, realm.KeyProvider{Algorithm: "HS256", Size: 64}},
		{"a long secret", realm.KeyProvider{Kind: "hmac-generated", Algorithm: "HS384", Size: 512}, realm.KeyProvider{Algorithm: "HS384", Size: 512}},
		{"AES", realm.KeyProvider{Kind: "aes-generated"}, realm.KeyProvider{Algorithm: "AES", Size: 16}},
		{"RSA of another size", realm.KeyProvider{Kind: "rsa-generated", Size: 1024}, realm.KeyProvider{Algorithm: "RS256", Size: 1024}},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := c.in
			if err := keyring.Complete(&p, "shop", now); err != nil {
				t.Fatal(err)
			}
			if got := (realm.KeyProvider{Algorithm: p.Algorithm, Curve: p.Curve, Size: p.Size}); cmp.Diff(c.want, got) != "" {
				t.Error(cmp.Diff(c.want, got))
			}
			if err := keyring.Check(&p); err != nil {
				t.Error(err)
			}
			again := p
			if err := keyring.Complete(&again, "other", now.Add(time.Hour)); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(p, again); diff != "" {
				t.Errorf("what is complete was changed: %s", diff)
			}
		})
	}
}

func TestCompleteRefuses(t *testing.T) {
	rsaKey, ecKey := provider("RS256"), provider("ES256")
	for _, c := range []struct {
		name string
		in   realm.KeyProvider
		want fault.Invalid
	}{
		{"RSA size", realm.KeyProvider{Kind: "rsa-generated", Size: 1000}, fault.Invalid{Field: "keySize", Message: "'Key size' should be 1024, 2048, 3072 or 4096"}},
		{"secret size", realm.KeyProvider{Kind: "hmac-generated", Size: 1234}, fault.Invalid{Field: "secretSize", Message: "'Secret size' should be 16, 24, 32, 64, 128, 256 or 512"}},
		{"AES size", realm.KeyProvider{Kind: "aes-generated", Size: 64}, fault.Invalid{Field: "secretSize", Message: "'AES Key size' should be 16, 24 or 32"}},
		{"curve", realm.KeyProvider{Kind: "ecdsa-generated", Curve: "P-224"}, fault.Invalid{Field: "ecdsaEllipticCurveKey", Message: "'Elliptic Curve' should be P-256, P-384 or P-521"}},
		{"curve by algorithm", realm.KeyProvider{Kind: "ecdsa-generated", Algorithm: "RS256"}, fault.Invalid{Field: "ecdsaEllipticCurveKey", Message: "'Elliptic Curve' should be P-256, P-384 or P-521"}},
		{"Edwards curve", realm.KeyProvider{Kind: "eddsa-generated", Curve: "X25519"}, fault.Invalid{Field: "eddsaEllipticCurveKey", Message: "'Elliptic Curve' should be Ed25519 or Ed448"}},
		{"given key that is missing", realm.KeyProvider{Kind: "rsa"}, fault.Invalid{Field: "privateKey", Message: "'Private RSA Key' is required"}},
		{"given key that is none", realm.KeyProvider{Kind: "rsa", Private: []byte("nonsense")}, fault.Invalid{Field: "privateKey", Message: "Failed to decode private key"}},
		{"given key of another kind", realm.KeyProvider{Kind: "rsa", Private: ecKey.Private}, fault.Invalid{Field: "privateKey", Message: "Failed to decode private key"}},
		{"certificate that is none", realm.KeyProvider{Kind: "rsa", Private: rsaKey.Private, Certificate: "AAAA"}, fault.Invalid{Field: "certificate", Message: "Failed to decode certificate"}},
		{"certificate of another key", realm.KeyProvider{Kind: "rsa", Private: rsaKey.Private, Certificate: provider("RSA-OAEP").Certificate}, fault.Invalid{Field: "certificate", Message: "Certificate does not match private key"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := keyring.Complete(&c.in, "shop", now)
			var got *fault.Invalid
			if !errors.As(err, &got) || *got != c.want {
				t.Errorf("got %v, want %v", err, c.want.Error())
			}
		})
	}
}

// TestNotActedOn: what we cannot use is kept as it is, and Check says why.
func TestNotActedOn(t *testing.T) {
	for _, c := range []struct {
		in   realm.KeyProvider
		want string
	}{
		{realm.KeyProvider{Kind: "java-keystore", Algorithm: "RS256"}, `keys of kind "java-keystore" are not supported`},
		{realm.KeyProvider{Kind: "eddsa-generated", Curve: "Ed448", Algorithm: "EdDSA"}, "there is no key yet"},
	} {
		p := c.in
		if err := keyring.Complete(&p, "shop", now); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(c.in, p); diff != "" {
			t.Error(diff)
		}
		if err := keyring.Check(&p); err == nil || err.Error() != c.want {
			t.Errorf("got %v, want %q", err, c.want)
		}
	}
	for name, p := range map[string]*realm.KeyProvider{
		"an RSA key for HMAC, as Keycloak accepts it": provider("RS256", func(p *realm.KeyProvider) { p.Algorithm = "HS256" }),
		"a key on another curve":                      provider("ES256", func(p *realm.KeyProvider) { p.Algorithm = "ES384" }),
		"a key that cannot be read":                   provider("ES256", func(p *realm.KeyProvider) { p.Private = p.Private[1:] }),
		"an EC key where an RSA key should be":        provider("RS256", func(p *realm.KeyProvider) { p.Private = provider("ES256").Private }),
		"a certificate that is no base64":             provider("RS256", func(p *realm.KeyProvider) { p.Certificate = "?" }),
	} {
		if err := keyring.Check(p); err == nil {
			t.Errorf("%s: is good", name)
		}
		k, r := keyring.New(nil, nil), realmWith(p)
		if got := string(k.Public(r)); got != `{"keys":[]}` {
			t.Errorf("%s: is published: %s", name, got)
		}
		if _, err := k.Sign(t.Context(), r, p.Algorithm, "JWT", claims()); err == nil {
			t.Errorf("%s: signs", name)
		}
	}
}

func TestCertificate(t *testing.T) {
	p := provider("RS256")
	der, err := base64.StdEncoding.DecodeString(p.Certificate)
	if err != nil {
		t.Fatal(err)
	}
	got, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	if got.Subject.String() != "CN=shop" || got.Issuer.String() != "CN=shop" || got.IsCA {
		t.Errorf("certificate of %s by %s", got.Subject, got.Issuer)
	}
	if !got.NotBefore.Equal(now.Add(-100*time.Second)) || !got.NotAfter.Equal(now.AddDate(10, 0, 0)) {
		t.Errorf("valid from %s to %s", got.NotBefore, got.NotAfter)
	}
	if err := got.CheckSignature(got.SignatureAlgorithm, got.RawTBSCertificate, got.Signature); err != nil {
		t.Error(err)
	}
}

// TestGivenCertificate: a certificate is kept as it is, whichever way it was written.
func TestGivenCertificate(t *testing.T) {
	want := provider("RS256").Certificate
	der, err := base64.StdEncoding.DecodeString(want)
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"base64": want, "base64 in lines": want[:64] + "\n" + want[64:] + "\n", "PEM": "\n" + string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})),
	} {
		p := &realm.KeyProvider{Kind: "rsa", Private: provider("RS256").Private, Certificate: text}
		if err := keyring.Complete(p, "other", now); err != nil {
			t.Errorf("%s: %v", name, err)
		} else if p.Certificate != want || p.Kid != provider("RS256").Kid || p.Size != 2048 {
			t.Errorf("%s: completed to %+v", name, p)
		}
	}
}
