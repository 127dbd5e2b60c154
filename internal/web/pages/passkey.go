package pages

import (
	"encoding/json"
	"html/template"

	"github.com/tokenhouse/tokenhouse/internal/core/page"
)

// passkey is a form that sends what a passkey answers.
type passkey struct {
	Action           template.URL
	Kind             string // what the script does: "offer" in the name field, or "get" when asked to
	Options          string // JSON, as PublicKeyCredentialRequestOptions
	Fields           []string
	Button, ButtonID string
}

type requestOptions struct {
	Challenge        string   `json:"challenge"`
	RelyingParty     string   `json:"rpId,omitempty"`
	Allowed          []string `json:"allowCredentials,omitempty"`
	UserVerification string   `json:"userVerification,omitempty"`
	Timeout          int      `json:"timeout,omitempty"` // milliseconds
}

type creationOptions struct {
	Challenge string `json:"challenge"`
	Party     struct {
		ID   string `json:"id,omitempty"`
		Name string `json:"name"`
	} `json:"rp"`
	User struct {
		ID          string `json:"id"`
		Name        string `json:"name"`
		DisplayName string `json:"displayName"`
	} `json:"user"`
	Algorithms    []algorithm `json:"pubKeyCredParams"`
	Attestation   string      `json:"attestation,omitempty"`
	Authenticator struct {
		Attachment       string `json:"authenticatorAttachment,omitempty"`
		RequireResident  bool   `json:"requireResidentKey"`
		Resident         string `json:"residentKey,omitempty"`
		UserVerification string `json:"userVerification,omitempty"`
	} `json:"authenticatorSelection"`
	Timeout  int      `json:"timeout,omitempty"`
	Excluded []string `json:"excludeCredentials,omitempty"`
}

type algorithm struct {
	Type string `json:"type"`
	Alg  int    `json:"alg"`
}

// Challenge offers passkeys beside the name and password of the page.
func (s *sheet) Challenge(p *page.Passkey) (passkey, error) {
	out, err := s.Ask(*p, s.Page.(page.Login).Action)
	out.Kind, out.Button = "offer", ""
	return out, err
}

// Ask asks for a passkey at the press of a button.
func (s *sheet) Ask(p page.Passkey, action string) (passkey, error) {
	options, err := json.Marshal(requestOptions{p.Challenge, p.RelyingParty, p.Credentials, p.UserVerification, p.TimeoutSeconds * 1000})
	return passkey{Action: s.Address(action), Kind: "get", Options: string(options),
		Fields: []string{"clientDataJSON", "authenticatorData", "signature", "credentialId", "userHandle", "error"},
		Button: s.T("webauthn-doAuthenticate"), ButtonID: "authenticateWebAuthnButton"}, err
}

// Creation are the options by which the page's passkey is made (PublicKeyCredentialCreationOptions).
func (s *sheet) Creation() (string, error) {
	p := s.Page.(page.RegisterPasskey)
	o := creationOptions{Challenge: p.Challenge, Attestation: p.Attestation, Timeout: p.TimeoutSeconds * 1000, Excluded: p.Excluded}
	o.Party.ID, o.Party.Name = p.RelyingParty, p.RelyingPartyName
	o.User.ID, o.User.Name, o.User.DisplayName = p.UserID, p.Username, p.Username
	for _, alg := range p.Algorithms {
		o.Algorithms = append(o.Algorithms, algorithm{"public-key", alg})
	}
	o.Authenticator.Attachment, o.Authenticator.UserVerification = p.Attachment, p.UserVerification
	if p.ResidentKey {
		o.Authenticator.RequireResident, o.Authenticator.Resident = true, "required"
	}
	text, err := json.Marshal(o)
	return string(text), err
}

// CreationFields are the hidden fields of what a new passkey says.
func (s *sheet) CreationFields() []string {
	return []string{"clientDataJSON", "attestationObject", "publicKeyCredentialId", "transports", "error"}
}
