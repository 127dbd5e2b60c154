package manage

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"fmt"
	"math/big"
	"time"
)

// Pair is a client's certificate, and its private key where we have it: base64 DER, the key as of
// PKCS #1.
type Pair struct{ Certificate, PrivateKey string }

// newPair makes a key with a certificate in a client's name, for ten years, as Keycloak does: the name is
// no statement about anybody.
func newPair(name string, now time.Time) (Pair, error) {
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return Pair{}, fmt.Errorf("make a key: %w", err)
	}
	template := &x509.Certificate{
		SerialNumber:       big.NewInt(now.UnixMilli()),
		Subject:            pkix.Name{CommonName: name},
		NotBefore:          now.Add(-100 * time.Second), // for clocks that are behind
		NotAfter:           now.AddDate(10, 0, 0),
		SignatureAlgorithm: x509.SHA256WithRSA,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		return Pair{}, fmt.Errorf("make a certificate: %w", err)
	}
	text := base64.StdEncoding.EncodeToString
	return Pair{text(der), text(x509.MarshalPKCS1PrivateKey(private))}, nil
}
