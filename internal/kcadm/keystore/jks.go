package keystore

import (
	"bytes"
	"crypto"
	"crypto/sha1" // what the format is made of
	"crypto/subtle"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/binary"
	"errors"
	"unicode/utf16"
)

// jksMagic begins every JKS store.
var jksMagic = []byte{0xfe, 0xed, 0xfe, 0xed}

// jksWhitener goes into the digest over the whole store.
const jksWhitener = "Mighty Aphrodite"

// jksProtector is the algorithm that JKS keys are protected by.
var jksProtector = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 42, 2, 17, 1, 1}

var (
	errPassword  = errors.New("the password of the key store is wrong, or the store is damaged")
	errKey       = errors.New("the password of the key is wrong, or the key is damaged")
	errTruncated = errors.New("the key store is damaged")
)

// Tags of JKS entries.
const (
	jksKey         = 1
	jksCertificate = 2
)

// readJKS reads a store of version 1 or 2. Without a key password keys are left out.
func readJKS(store []byte, password, keyPassword string) ([]entry, error) {
	if len(store) < 12+sha1.Size {
		return nil, errTruncated
	}
	body, sum := store[:len(store)-sha1.Size], store[len(store)-sha1.Size:]
	digest := sha1.New()
	digest.Write(bigEndianText(password))
	digest.Write([]byte(jksWhitener))
	digest.Write(body)
	if subtle.ConstantTimeCompare(digest.Sum(nil), sum) != 1 {
		return nil, errPassword
	}
	r := &jksReader{rest: body[4:]}
	r.version = r.uint32()
	var out []entry
	for range r.uint32() {
		tag, alias := r.uint32(), r.text()
		r.take(8) // when it was made
		switch tag {
		case jksKey:
			protected := r.take(int(r.uint32()))
			for range r.uint32() {
				if r.certificate() == nil { // of the key's own chain, which nothing is trusted by
					return nil, errTruncated
				}
			}
			if keyPassword == "" {
				continue
			}
			k, err := openJKSKey(protected, keyPassword)
			if err != nil {
				return nil, err
			}
			out = append(out, entry{alias: alias, key: k})
		case jksCertificate:
			c, err := x509.ParseCertificate(r.certificate())
			if err != nil {
				return nil, err
			}
			out = append(out, entry{alias: alias, certificate: c})
		default:
			return nil, errTruncated
		}
		if r.damaged {
			return nil, errTruncated
		}
	}
	return out, nil
}

// jksReader reads from the front; damaged is set where something is missing.
type jksReader struct {
	rest    []byte
	version uint32
	damaged bool
}

func (r *jksReader) take(n int) []byte {
	if n < 0 || n > len(r.rest) {
		r.damaged, r.rest = true, nil
		return nil
	}
	var out []byte
	out, r.rest = r.rest[:n], r.rest[n:]
	return out
}

func (r *jksReader) uint32() uint32 {
	if b := r.take(4); b != nil {
		return binary.BigEndian.Uint32(b)
	}
	return 0
}

func (r *jksReader) text() string {
	if b := r.take(2); b != nil {
		return string(r.take(int(binary.BigEndian.Uint16(b))))
	}
	return ""
}

func (r *jksReader) certificate() []byte {
	if r.version == 2 {
		_ = r.text() // its kind: always X.509
	}
	return r.take(int(r.uint32()))
}

// openJKSKey opens Sun's protection: a stream of SHA-1 over the password and what came before is laid over the key.
func openJKSKey(der []byte, password string) (crypto.Signer, error) {
	var info struct {
		Algorithm pkix.AlgorithmIdentifier
		Data      []byte
	}
	if _, err := asn1.Unmarshal(der, &info); err != nil {
		return nil, errTruncated
	}
	if !info.Algorithm.Algorithm.Equal(jksProtector) || len(info.Data) < 2*sha1.Size {
		return nil, errors.New("the protection of the key cannot be read")
	}
	secret := bigEndianText(password)
	block, data, sum := info.Data[:sha1.Size], info.Data[sha1.Size:len(info.Data)-sha1.Size], info.Data[len(info.Data)-sha1.Size:]
	plain := make([]byte, len(data))
	for i := range data {
		if i%sha1.Size == 0 {
			next := sha1.Sum(append(bytes.Clone(secret), block...))
			block = next[:]
		}
		plain[i] = data[i] ^ block[i%sha1.Size]
	}
	check := sha1.Sum(append(bytes.Clone(secret), plain...))
	if subtle.ConstantTimeCompare(check[:], sum) != 1 {
		return nil, errKey
	}
	return parseKey(plain)
}

// bigEndianText is a text as UTF-16, the way Java hashes passwords.
func bigEndianText(s string) []byte {
	var out []byte
	for _, unit := range utf16.Encode([]rune(s)) {
		out = binary.BigEndian.AppendUint16(out, unit)
	}
	return out
}
