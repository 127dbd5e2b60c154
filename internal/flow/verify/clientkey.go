package verify

import (
	"context"
	"crypto/x509"
	"errors"

	"github.com/go-jose/go-jose/v4"

	"github.com/tokenhouse/tokenhouse/internal/core/armor"
	"github.com/tokenhouse/tokenhouse/internal/core/federation"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
)

// maxKeys is how many keys of a client are tried on one assertion.
const maxKeys = 10

var errNoClientKey = errors.New("the client has no key")

// clientKeys are the public keys that a client publishes or has been given.
func (v *Verifier) clientKeys(ctx context.Context, c *realm.Client, kid string) ([]jose.JSONWebKey, error) {
	switch {
	case c.UseJWKSURL:
		if c.JWKSURL == "" || v.Fetch == nil {
			return nil, errNoClientKey
		}
		return v.Fetch.Keys(ctx, c.JWKSURL, kid)
	case c.UseJWKS:
		return federation.ReadKeySet([]byte(c.JWKS))
	case c.Certificate != "":
		return readCertificate(c.Certificate, c.CertificateKid)
	}
	return nil, errNoClientKey
}

// readCertificate reads the key of a certificate, PEM or bare base64. It is a key in a wrapper: dates and
// issuer are not looked at.
func readCertificate(text, kid string) ([]jose.JSONWebKey, error) {
	der, err := armor.Decode(text)
	if err != nil {
		return nil, err
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	return []jose.JSONWebKey{{Key: certificate.PublicKey, KeyID: kid}}, nil
}
