// Package keystore reads private keys and certificates out of key stores: PKCS #12, Java's JKS, and PEM.
package keystore

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"
)

// entry is a key with its name, or a certificate.
type entry struct {
	alias       string
	key         crypto.Signer
	certificate *x509.Certificate
}

// Key is the private key of this alias, or the only one of the store. Aliases are compared as Java does, whatever
// their case. keyPassword protects the key within a JKS store.
func Key(store []byte, password, keyPassword, alias string) (crypto.Signer, error) {
	entries, err := read(store, password, keyPassword)
	if err != nil {
		return nil, err
	}
	var keys []entry
	for _, e := range entries {
		if e.key == nil {
			continue
		}
		if strings.EqualFold(e.alias, alias) {
			return e.key, nil
		}
		keys = append(keys, e)
	}
	if len(keys) == 1 && keys[0].alias == "" {
		return keys[0].key, nil
	}
	return nil, fmt.Errorf("the key store has no private key %q", alias)
}

// Certificates are a pool of all certificates in the store.
func Certificates(store []byte, password string) (*x509.CertPool, error) {
	entries, err := read(store, password, "")
	if err != nil {
		return nil, err
	}
	pool, found := x509.NewCertPool(), false
	for _, e := range entries {
		if e.certificate != nil {
			pool.AddCert(e.certificate)
			found = true
		}
	}
	if !found {
		return nil, errors.New("the key store has no certificate")
	}
	return pool, nil
}

// read finds out which kind of store it is. Keys that keyPassword does not open are left out where it is empty.
func read(store []byte, password, keyPassword string) ([]entry, error) {
	switch {
	case bytes.HasPrefix(store, jksMagic):
		return readJKS(store, password, keyPassword)
	case bytes.Contains(store, []byte("-----BEGIN ")):
		return readPEM(store)
	}
	return readPKCS12(store, password)
}

// readPEM reads all blocks; their keys have no names.
func readPEM(store []byte) ([]entry, error) {
	var out []entry
	for {
		var block *pem.Block
		block, store = pem.Decode(store)
		if block == nil {
			return out, nil
		}
		e, err := readBlock(block)
		if err != nil {
			return nil, err
		}
		out = append(out, e)
	}
}

func readBlock(b *pem.Block) (entry, error) {
	switch b.Type {
	case "CERTIFICATE":
		c, err := x509.ParseCertificate(b.Bytes)
		return entry{certificate: c}, err
	case "RSA PRIVATE KEY":
		k, err := x509.ParsePKCS1PrivateKey(b.Bytes)
		return entry{key: k}, err
	case "EC PRIVATE KEY":
		k, err := x509.ParseECPrivateKey(b.Bytes)
		return entry{key: k}, err
	case "PRIVATE KEY":
		k, err := parseKey(b.Bytes)
		return entry{key: k}, err
	}
	return entry{}, fmt.Errorf("%s cannot be read", b.Type)
}

// parseKey reads PKCS #8.
func parseKey(der []byte) (crypto.Signer, error) {
	k, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return nil, err
	}
	s, ok := k.(crypto.Signer)
	if !ok {
		return nil, errors.New("the key cannot sign")
	}
	return s, nil
}
