package login

import (
	"slices"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
)

// Request is an authorization request that was checked (OpenID Connect Core §3.1.2.1).
type Request struct {
	Client       string // client_id
	RedirectURI  string // where the answer goes
	RedirectSent bool   // the request named it: the exchange of the code must, too (RFC 6749 §4.1.3)
	ResponseType Type
	ResponseMode Mode
	Scope        string  // verbatim
	State        *string // nil where none came: then none goes back
	Nonce        string
	Resource     string // that tokens are to be for (RFC 8707); empty: none was named

	Challenge       string // PKCE; empty: none
	ChallengeMethod string // "plain" or "S256"
	ProofKey        string // dpop_jkt: thumbprint of the key that the code is bound to; empty: none

	Prompt    []string // the words of prompt that are known
	MaxAge    *int64   // seconds; nil: any
	LoginHint string
	Levels    []int    // of authentication that are asked for, by acr_values or claims; the lowest is enough
	Essential bool     // less than Levels will not do
	Locale    string   // kc_locale: the language that the person chose
	Locales   []string // ui_locales
	Provider  string   // kc_idp_hint
	Action    string   // kc_action: a required action that the application starts
	ActionOn  string   // what the action is about, after a colon in kc_action, as an alias; empty: nothing is said
	Claims    string   // parameter "claims", verbatim
	ACRValues string   // parameter "acr_values", verbatim
	Pushed    string   // request_uri that the request came by; empty: none. It is used up with the answer

	Device string // hash of the device code that the attempt is for; empty where it is for an application
}

// size is about how long what the caller said is, in bytes.
func (q *Request) size() int {
	n := len(q.RedirectURI) + len(q.Resource) + len(q.Scope) + len(q.Nonce) + len(q.LoginHint) + len(q.Provider) + len(q.Action) + len(q.ActionOn) + len(q.Claims) + len(q.ACRValues)
	if q.State != nil {
		n += len(*q.State)
	}
	for _, l := range q.Locales {
		n += len(l)
	}
	return n
}

// Words of prompt.
const (
	PromptNone    = "none"
	PromptLogin   = "login"
	PromptConsent = "consent"
	PromptCreate  = "create"
)

// Asks tells whether prompt has a word. As in Keycloak "none" wins over all others.
func (q *Request) Asks(prompt string) bool {
	if prompt != PromptNone && slices.Contains(q.Prompt, PromptNone) {
		return false
	}
	return slices.Contains(q.Prompt, prompt)
}

// Level is the level that is asked for; 0: none is.
func (q *Request) Level() int {
	if len(q.Levels) == 0 {
		return 0
	}
	return slices.Min(q.Levels)
}

// ACR are the authentication context classes that are asked for.
func (q *Request) ACR() oauth.ACR { return oauth.AskedACR(q.Claims, q.ACRValues) }

// HasScope tells whether scope has a word.
func (q *Request) HasScope(word string) bool {
	return slices.Contains(strings.Split(q.Scope, " "), word)
}

// Type is what the answer holds, from the parameter "response_type".
type Type struct {
	Code    bool
	Token   bool
	IDToken bool
}

// ParseType reads response_type; ok is false where a word is unknown, or there is none, and the type then empty.
func ParseType(parameter string) (t Type, ok bool) {
	none := false
	for word := range strings.FieldsSeq(parameter) {
		switch word {
		case "code":
			t.Code = true
		case "token":
			t.Token = true
		case "id_token":
			t.IDToken = true
		case "none":
			none = true
		default:
			return Type{}, false
		}
	}
	if t.Any() == none {
		return Type{}, false
	}
	return t, true
}

// Any tells whether the answer holds anything but the state.
func (t Type) Any() bool { return t.Code || t.Token || t.IDToken }

// Tokens tells whether the answer holds tokens: the implicit flow, or with a code the hybrid one.
func (t Type) Tokens() bool { return t.Token || t.IDToken }

// String is the type as Keycloak writes it.
func (t Type) String() string {
	var words []string
	for _, w := range []struct {
		in   bool
		word string
	}{{t.Code, "code"}, {t.IDToken, "id_token"}, {t.Token, "token"}} {
		if w.in {
			words = append(words, w.word)
		}
	}
	if len(words) == 0 {
		return "none"
	}
	return strings.Join(words, " ")
}

// Mode is how the answer travels, from the parameter "response_mode".
type Mode string

const (
	ModeQuery       Mode = "query"
	ModeFragment    Mode = "fragment"
	ModeFormPost    Mode = "form_post"
	ModeJWT         Mode = "jwt" // query.jwt or fragment.jwt, by the response type
	ModeQueryJWT    Mode = "query.jwt"
	ModeFragmentJWT Mode = "fragment.jwt"
	ModeFormPostJWT Mode = "form_post.jwt"
)

// ModeOf is the response mode that a parameter and a response type mean; ok is false where the
// parameter names none. Empty stands for a parameter that did not come.
func ModeOf(parameter string, t Type) (m Mode, ok bool) {
	m, ok = Mode(parameter), true
	switch m {
	case "":
		m = ModeQuery
		if t.Tokens() {
			m = ModeFragment
		}
	case ModeJWT:
		m = ModeQueryJWT
		if t.Tokens() {
			m = ModeFragmentJWT
		}
	case ModeQuery, ModeFragment, ModeFormPost, ModeQueryJWT, ModeFragmentJWT, ModeFormPostJWT:
	default:
		m, ok = ModeQuery, false
	}
	return m, ok
}

// InEvents is the mode as Keycloak's events write it.
func (m Mode) InEvents() string { return strings.ReplaceAll(string(m), ".", "_") }

// Signed tells whether the parameters travel in one JWT (JARM), and plain is the mode it travels by.
func (m Mode) Signed() (plain Mode, signed bool) {
	name, signed := strings.CutSuffix(string(m), ".jwt")
	return Mode(name), signed
}
