package exchange

import (
	"fmt"

	"github.com/tokenhouse/tokenhouse/internal/core/explain"
	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
)

func fixSubject(s *state, _ Decision) []explain.Fix {
	switch {
	case s.Foreign != nil:
		return say("send a new access or ID token of the issuer, for an audience or of a client that the identity provider's settings name")
	case s.Subject == nil:
		return say("send an access token of this realm as subject_token")
	case s.SubjectType == nil || *s.SubjectType != oauth.TypeAccessToken:
		return say("send subject_token_type=%s, and an access token", oauth.TypeAccessToken)
	case s.Subject.Flaw != "":
		return say("get a new access token: this one is refused (%s)", s.Subject.Flaw)
	}
	return say("get a new access token: this one is not valid")
}

func fixProof(s *state, _ Decision) []explain.Fix {
	return say("exchange the token as its own client, with a DPoP proof by the key, or over TLS with the certificate, that the token is bound to")
}

func fixHolder(s *state, _ Decision) []explain.Fix {
	issued := s.Realm.Client(s.Subject.Token.Client)
	if s.Client.Public || issued == nil {
		return say("exchange a token that was issued to %s", s.Client.ID)
	}
	return do(fmt.Sprintf("name %s in the audience of tokens of %s, and get a new one", s.Client.ID, issued.ID),
		explain.Command("create", "clients/"+issued.Key+"/protocol-mappers/models", s.Realm.Name,
			explain.Setting{Field: "name", Value: s.Client.ID + "-audience"},
			explain.Setting{Field: "protocol", Value: "openid-connect"},
			explain.Setting{Field: "protocolMapper", Value: "oidc-audience-mapper"},
			explain.Config("included.client.audience", s.Client.ID),
			explain.Config("access.token.claim", "true"),
			explain.Config("lightweight.claim", "true")))
}
