package keyring

import (
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
)

var (
	errPrivate     = &fault.Invalid{Field: "privateKey", Message: "Failed to decode private key"}
	errCertificate = &fault.Invalid{Field: "certificate", Message: "Failed to decode certificate"}
)

// ParsePrivate reads a private key as Keycloak's components hold it: PEM or the base64 alone, of
// PKCS #8, PKCS #1 or SEC 1. It gives PKCS #8 DER, for KeyProvider.Private.
func ParsePrivate(text string) ([]byte, error) {
	der, err := unwrap(text)
	if err != nil {
		return nil, errPrivate
	}
	if _, err := x509.ParsePKCS8PrivateKey(der); err == nil {
		return der, nil
	}
	if private, err := x509.ParsePKCS1PrivateKey(der); err == nil {
		return x509.MarshalPKCS8PrivateKey(private)
	}
	if private, err := x509.ParseECPrivateKey(der); err == nil {
		return x509.MarshalPKCS8PrivateKey(private)
	}
	return nil, errPrivate
}

// ParseCertificate reads a certificate as Keycloak's components hold it, PEM or the base64 alone, and
// gives base64 DER, for KeyProvider.Certificate.
func ParseCertificate(text string) (string, error) {
	der, err := unwrap(text)
	if err == nil {
		_, err = x509.ParseCertificate(der)
	}
	if err != nil {
		return "", errCertificate
	}
	return base64.StdEncoding.EncodeToString(der), nil
}

// unwrap takes DER out of PEM, or out of base64 with or without line breaks.
func unwrap(text string) ([]byte, error) {
	if block, _ := pem.Decode([]byte(strings.TrimSpace(text))); block != nil {
		return block.Bytes, nil
	}
	return base64.StdEncoding.DecodeString(strings.Join(strings.Fields(text), ""))
}
