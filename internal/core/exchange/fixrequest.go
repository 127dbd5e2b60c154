package exchange

import (
	"slices"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/audience"
	"github.com/tokenhouse/tokenhouse/internal/core/explain"
	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
)

func fixUnsupported(s *state, _ Decision) []explain.Fix {
	if s.As == nil && (slices.Equal(s.Legacy, []string{"subject_issuer"}) || s.Foreign != nil && len(s.Legacy) == 0) {
		return do("let "+s.Client.ID+" exchange tokens of trusted identity providers", s.set(s.Client, explain.Attribute(attributeExternal, "true")))
	}
	if slices.Equal(s.Legacy, []string{"requested_issuer"}) && s.As == nil && s.Outward != nil && s.Outward.Provider != nil {
		return fixStored(s, Decision{})
	}
	if s.unimpersonating() && len(s.Legacy) == 0 && s.Foreign == nil {
		return append(s.letImpersonate(s.Subject), say("leave out requested_subject")...)
	}
	if s.As != nil {
		return say("leave out requested_subject, or else %s", strings.Join(s.Legacy, ", "))
	}
	return say("leave out %s: the standard exchange has no such parameter", strings.Join(s.Legacy, ", "))
}

func fixEnabled(s *state, _ Decision) []explain.Fix {
	if s.Client.Public {
		return fixPublic(s, Decision{})
	}
	return do("switch token exchange on for "+s.Client.ID, s.set(s.Client, explain.Attribute(attributeEnabled, "true")))
}

// fixPolicy says what stands against a request. Policies are one list: there is no command that takes a client out of one
// and leaves the others as they are.
func fixPolicy(s *state, d Decision) []explain.Fix {
	out := say("ask for what the client policy allows: %s", d.Refuse.Description)
	if s.Subject != nil && s.Subject.Token != nil && d.Refuse.Code == oauth.InvalidScope {
		out = say("ask for scopes that the subject token has: %s", s.Subject.Token.Scopes())
	}
	return append(out, say("let the conditions of the client policy leave %s out (GET and PUT /admin/realms/%s/client-policies/policies)", s.Client.ID, s.Realm.Name)...)
}

func fixType(s *state, _ Decision) []explain.Fix {
	if s.kind != oauth.TypeRefreshToken || s.Client.Public || s.Outward != nil {
		return say("ask for an access token: requested_token_type=%s", oauth.TypeAccessToken)
	}
	settings := []explain.Setting{explain.Attribute(attributeRefresh, "SAME_SESSION")}
	if s.Client.Tokens.NoRefresh {
		settings = append(settings, explain.Attribute(attributeUse, "true"))
	}
	return do("let "+s.Client.ID+" exchange for refresh tokens", s.set(s.Client, settings...))
}

func fixPublic(s *state, _ Decision) []explain.Fix {
	return append(
		do("let "+s.Client.ID+" exchange tokens issued to itself, to the audiences that it lists as permitted",
			s.set(s.Client, explain.Attribute(attributePublic, "true"))),
		do("give "+s.Client.ID+" credentials", s.set(s.Client,
			explain.Setting{Field: "publicClient", Value: "false"}, explain.Attribute(attributeEnabled, "true")))...)
}

func fixScope(s *state, _ Decision) []explain.Fix {
	return audience.ScopeFixes(s.Realm, s.Client, *s.Scope)
}

func fixSession(s *state, _ Decision) []explain.Fix {
	out := say("ask for an access token: requested_token_type=%s", oauth.TypeAccessToken)
	if scope := s.Realm.Scope(oauth.ScopeOffline); scope != nil && slices.Contains(s.Client.DefaultScopes, scope.Key) {
		return append(out, do("take offline_access from the default scopes of "+s.Client.ID,
			explain.Command("delete", "clients/"+s.Client.Key+"/default-client-scopes/"+scope.Key, s.Realm.Name))...)
	}
	return out
}

func fixConsent(s *state, _ Decision) []explain.Fix {
	user, _ := s.person()
	return append(
		do("let "+s.Client.ID+" do without consent", s.set(s.Client, explain.Setting{Field: "consentRequired", Value: "false"})),
		say("let %s sign in at %s and consent to its scopes", user.Username, s.Client.ID)...)
}
