package ledger

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Says is what a statement says of its chains.
type Says string

const (
	Head       Says = "head"       // they reach this far
	Checkpoint Says = "checkpoint" // what is up to here was dropped because it was old
	Span       Says = "span"       // the file before it holds what is after From, up to To
)

// Reach is a part of a chain. From is what is before it, zero where it begins with the chain's beginning.
type Reach struct {
	Node string `json:"node"`
	From Link   `json:"from,omitzero"`
	To   Link   `json:"to"`
}

// Statement is what somebody who has the key said of chains of a realm.
type Statement struct {
	Says      Says      `json:"statement"`
	Version   int       `json:"v"`
	Realm     string    `json:"realm"` // key
	At        time.Time `json:"at"`    // when it was said
	Since     time.Time `json:"since,omitzero"`
	Until     time.Time `json:"until,omitzero"`
	Chains    []Reach   `json:"chains"`
	Key       string    `json:"key"` // public, Ed25519, base64url
	Signature string    `json:"signature"`
}

// signDomain keeps signatures of statements apart from all others.
const signDomain = "tokenhouse decision log statement\x00"

// Sign writes a statement as a line, signed (Ed25519, RFC 8032).
func (s Statement) Sign(key ed25519.PrivateKey) ([]byte, error) {
	s.Version, s.At, s.Signature = formVersion, s.At.UTC(), ""
	s.Key = KeyText(key.Public().(ed25519.PublicKey))
	if s.Chains == nil {
		s.Chains = []Reach{}
	}
	plain, err := encode(s)
	if err != nil {
		return nil, err
	}
	s.Signature = base64.RawURLEncoding.EncodeToString(ed25519.Sign(key, append([]byte(signDomain), plain...)))
	return encode(s)
}

// ErrOtherKey says that a statement is signed with another key than it has to be.
var ErrOtherKey = errors.New("signed with another key")

// IsStatement tells a line that may be a statement from one that may be a record.
func IsStatement(line []byte) bool { return bytes.HasPrefix(line, []byte(`{"statement":`)) }

// ReadStatement reads a line that Sign wrote with the key that belongs to a public one. With an empty key it takes the one
// that the statement names: then it says only that nobody altered it who does not have that key, whoever that is.
func ReadStatement(line []byte, key ed25519.PublicKey) (Statement, error) {
	var s Statement
	if err := json.Unmarshal(line, &s); err != nil {
		return s, errors.New("no statement of a decision log")
	}
	if s.Version != formVersion {
		return s, fmt.Errorf("a statement of version %d: this program knows version %d", s.Version, formVersion)
	}
	if again, err := encode(s); err != nil || !bytes.Equal(again, line) {
		return s, errors.New("not written as statements are")
	}
	named, err := ParseKey(s.Key)
	switch {
	case err != nil:
		return s, err
	case len(key) > 0 && !key.Equal(named):
		return s, ErrOtherKey
	}
	signature, err := base64.RawURLEncoding.Strict().DecodeString(s.Signature)
	if err != nil {
		return s, errors.New("its signature is no base64url")
	}
	unsigned := s
	unsigned.Signature = ""
	plain, err := encode(unsigned)
	if err != nil {
		return s, err
	}
	if !ed25519.Verify(named, append([]byte(signDomain), plain...), signature) {
		return s, errors.New("its signature does not fit: it was altered")
	}
	return s, nil
}

// KeyText is a public key as statements name it.
func KeyText(k ed25519.PublicKey) string { return base64.RawURLEncoding.EncodeToString(k) }

// ParseKey reads what KeyText gives.
func ParseKey(text string) (ed25519.PublicKey, error) {
	b, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(b) != ed25519.PublicKeySize {
		return nil, errors.New("no key of a decision log: 32 bytes in base64url")
	}
	return b, nil
}
