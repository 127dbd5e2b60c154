package keycloak

import "github.com/tokenhouse/tokenhouse/internal/core/realm"

// ActionTerms is a required action of a realm, as far as accounts depend on it.
type ActionTerms struct {
	Alias   string
	Enabled bool
	Default bool // new users have it
}

// KeptActions are the required actions that a realm keeps.
func KeptActions(kept realm.Extra) []ActionTerms {
	var out []ActionTerms
	for _, a := range Value[[]Object](Object(kept), "requiredActions") {
		out = append(out, ActionTerms{a.Text("alias"), Value[bool](a, "enabled"), Value[bool](a, "defaultAction")})
	}
	return out
}

// KeptSender is the address that a realm's mail comes from, or "".
func KeptSender(kept realm.Extra) string {
	return Value[map[string]string](Object(kept), "smtpServer")["from"]
}
