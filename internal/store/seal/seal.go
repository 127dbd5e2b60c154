// Package seal keeps secrets unreadable without the master key.
package seal

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ed25519"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
)

// ErrOtherKey says that a value is sealed under another key than the one at hand.
var ErrOtherKey = errors.New("sealed under another master key")

// ErrBroken says that a sealed value was damaged, cut off, or moved to where it does not belong.
var ErrBroken = errors.New("sealed value is broken")

// A sealed value is: format, key id, nonce, ciphertext, tag. The key id leaves room for rotation: it
// tells which of several keys opens the value.
const (
	format   = 1
	idLength = 4
	prefix   = 1 + idLength
)

// Key is a master key. It seals with AES-256-GCM under nonces drawn by chance, which is sound for
// 2³² values (NIST SP 800-38D §8.3).
type Key struct {
	id     [idLength]byte
	aead   cipher.AEAD
	secret []byte
}

// NewKey makes a key of 32 bytes.
func NewKey(secret []byte) (*Key, error) {
	if len(secret) != 32 {
		return nil, fmt.Errorf("a master key is 32 bytes, this is %d", len(secret))
	}
	block, err := aes.NewCipher(secret)
	if err != nil {
		return nil, err
	}
	k := &Key{secret: bytes.Clone(secret)}
	if k.aead, err = cipher.NewGCMWithRandomNonce(block); err != nil {
		return nil, err
	}
	sum := sha256.Sum256(append([]byte("tokenhouse master key id\x00"), secret...))
	copy(k.id[:], sum[:])
	return k, nil
}

// ID tells keys apart, and nothing about them.
func (k *Key) ID() string { return hex.EncodeToString(k.id[:]) }

// Seal encrypts a value for a place: the names under which it is kept, which Open must be given
// again, so that a sealed value cannot stand in for another.
func (k *Key) Seal(plain []byte, place ...string) []byte {
	out := make([]byte, prefix, prefix+len(plain)+k.aead.Overhead())
	out[0] = format
	copy(out[1:], k.id[:])
	return k.aead.Seal(out, nil, plain, additional(place))
}

// Open decrypts what Seal made for the same place; ErrOtherKey, ErrBroken.
func (k *Key) Open(sealed []byte, place ...string) ([]byte, error) {
	if len(sealed) < prefix || sealed[0] != format {
		return nil, ErrBroken
	}
	if [idLength]byte(sealed[1:prefix]) != k.id {
		return nil, ErrOtherKey
	}
	plain, err := k.aead.Open(nil, nil, sealed[prefix:], additional(place))
	if err != nil {
		return nil, ErrBroken
	}
	return plain, nil
}

func additional(place []string) []byte { return []byte(strings.Join(place, "\x00")) }

// Signing is a key that signs for a purpose, made of the master key (HKDF, RFC 5869): whoever has the database and not the
// master key cannot sign.
func (k *Key) Signing(purpose string) ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(k.derive("signing", purpose))
}

// Secret is a key of 32 bytes for a purpose, made likewise: all nodes have the same.
func (k *Key) Secret(purpose string) []byte { return k.derive("secret", purpose) }

func (k *Key) derive(kind, purpose string) []byte {
	out, err := hkdf.Key(sha256.New, k.secret, nil, "tokenhouse "+kind+" key\x00"+purpose, 32)
	if err != nil {
		panic("seal: " + err.Error()) // 32 bytes are far less than HKDF can make
	}
	return out
}
