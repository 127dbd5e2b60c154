package action

import (
	"fmt"

	"github.com/tokenhouse/tokenhouse/internal/core/page"
	"github.com/tokenhouse/tokenhouse/internal/core/profile"
)

func orName(text, name string) string {
	if text == "" {
		return name
	}
	return text
}

// required is Keycloak's name for an attribute that is missing.
const required = "error-user-attribute-required"

// wrongWith says by field what is wrong with a profile. Keycloak has words of its own for a missing name and
// address.
func wrongWith(wrong profile.Invalid) page.Wrong {
	out := page.Wrong{}
	for _, v := range wrong {
		args := []string{v.Attribute}
		for _, p := range v.Params {
			args = append(args, fmt.Sprint(p))
		}
		out[v.Attribute] = append(out[v.Attribute], page.T(v.Message, args...))
	}
	return out
}

// missingOwn are the words for what is missing and every account has.
var missingOwn = map[string]string{profile.Username: "missingUsernameMessage", profile.Email: "missingEmailMessage"}
