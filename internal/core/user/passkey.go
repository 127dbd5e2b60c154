package user

import (
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"
	"time"
)

// The kinds of passkeys: those beside a password, and those in its place.
const (
	KindPasskey     = "webauthn"
	KindPasskeyOnly = "webauthn-passwordless"
)

// Passkey is a public key that an authenticator made for an account (Web Authentication Level 2 §4,
// "public key credential source").
type Passkey struct {
	ID         []byte   // that the authenticator gave
	Key        []byte   // COSE_Key, as CBOR (RFC 9052 §7)
	Count      uint32   // signature counter of the last use; 0 for ever where the authenticator does not count
	Model      string   // AAGUID: what it is of, by its own word
	Format     string   // of the attestation, as "none" or "packed"
	Transports []string // by which browsers reach it, as "usb"
}

// passkeyData is Keycloak's credentialData of a passkey.
type passkeyData struct {
	Model      string   `json:"aaguid"`
	ID         string   `json:"credentialId"` // base64, padded
	Count      uint32   `json:"counter"`
	Key        string   `json:"credentialPublicKey"` // base64url
	Format     string   `json:"attestationStatementFormat,omitempty"`
	Transports []string `json:"transports"`
}

// NewPasskey is the credential of a passkey. There is nothing secret in it.
func NewPasskey(kind, id, label string, p Passkey, now time.Time) Credential {
	return Credential{ID: id, Kind: kind, Label: label, Created: now, Data: p.data(), Secret: "{}"}
}

func (p *Passkey) data() string {
	data, _ := json.Marshal(passkeyData{p.Model, base64.StdEncoding.EncodeToString(p.ID), p.Count, base64.RawURLEncoding.EncodeToString(p.Key),
		p.Format, append([]string{}, p.Transports...)})
	return string(data)
}

// Passkey reads the passkey that a credential holds; ok is false where it holds none that can be used.
func (c *Credential) Passkey() (p Passkey, ok bool) {
	var d passkeyData
	if c.Kind != KindPasskey && c.Kind != KindPasskeyOnly || json.Unmarshal([]byte(c.Data), &d) != nil {
		return p, false
	}
	id, err := bytesOf(d.ID)
	if err != nil || len(id) == 0 {
		return p, false
	}
	key, err := bytesOf(d.Key)
	return Passkey{ID: id, Key: key, Count: d.Count, Model: d.Model, Format: d.Format, Transports: d.Transports}, err == nil && len(key) > 0
}

// Counted takes the signature counter of a use, and tells whether it may be: one that did not grow where it is
// kept means that there are two of the authenticator (Web Authentication Level 2 §7.2, step 21).
func (c *Credential) Counted(count uint32) bool {
	p, ok := c.Passkey()
	if !ok || count <= p.Count && (count > 0 || p.Count > 0) {
		return false
	}
	var all map[string]json.RawMessage // what Keycloak writes beside stays
	if json.Unmarshal([]byte(c.Data), &all) != nil {
		return false
	}
	all["counter"], _ = json.Marshal(count)
	data, _ := json.Marshal(all)
	c.Data = string(data)
	return true
}

// bytesOf reads base64 of either alphabet, padded or not.
func bytesOf(text string) ([]byte, error) {
	text = strings.NewReplacer("+", "-", "/", "_").Replace(strings.TrimRight(text, "="))
	return base64.RawURLEncoding.DecodeString(text)
}

// PasskeyPolicy is what a realm demands of passkeys of one kind. Words are those of Web Authentication; empty is "not
// specified".
type PasskeyPolicy struct {
	PartyName    string   // of the relying party, for people
	Party        string   // its id, a domain; empty: the host that the browser is at
	Algorithms   []string // as "ES256", the best first
	Attestation  string   // "none", "indirect" or "direct"
	Attachment   string   // "platform" or "cross-platform"
	Resident     bool     // the authenticator keeps it, and finds it without being told an id
	Verification string   // of the user by the authenticator: "required", "preferred" or "discouraged"
	Timeout      int      // seconds; 0: the browser's
	NoSecond     bool     // an authenticator that has one for the account is not used for another
	Models       []string // AAGUIDs that are accepted; none: all
	Origins      []string // beside the server's own
	Offered      bool     // in the name field of the sign-in page
}

// coseNumbers are the algorithms that policies name (IANA COSE Algorithms).
var coseNumbers = map[string]int{"ES256": -7, "ES384": -35, "ES512": -36, "RS256": -257, "RS384": -258, "RS512": -259, "RS1": -65535, "Ed25519": -8, "EdDSA": -8}

// COSE are the numbers of the policy's algorithms; ES256 and RS256 where it names none that is known.
func (p *PasskeyPolicy) COSE() []int {
	var out []int
	for _, name := range p.Algorithms {
		if n, ok := coseNumbers[name]; ok && !slices.Contains(out, n) {
			out = append(out, n)
		}
	}
	if len(out) == 0 {
		return []int{coseNumbers["ES256"], coseNumbers["RS256"]}
	}
	return out
}
