package keyring

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"fmt"
	"math/big"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/armor"
	"github.com/tokenhouse/tokenhouse/internal/core/fault"
)

var errCertificate = &fault.Invalid{Field: "certificate", Message: "Failed to decode certificate"}

// SelfSigned is a certificate of a key in a name, signed by itself for ten years as Keycloak does it, as base64
// DER: for those who want a certificate where a key would do, not as a statement about anybody.
func SelfSigned(private *rsa.PrivateKey, name string, now time.Time) (string, error) {
	template := &x509.Certificate{
		SerialNumber:       big.NewInt(now.UnixMilli()),
		Subject:            pkix.Name{CommonName: name},
		NotBefore:          now.Add(-100 * time.Second), // for clocks that are behind
		NotAfter:           now.AddDate(10, 0, 0),
		SignatureAlgorithm: x509.SHA256WithRSA,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		return "", fmt.Errorf("make a certificate: %w", err)
	}
	return base64.StdEncoding.EncodeToString(der), nil
}

// plainCertificate reads a certificate as Keycloak's components hold it, PEM or base64 alone, and gives
// base64 DER. One of another key is refused: it would be published beside this one.
func plainCertificate(text string, public *rsa.PublicKey) (string, error) {
	der, err := armor.Decode(text)
	if err != nil {
		return "", errCertificate
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		return "", errCertificate
	}
	if !public.Equal(parsed.PublicKey) {
		return "", &fault.Invalid{Field: "certificate", Message: "Certificate does not match private key"}
	}
	return base64.StdEncoding.EncodeToString(der), nil
}
