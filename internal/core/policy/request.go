package policy

import (
	"slices"

	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
)

// invalidRequestObject is the code of RFC 9101 §7.
const invalidRequestObject oauth.Code = "invalid_request_object"

// pkce asks for a challenge by S256 (RFC 7636 §4.2), and that the code has one when it is redeemed: whether the
// verifier is the one that goes with it is asked of every code.
func pkce(s *state, p *realm.PolicyPart) *oauth.Error {
	switch {
	case changed(s):
		if p.On(autoConfigure) {
			s.edit().SignIn.PKCE = oauth.ChallengeS256
		}
		if s.client().SignIn.PKCE != oauth.ChallengeS256 {
			return refuse(invalidMetadata, "Invalid client metadata: code_challenge_method")
		}
		return nil
	case s.Stage == Code:
		if s.Challenge == "" {
			return refuse(oauth.InvalidGrant, "PKCE code verifier not specified")
		}
		return nil
	}
	a := s.Authorize
	switch {
	case a.Method == nil:
		return refuse(oauth.InvalidRequest, "Missing parameter: code_challenge_method")
	case *a.Method != oauth.ChallengeS256:
		return refuse(oauth.InvalidRequest, "Invalid parameter: invalid code_challenge_method")
	case a.Challenge == nil:
		return refuse(oauth.InvalidRequest, "Missing parameter: code_challenge")
	case !oauth.ValidVerifier(*a.Challenge):
		return refuse(oauth.InvalidRequest, "Invalid parameter: code_challenge")
	}
	return nil
}

// secureSession asks for what ties an answer to the browser that asked: a nonce, or a state.
func secureSession(s *state, _ *realm.PolicyPart) *oauth.Error {
	switch a := s.Authorize; {
	case a.OpenID && !a.Nonce:
		return refuse(oauth.InvalidRequest, "Missing parameter: nonce")
	case !a.OpenID && !a.State:
		return refuse(oauth.InvalidRequest, "Missing parameter: state")
	}
	return nil
}

// detached is the attribute of clients that take an ID token for the signature of the answer.
const detached = "id.token.as.detached.signature"

// secureResponseType asks for an answer that is signed: by an ID token that comes with the code, or as a JWT.
func secureResponseType(s *state, p *realm.PolicyPart) *oauth.Error {
	if changed(s) {
		if p.On(autoConfigure) {
			s.setAttribute(detached, "true")
		}
		if s.attribute(detached) != "true" {
			return refuse(invalidMetadata, "Invalid client metadata: ID Token as detached signature in disabled")
		}
		return nil
	}
	a := s.Authorize
	hybrid := a.Code && a.IDToken && (!a.Token || p.On("allow-token-response-type"))
	if !hybrid && !(a.Code && !a.IDToken && !a.Token && a.JARM) {
		return refuse(oauth.InvalidRequest, "invalid response_type")
	}
	return nil
}

// pushedOnly asks that a request was pushed, and that nothing beside it says anything more.
func pushedOnly(s *state, _ *realm.PolicyPart) *oauth.Error {
	if s.Authorize.Pushed == nil {
		return refuse(oauth.InvalidRequest, "request_uri not included.")
	}
	for _, name := range s.Authorize.Sent {
		if name != "client_id" && !slices.Contains(s.Authorize.Pushed, name) {
			return refuse(oauth.InvalidRequest, "PAR request did not include necessary parameters")
		}
	}
	return nil
}

// availablePeriod and clockSkew are the defaults of secure-request-object, in seconds.
const (
	availablePeriod = 3600
	clockSkew       = 15
)

// secureRequestObject asks that the request came as a request object that the client signed, for this realm and for
// a short while (FAPI 1.0 Advanced §5.2.2). A pushed request was asked when it was pushed.
func secureRequestObject(s *state, p *realm.PolicyPart) *oauth.Error {
	a := s.Authorize
	if s.Stage == Authorization && a.Pushed != nil {
		return nil
	}
	if a.Object == nil {
		return refuse(oauth.InvalidRequest, "Missing parameter: 'request' or 'request_uri'")
	}
	code := invalidRequestObject
	if s.Stage == Pushed {
		code = "invalid_request_uri"
	}
	c, skew := a.Object.Claims, number(p, "allowed-clock-skew", clockSkew)
	verifyNbf := !p.Has("verify-nbf") || p.On("verify-nbf")
	switch {
	case a.Object.Alg == "":
		return refuse(code, "Request object is not signed")
	case !a.Object.Scope:
		return refuse(oauth.InvalidRequest, "Parameter 'scope' missing in the request parameters or in 'request' object")
	case c.Expires == 0:
		return refuse(code, "Missing parameter in the 'request' object: exp")
	case a.Now > c.Expires:
		return refuse(invalidRequestObject, "Request Expired")
	case verifyNbf && c.NotBefore == 0:
		return refuse(code, "Missing parameter in the 'request' object: nbf")
	case verifyNbf && a.Now < c.NotBefore-skew:
		return refuse(code, "Request not yet being processed")
	case verifyNbf && c.Expires-c.NotBefore > number(p, "available-period", availablePeriod):
		return refuse(code, "Request's available period is long")
	case c.IssuedAt != 0 && a.Now < c.IssuedAt-skew:
		return refuse(code, "Request issued in the future")
	case len(c.Audience) == 0:
		return refuse(code, "Missing parameter in the 'request' object: aud")
	case !slices.Contains(c.Audience, s.Issuer):
		return refuse(code, "Invalid parameter in the 'request' object: aud")
	case !a.Agrees:
		return refuse(oauth.InvalidRequest, "Invalid parameter. Parameters in 'request' object not matching with request parameters")
	case p.On("encryption-required"): // none is read here that is encrypted
		return refuse(invalidRequestObject, "Request object not encrypted")
	}
	return nil
}
