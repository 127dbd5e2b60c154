// Package passkey checks what authenticators answer (Web Authentication Level 2): that a passkey was made for this
// server, and that a challenge was signed with one.
package passkey

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/protocol/webauthncose"
	"github.com/google/uuid"

	"github.com/tokenhouse/tokenhouse/internal/core/user"
)

// Asked is what an answer is held against.
type Asked struct {
	Challenge string // base64url; the caller sees to it that it is used once
	Base      string // the server's URL as the browser reaches it
	Policy    user.PasskeyPolicy
	Verify    bool // the authenticator must have verified its user, whatever the policy says
}

// Party is the id of the relying party: the policy's, or the host of the server's URL.
func (a *Asked) Party() string {
	if a.Policy.Party != "" {
		return a.Policy.Party
	}
	u, err := url.Parse(a.Base)
	if err != nil {
		return ""
	}
	return u.Hostname()
}

// origins are where the browser may have been.
func (a *Asked) origins() []string {
	out := slices.Clone(a.Policy.Origins)
	if u, err := url.Parse(a.Base); err == nil && u.Host != "" {
		out = append(out, u.Scheme+"://"+u.Host)
	}
	return out
}

func (a *Asked) verified() bool { return a.Verify || a.Policy.Verification == "required" }

// Made is what a browser answers that made a passkey, as the form's fields say it: base64url.
type Made struct {
	ClientData  string // clientDataJSON
	Attestation string // attestationObject
	ID          string // publicKeyCredentialId
	Transports  string // words with commas between
}

// Register checks a passkey that was made (§7.1). The error says what is wrong with it, for its owner. What it does
// not check: whether the certificates of an attestation come from a maker that anybody trusts, and whether somebody
// else has the passkey.
func Register(a Asked, m Made) (user.Passkey, error) {
	id, err := decode(m.ID)
	if err != nil {
		return user.Passkey{}, err
	}
	clientData, err := decode(m.ClientData)
	if err != nil {
		return user.Passkey{}, err
	}
	attestation, err := decode(m.Attestation)
	if err != nil {
		return user.Passkey{}, err
	}
	raw := protocol.CredentialCreationResponse{PublicKeyCredential: credential(id)}
	raw.AttestationResponse.ClientDataJSON, raw.AttestationResponse.AttestationObject = clientData, attestation
	parsed, err := raw.Parse()
	if err != nil {
		return user.Passkey{}, plain(err)
	}
	var algorithms []protocol.CredentialParameter
	for _, number := range a.Policy.COSE() {
		algorithms = append(algorithms, protocol.CredentialParameter{Type: protocol.PublicKeyCredentialType, Algorithm: webauthncose.COSEAlgorithmIdentifier(number)})
	}
	_, err = parsed.Verify(a.Challenge, a.Party(), a.origins(), nil, nil, protocol.TopOriginExplicitVerificationMode, false, a.verified(), true, nil,
		algorithms, protocol.AttestationPolicy{}, protocol.SignaturePolicy{})
	if err != nil {
		return user.Passkey{}, plain(err)
	}
	object := &parsed.Response.AttestationObject
	made := user.Passkey{ID: id, Key: object.AuthData.AttData.CredentialPublicKey, Count: object.AuthData.Counter,
		Model: model(object.AuthData.AttData.AAGUID), Format: object.Format, Transports: transports(m.Transports)}
	return made, fits(&a.Policy, object, made.Model)
}

// fits tells whether the policy accepts the model of an authenticator, and how it attests it.
func fits(p *user.PasskeyPolicy, o *protocol.AttestationObject, model string) error {
	none := protocol.AttestationFormat(o.Format) == protocol.AttestationFormatNone
	_, certified := o.AttStatement["x5c"]
	switch {
	case none && (p.Attestation == "direct" || p.Attestation == "indirect"):
		return errors.New("the authenticator must attest what it is")
	case len(p.Models) > 0 && (none || !certified):
		return errors.New("acceptable AAGUIDs require an attestation with a certificate")
	case len(p.Models) > 0 && !slices.Contains(p.Models, model):
		return errors.New("not an acceptable authenticator model (based on the AAGUID)")
	}
	return nil
}

// Signed is what a browser answers that signed a challenge, as the form's fields say it: base64url.
type Signed struct {
	ClientData    string // clientDataJSON
	Authenticator string // authenticatorData
	Signature     string
	ID            string // credentialId
	Owner         string // userHandle; may be empty where the owner is known
}

// Use is a challenge that was signed.
type Use struct {
	Count    uint32 // signature counter
	Verified bool   // the authenticator verified its user
}

// Verify checks that a challenge was signed with a passkey (§7.2). The error says what is wrong, for the owner. What
// it does not check: the signature counter, which has to be done where it is kept.
func Verify(a Asked, s Signed, key user.Passkey) (Use, error) {
	fields := make([][]byte, 0, 3)
	for _, text := range []string{s.ClientData, s.Authenticator, s.Signature} {
		field, err := decode(text)
		if err != nil {
			return Use{}, err
		}
		fields = append(fields, field)
	}
	id, err := decode(s.ID)
	if err != nil {
		return Use{}, err
	}
	if !slices.Equal(id, key.ID) {
		return Use{}, errors.New("it is another passkey")
	}
	raw := protocol.CredentialAssertionResponse{PublicKeyCredential: credential(id)}
	raw.AssertionResponse.ClientDataJSON, raw.AssertionResponse.AuthenticatorData, raw.AssertionResponse.Signature = fields[0], fields[1], fields[2]
	parsed, err := raw.Parse()
	if err != nil {
		return Use{}, plain(err)
	}
	err = parsed.Verify(a.Challenge, a.Party(), "", a.origins(), nil, nil, protocol.TopOriginExplicitVerificationMode, false, a.verified(), true,
		key.Key, protocol.SignaturePolicy{})
	if err != nil {
		return Use{}, plain(err)
	}
	data := &parsed.Response.AuthenticatorData
	return Use{Count: data.Counter, Verified: data.Flags.UserVerified()}, nil
}

func credential(id []byte) protocol.PublicKeyCredential {
	c := protocol.PublicKeyCredential{RawID: id}
	c.ID, c.Type = base64.RawURLEncoding.EncodeToString(id), string(protocol.PublicKeyCredentialType)
	return c
}

func decode(text string) ([]byte, error) {
	raw, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(text, "="))
	if err != nil || len(raw) == 0 {
		return nil, errors.New("the browser's answer cannot be read")
	}
	return raw, nil
}

// plain is the reason alone, without what the library says for whoever debugs it: that holds the challenge.
func plain(err error) error {
	if e, ok := errors.AsType[*protocol.Error](err); ok {
		return errors.New(e.Details)
	}
	return fmt.Errorf("the browser's answer cannot be read: %w", err)
}

// model writes an AAGUID as Keycloak does.
func model(aaguid []byte) string {
	id, err := uuid.FromBytes(aaguid)
	if err != nil {
		return uuid.Nil.String()
	}
	return id.String()
}

// known are the transports of the standard (§5.8.4, and those of Level 3).
var known = []string{"usb", "nfc", "ble", "smart-card", "hybrid", "internal"}

func transports(text string) []string {
	var out []string
	for word := range strings.SplitSeq(text, ",") {
		if slices.Contains(known, word) && !slices.Contains(out, word) {
			out = append(out, word)
		}
	}
	return out
}
