package keyring

import (
	"crypto"
	"crypto/x509"
	"encoding/base64"
	"strings"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/realm"
)

// Description is what everybody may know of a key.
type Description struct {
	Type     string    // "RSA", "EC", "OKP" or "OCT"
	Use      string    // "SIG" or "ENC"
	Public   string    // base64 SubjectPublicKeyInfo; empty for secrets
	NotAfter time.Time // end of the certificate; zero without one
}

// Describe describes a provider's key; false where there is none of a kind that is known.
func Describe(p *realm.KeyProvider) (Description, bool) {
	kind, ok := kinds[p.Kind]
	if !ok || len(p.Private) == 0 {
		return Description{}, false
	}
	d := Description{Type: strings.ToUpper(kind.kty), Use: strings.ToUpper(kind.use)}
	if kind.kty == ktyOct {
		return d, true
	}
	private, err := x509.ParsePKCS8PrivateKey(p.Private)
	if err != nil {
		return Description{}, false
	}
	if signer, ok := private.(crypto.Signer); ok {
		if der, err := x509.MarshalPKIXPublicKey(signer.Public()); err == nil {
			d.Public = base64.StdEncoding.EncodeToString(der)
		}
	}
	if der, err := base64.StdEncoding.DecodeString(p.Certificate); err == nil {
		if c, err := x509.ParseCertificate(der); err == nil {
			d.NotAfter = c.NotAfter
		}
	}
	return d, true
}
