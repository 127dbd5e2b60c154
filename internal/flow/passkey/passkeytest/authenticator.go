// Package passkeytest is an authenticator with its browser, in software, for tests.
package passkeytest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"net/url"
)

// Authenticator makes one passkey, and signs with it. What it says is as it is told, so that it can lie.
type Authenticator struct {
	Origin   string // where the browser is
	Party    string // relying party that the passkey is for
	Count    uint32 // signature counter of the next answer; 0: it does not count
	Verified bool   // it says that it verified its user
	ID       []byte

	key *ecdsa.PrivateKey
}

// New is an authenticator that counts, and verifies its user.
func New(origin, party string) *Authenticator {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err) // there is no chance
	}
	a := &Authenticator{Origin: origin, Party: party, Count: 1, Verified: true, ID: make([]byte, 16), key: key}
	rand.Read(a.ID)
	return a
}

// The flags of authenticator data (Web Authentication Level 2 §6.1).
const (
	present  = 0x01
	verified = 0x04
	attested = 0x40
)

// Make makes the passkey, and gives the fields of the form that registers it (§6.3.2, attestation "none").
func (a *Authenticator) Make(challenge string) url.Values {
	public, err := a.key.PublicKey.Bytes() // 4, x, y
	if err != nil {
		panic(err)
	}
	cose := append([]byte{0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20}, public[1:33]...)
	cose = append(append(cose, 0x22, 0x58, 0x20), public[33:]...)
	data := a.data(attested)
	a.count()
	data = append(data, make([]byte, 16)...) // AAGUID
	data = binary.BigEndian.AppendUint16(data, uint16(len(a.ID)))
	data = append(append(data, a.ID...), cose...)
	object := append([]byte("\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x59"), byte(len(data)>>8), byte(len(data)))
	return url.Values{"clientDataJSON": {encode(a.client("webauthn.create", challenge))}, "attestationObject": {encode(append(object, data...))},
		"publicKeyCredentialId": {encode(a.ID)}, "transports": {"usb,nfc"}, "authenticatorLabel": {"Key ring"}}
}

// Sign signs a challenge, and gives the fields of the form that signs in (§6.3.3). owner is the id of the user whose
// passkey it is; empty: that is not said.
func (a *Authenticator) Sign(challenge, owner string) url.Values {
	client, data := a.client("webauthn.get", challenge), a.data(0)
	a.count()
	hash := sha256.Sum256(client)
	sum := sha256.Sum256(append(data, hash[:]...))
	signature, err := ecdsa.SignASN1(rand.Reader, a.key, sum[:])
	if err != nil {
		panic(err)
	}
	return url.Values{"clientDataJSON": {encode(client)}, "authenticatorData": {encode(data)}, "signature": {encode(signature)},
		"credentialId": {encode(a.ID)}, "userHandle": {encode([]byte(owner))}}
}

// data is the head of authenticator data.
func (a *Authenticator) data(flags byte) []byte {
	flags |= present
	if a.Verified {
		flags |= verified
	}
	party := sha256.Sum256([]byte(a.Party))
	return binary.BigEndian.AppendUint32(append(party[:], flags), a.Count)
}

func (a *Authenticator) count() {
	if a.Count > 0 {
		a.Count++
	}
}

// client is clientDataJSON.
func (a *Authenticator) client(kind, challenge string) []byte {
	text, err := json.Marshal(map[string]any{"type": kind, "challenge": challenge, "origin": a.Origin, "crossOrigin": false})
	if err != nil {
		panic(err)
	}
	return text
}

func encode(raw []byte) string { return base64.RawURLEncoding.EncodeToString(raw) }
