package policy

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/core/pattern"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
)

func lightweight(s *state, _ *realm.PolicyPart) *oauth.Error {
	s.Lightweight = true
	return nil
}

func keepRefresh(s *state, _ *realm.PolicyPart) *oauth.Error {
	s.KeepRefresh = true
	return nil
}

// downscope asks that each scope asked for is one of the subject's, "openid" like any other, and leaves no other in
// the token. That lasts: a refresh does not bring back what was cut.
func downscope(s *state, _ *realm.PolicyPart) *oauth.Error {
	s.Downscoped = true
	if s.Stage == Renewal {
		return nil
	}
	if s.Subject == nil || !s.Subject.Readable {
		return refuse(oauth.InvalidRequest, "Assertion contains an invalid access token")
	}
	if s.Subject.Claims == nil || !s.ScopeSent {
		return nil
	}
	had := words(s.Subject.Claims.Scopes())
	missing := slices.DeleteFunc(words(s.Scope), func(word string) bool { return slices.Contains(had, word) })
	if len(missing) == 0 {
		return nil
	}
	return refuse(oauth.InvalidScope, fmt.Sprintf("Scopes %s not present in the initial access token %s", list(missing), list(had)))
}

// words are those of a parameter "scope", each once.
func words(scope string) (out []string) {
	for _, word := range strings.Fields(scope) {
		if !slices.Contains(out, word) {
			out = append(out, word)
		}
	}
	return out
}

func list(words []string) string { return "[" + strings.Join(words, ", ") + "]" }

// claims asks for a claim of the subject, and for a value of it. A claim that is not on the top is not found.
func claims(s *state, p *realm.PolicyPart) *oauth.Error {
	name := p.Text("claim-name")
	switch {
	case s.Subject == nil || !s.Subject.Readable:
		return refuse(oauth.InvalidRequest, "JWT is not valid")
	case name == "":
		return refuse(oauth.InvalidRequest, "Invalid configuration")
	case s.Subject.Claims == nil: // it is refused for what is wrong with it
		return nil
	}
	value := claim(s.Subject.Claims, name)
	if value == nil {
		return refuse(oauth.InvalidRequest, "Required claim '"+name+"' is missing from the token")
	}
	allowed := p.Text("allowed-value")
	if strings.TrimSpace(allowed) == "" {
		return nil
	}
	var text string
	switch v := value.(type) {
	case string:
		text = v
	case int64:
		text = strconv.FormatInt(v, 10)
	case float64:
		text = strconv.FormatFloat(v, 'g', -1, 64)
	case json.Number:
		text = v.String()
	default:
		return refuse(oauth.InvalidRequest, "Value type for claim '"+name+"' not allowed")
	}
	fits, err := pattern.Compile(allowed)
	switch {
	case err != nil:
		return refuse(oauth.InvalidRequest, "Invalid configuration").Because(err)
	case !fits.Matches(text):
		return refuse(oauth.InvalidRequest, "Value for claim '"+name+"' not allowed")
	}
	return nil
}

// claim is a claim on the top of a token, as a token has it; nil where it has none.
func claim(c *token.Claims, name string) any {
	read, err := token.ParseValue(string(c.AppendJSON(nil)))
	if err != nil {
		return nil
	}
	object, _ := read.(token.Object)
	return object.Get(name)
}

// allowedAudience lets the assertions of a client be for another audience than the realm, and for none but that. The
// setting is a list of clients and audiences, as a text in JSON.
func allowedAudience(s *state, p *realm.PolicyPart) *oauth.Error {
	if s.Subject == nil || s.Subject.Claims == nil || len(s.Subject.Claims.Audience) != 1 {
		return nil // refused for that
	}
	var pairs []struct{ Key, Value string }
	if err := json.Unmarshal([]byte(p.Text("allowed-audience")), &pairs); err != nil && p.Has("allowed-audience") {
		return refuse(oauth.InvalidGrant, "Invalid token audience").Because(err)
	}
	limited := false
	for _, pair := range pairs {
		if pair.Key != s.client().ID {
			continue
		}
		if limited = true; pair.Value == s.Subject.Claims.Audience[0] {
			s.AudienceAllowed = true
			return nil
		}
	}
	if limited {
		return refuse(oauth.InvalidGrant, "Invalid token audience")
	}
	return nil
}
