package federation

import (
	"encoding/json"
	"errors"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/token"
)

// Tokens are the answer of a token endpoint (RFC 6749 §5.1).
type Tokens struct {
	AccessToken  string
	TokenType    string
	RefreshToken string
	IDToken      string
	Scope        string
	ExpiresIn    int64  // seconds; zero: not told
	SessionState string // of Keycloak and others

	all token.Object
}

// Refusal is what a provider says of a request that it does not grant (RFC 6749 §5.2).
type Refusal struct {
	Code        string
	Description string // the provider's words: for the log, not for people
}

func (r *Refusal) Error() string { return "the provider refused: " + strconv.Quote(r.Code) }

// Why the answer of a token endpoint is none.
var (
	errNoAnswer = errors.New("the provider's answer is neither JSON nor a form")
	errNoToken  = errors.New("the provider's answer has no access token")
)

// ReadTokens reads the answer of a token endpoint: JSON, or a form as some providers still send. It is a
// *Refusal where the provider says why there are no tokens, whatever the status.
func ReadTokens(body []byte) (Tokens, error) {
	all, err := readAnswer(strings.TrimSpace(string(body)))
	if err != nil {
		return Tokens{}, err
	}
	if code := text(all.Get("error")); code != "" {
		return Tokens{}, &Refusal{Code: code, Description: text(all.Get("error_description"))}
	}
	t := Tokens{AccessToken: text(all.Get("access_token")), TokenType: text(all.Get("token_type")), RefreshToken: text(all.Get("refresh_token")),
		IDToken: text(all.Get("id_token")), Scope: text(all.Get("scope")), SessionState: text(all.Get("session_state")), all: all}
	if n, err := strconv.ParseInt(text(all.Get("expires_in")), 10, 32); err == nil && n > 0 {
		t.ExpiresIn = n
	}
	if t.AccessToken == "" {
		return Tokens{}, errNoToken
	}
	return t, nil
}

func readAnswer(body string) (token.Object, error) {
	if strings.HasPrefix(body, "{") {
		value, err := token.ParseValue(body)
		o, ok := value.(token.Object)
		if err != nil || !ok {
			return nil, errNoAnswer
		}
		return o, nil
	}
	form, err := url.ParseQuery(body)
	if err != nil || form.Get("access_token") == "" && form.Get("error") == "" {
		return nil, errNoAnswer
	}
	var o token.Object
	for _, name := range []string{"access_token", "token_type", "refresh_token", "id_token", "scope", "expires_in", "error", "error_description"} {
		if form.Has(name) {
			o = append(o, token.Member{Name: name, Value: form.Get(name)})
		}
	}
	return o, nil
}

// Stored is the answer as JSON, for who keeps it, with the time at which the access token expires in
// member accessTokenExpiration, as Keycloak keeps it.
func (t *Tokens) Stored(now time.Time) string {
	all := append(token.Object{}, t.all...)
	if t.ExpiresIn > 0 {
		all.Set(now.Unix()+t.ExpiresIn, "accessTokenExpiration")
	}
	return string(all.AppendJSON(nil))
}

// Kept is what Stored made of an answer, read again.
type Kept struct {
	AccessToken  string
	RefreshToken string
	Expires      int64 // Unix time; zero: not told

	all token.Object
}

// ReadKept reads what Stored made.
func ReadKept(stored []byte) (Kept, error) {
	value, err := token.ParseValue(string(stored))
	all, ok := value.(token.Object)
	if err != nil || !ok {
		return Kept{}, errNoAnswer
	}
	k := Kept{AccessToken: text(all.Get("access_token")), RefreshToken: text(all.Get("refresh_token")), all: all}
	k.Expires, _ = strconv.ParseInt(text(all.Get("accessTokenExpiration")), 10, 64)
	return k, nil
}

// Lapsed tells whether the access token has expired.
func (k *Kept) Lapsed(now time.Time) bool { return k.Expires != 0 && now.Unix() >= k.Expires }

// handed are the members of an answer that are for others than who got it. What is not listed stays: first of all the
// refresh token.
var handed = []string{"access_token", "token_type", "expires_in", "scope", "session_state", "not-before-policy"}

// HandOut is the answer as somebody else gets it, as Keycloak has it: the access token and what the provider said of it,
// with the seconds that are left of it.
func (k *Kept) HandOut(now time.Time) token.Object {
	var out token.Object
	for _, name := range handed {
		if v := k.all.Get(name); v != nil {
			out.Set(v, name)
		}
	}
	if k.Expires != 0 {
		out.Set(k.Expires-now.Unix(), "expires_in")
	}
	out.Set(int64(0), "refresh_expires_in")
	return out
}

// text is a value as text: of strings, numbers and truths. Everything else is the empty one.
func text(value any) string {
	switch v := value.(type) {
	case string:
		return v
	case int64:
		return strconv.FormatInt(v, 10)
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case json.Number:
		return v.String()
	case bool:
		return strconv.FormatBool(v)
	}
	return ""
}
