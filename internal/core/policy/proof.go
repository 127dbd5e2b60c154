package policy

import (
	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
)

const invalidProof oauth.Code = "invalid_dpop_proof"

var errNoProof = refuse(invalidProof, "DPoP proof is missing")

// boundByDPoP asks that a client's tokens are bound to a key (RFC 9449): it has the switch for that, and where it may
// do without, being public, what refreshes is bound all the same.
func boundByDPoP(s *state, p *realm.PolicyPart) *oauth.Error {
	switch s.Stage {
	case Register, Update:
		if p.On(autoConfigure) {
			s.edit().Tokens.BindDPoP = true
		}
		if !s.client().Tokens.BindDPoP {
			return refuse(invalidMetadata, "Invalid client metadata: DPoP token in disabled")
		}
	case Pushed, Authorization:
		if p.On("enforce-authorization-code-binding-to-dpop") && !s.Authorize.KeyNamed {
			return refuse(oauth.InvalidRequest, "Missing parameter: dpop_jkt")
		}
	case Code, Refresh:
		s.BearerAccess = refreshOnly(s, p)
		if s.Key == "" && (s.client().Tokens.BindDPoP || s.BearerAccess) {
			return errNoProof
		}
	case UserInfo:
		if s.Key == "" && !refreshOnly(s, p) {
			return errNoProof
		}
	case Revocation:
		switch {
		case s.Key == "" && s.BoundKey == "" && refreshOnly(s, p):
			return nil
		case s.Key == "":
			return errNoProof
		case s.Key != s.BoundKey:
			return refuse(oauth.InvalidToken, "DPoP proof and token binding verification failed")
		}
	}
	return nil
}

// refreshOnly tells whether of a client's tokens only the refresh token has to be bound: that of a public client, for
// nothing else keeps it from others, and that need not have its access tokens bound.
func refreshOnly(s *state, p *realm.PolicyPart) bool {
	return s.client().Public && !s.client().Tokens.BindDPoP && p.On("allow-only-refresh-token-binding")
}

// boundByTLS asks that a client's tokens are bound to its certificate (RFC 8705 §3).
func boundByTLS(s *state, p *realm.PolicyPart) *oauth.Error {
	const other = "Client certificate missing, or its thumbprint and one in the refresh token did NOT match"
	switch {
	case changed(s):
		if p.On(autoConfigure) {
			s.edit().Tokens.BindTLS = true
		}
		if !s.client().Tokens.BindTLS {
			return refuse(invalidMetadata, "Invalid client metadata: MTLS token in disabled")
		}
	case s.Stage == Code || s.Stage == ClientCredentials:
		if s.Certificate == "" {
			return refuse(oauth.InvalidRequest, "Client Certification missing for MTLS HoK Token Binding")
		}
		s.BindTLS = true
	case s.Certificate == "" || s.Certificate != s.BoundCert:
		if s.Stage == Refresh {
			return refuse(oauth.InvalidGrant, other)
		}
		return refuse(oauth.NotAllowed, other).WithStatus(401)
	}
	return nil
}
