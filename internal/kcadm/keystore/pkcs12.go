package keystore

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/pbkdf2"
	"crypto/sha1" // older stores derive their keys with it
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"fmt"
	"hash"
	"unicode/utf16"

	"golang.org/x/crypto/pkcs12"
)

// Object identifiers of PKCS #12 (RFC 7292), #7 and #5 (RFC 8018).
var (
	oidData           = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 1}
	oidEncryptedData  = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 6}
	oidKeyBag         = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 12, 10, 1, 1}
	oidShroudedKeyBag = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 12, 10, 1, 2}
	oidCertBag        = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 12, 10, 1, 3}
	oidX509           = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 22, 1}
	oidFriendlyName   = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 20}
	oidPBES2          = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 5, 13}
	oidPBKDF2         = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 5, 12}
)

// ciphers are the key lengths of AES-CBC, in bytes.
var ciphers = map[string]int{"2.16.840.1.101.3.4.1.2": 16, "2.16.840.1.101.3.4.1.22": 24, "2.16.840.1.101.3.4.1.42": 32}

// hashes are the functions that keys are derived with; "" is the default of RFC 8018.
var hashes = map[string]func() hash.Hash{"": sha1.New, "1.2.840.113549.2.7": sha1.New, "1.2.840.113549.2.9": sha256.New,
	"1.2.840.113549.2.10": sha512.New384, "1.2.840.113549.2.11": sha512.New}

type contentInfo struct {
	Type    asn1.ObjectIdentifier
	Content asn1.RawValue `asn1:"tag:0,explicit,optional"`
}

type encryptedData struct {
	Version int
	Content struct {
		Type      asn1.ObjectIdentifier
		Algorithm pkix.AlgorithmIdentifier
		Data      []byte `asn1:"tag:0,optional"`
	}
}

type bag struct {
	ID         asn1.ObjectIdentifier
	Value      asn1.RawValue `asn1:"tag:0,explicit"`
	Attributes []struct {
		ID     asn1.ObjectIdentifier
		Values asn1.RawValue `asn1:"set"`
	} `asn1:"set,optional"`
}

// errLegacy is a store in the ciphers of before 2020.
var errLegacy = errors.New("a cipher of before RFC 8018")

// readPKCS12 reads a store as Java, since 17, and OpenSSL, since 3, write it; older ones are left to x/crypto. What
// guards the store as a whole is not checked: a wrong password does not open its parts.
func readPKCS12(store []byte, password string) ([]entry, error) {
	entries, err := readModern(store, password)
	if errors.Is(err, errLegacy) {
		return readLegacy(store, password)
	}
	return entries, err
}

func readModern(store []byte, password string) ([]entry, error) {
	var pfx struct {
		Version int
		Safe    contentInfo
		MAC     asn1.RawValue `asn1:"optional"`
	}
	if _, err := asn1.Unmarshal(store, &pfx); err != nil {
		return nil, errors.New("the file is no PKCS #12, JKS or PEM key store")
	}
	var safe []byte
	var contents []contentInfo
	if _, err := asn1.Unmarshal(pfx.Safe.Content.Bytes, &safe); err != nil || !pfx.Safe.Type.Equal(oidData) {
		return nil, errTruncated
	}
	if _, err := asn1.Unmarshal(safe, &contents); err != nil {
		return nil, errTruncated
	}
	var out []entry
	for _, c := range contents {
		text, err := c.open(password)
		if err != nil {
			return nil, err
		}
		var bags []bag
		if _, err := asn1.Unmarshal(text, &bags); err != nil {
			return nil, errPassword // it decrypted to something else
		}
		for _, b := range bags {
			e, err := b.open(password)
			if err != nil {
				return nil, err
			}
			out = append(out, e)
		}
	}
	return out, nil
}

// open gives the bags of a part.
func (c contentInfo) open(password string) (text []byte, err error) {
	switch {
	case c.Type.Equal(oidData):
		_, err = asn1.Unmarshal(c.Content.Bytes, &text)
		return text, err
	case c.Type.Equal(oidEncryptedData):
		var e encryptedData
		if _, err := asn1.Unmarshal(c.Content.Bytes, &e); err != nil {
			return nil, errTruncated
		}
		return decrypt(e.Content.Algorithm, e.Content.Data, password)
	}
	return nil, fmt.Errorf("content %v of the key store cannot be read", c.Type)
}

func (b bag) open(password string) (entry, error) {
	e := entry{alias: b.friendlyName()}
	var err error
	switch {
	case b.ID.Equal(oidKeyBag):
		e.key, err = parseKey(b.Value.Bytes)
	case b.ID.Equal(oidShroudedKeyBag):
		var info struct {
			Algorithm pkix.AlgorithmIdentifier
			Data      []byte
		}
		if _, err := asn1.Unmarshal(b.Value.Bytes, &info); err != nil {
			return entry{}, errTruncated
		}
		der, err := decrypt(info.Algorithm, info.Data, password)
		if err != nil {
			return entry{}, err
		}
		e.key, err = parseKey(der)
		return e, err
	case b.ID.Equal(oidCertBag):
		var info struct {
			Type asn1.ObjectIdentifier
			Data []byte `asn1:"tag:0,explicit"`
		}
		if _, err := asn1.Unmarshal(b.Value.Bytes, &info); err != nil || !info.Type.Equal(oidX509) {
			return entry{}, errTruncated
		}
		e.certificate, err = x509.ParseCertificate(info.Data)
	}
	return e, err
}

// friendlyName is what Java calls the alias.
func (b bag) friendlyName() string {
	for _, a := range b.Attributes {
		if !a.ID.Equal(oidFriendlyName) {
			continue
		}
		var name asn1.RawValue
		if _, err := asn1.Unmarshal(a.Values.Bytes, &name); err != nil {
			return ""
		}
		var units []uint16
		for i := 0; i+1 < len(name.Bytes); i += 2 {
			units = append(units, uint16(name.Bytes[i])<<8|uint16(name.Bytes[i+1]))
		}
		return string(utf16.Decode(units))
	}
	return ""
}

// maxIterations bounds the work that a store can ask for.
const maxIterations = 10_000_000

// decrypt opens PBES2: AES-CBC with a key that PBKDF2 made of the password.
func decrypt(algorithm pkix.AlgorithmIdentifier, data []byte, password string) ([]byte, error) {
	if !algorithm.Algorithm.Equal(oidPBES2) {
		return nil, errLegacy
	}
	var scheme struct{ Derivation, Cipher pkix.AlgorithmIdentifier }
	if _, err := asn1.Unmarshal(algorithm.Parameters.FullBytes, &scheme); err != nil {
		return nil, errTruncated
	}
	var d struct {
		Salt       []byte
		Iterations int
		Length     int                      `asn1:"optional"`
		Hash       pkix.AlgorithmIdentifier `asn1:"optional"`
	}
	if _, err := asn1.Unmarshal(scheme.Derivation.Parameters.FullBytes, &d); err != nil {
		return nil, errTruncated
	}
	length, h := ciphers[scheme.Cipher.Algorithm.String()], hashes[d.Hash.Algorithm.String()]
	var iv []byte
	if _, err := asn1.Unmarshal(scheme.Cipher.Parameters.FullBytes, &iv); err != nil || !scheme.Derivation.Algorithm.Equal(oidPBKDF2) ||
		length == 0 || h == nil || len(iv) != aes.BlockSize || d.Iterations > maxIterations {
		return nil, fmt.Errorf("cipher %v of the key store cannot be read", scheme.Cipher.Algorithm)
	}
	key, err := pbkdf2.Key(h, password, d.Salt, d.Iterations, length)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	if len(data) == 0 || len(data)%aes.BlockSize != 0 {
		return nil, errTruncated
	}
	plain := make([]byte, len(data))
	cipher.NewCBCDecrypter(block, iv).CryptBlocks(plain, data)
	return unpad(plain)
}

// unpad removes the padding, which a wrong password spoils.
func unpad(plain []byte) ([]byte, error) {
	n := int(plain[len(plain)-1])
	if n == 0 || n > aes.BlockSize {
		return nil, errPassword
	}
	for _, b := range plain[len(plain)-n:] {
		if int(b) != n {
			return nil, errPassword
		}
	}
	return plain[:len(plain)-n], nil
}

// readLegacy reads stores of triple DES and RC2.
func readLegacy(store []byte, password string) ([]entry, error) {
	blocks, err := pkcs12.ToPEM(store, password)
	if errors.Is(err, pkcs12.ErrIncorrectPassword) {
		return nil, errPassword
	}
	if err != nil {
		return nil, err
	}
	var out []entry
	for _, b := range blocks {
		e, err := readLegacyBlock(b)
		if err != nil {
			return nil, err
		}
		e.alias = b.Headers["friendlyName"]
		out = append(out, e)
	}
	return out, nil
}

// readLegacyBlock reads a key as x/crypto gives it: PKCS #1 or SEC 1 under the name of PKCS #8.
func readLegacyBlock(b *pem.Block) (entry, error) {
	if b.Type != "PRIVATE KEY" {
		return readBlock(b)
	}
	if k, err := x509.ParsePKCS1PrivateKey(b.Bytes); err == nil {
		return entry{key: k}, nil
	}
	k, err := x509.ParseECPrivateKey(b.Bytes)
	return entry{key: k}, err
}
