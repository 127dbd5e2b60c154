package rehearse

import (
	"cmp"

	"github.com/tokenhouse/tokenhouse/internal/core/explain"
	"github.com/tokenhouse/tokenhouse/internal/core/policy"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/flow/verify"
)

// caller is what would be proved of a client: what could be is taken to be, by its own way.
func caller(c *realm.Client, issuer string, attributes map[string]string) policy.Facts {
	f := policy.Facts{Attributes: attributes, Method: cmp.Or(c.Authenticator, verify.MethodSecret)}
	switch f.Method {
	case verify.MethodSecretJWT, verify.MethodPrivateKey, verify.MethodForeign:
		f.Assertion = &policy.Assertion{Alg: cmp.Or(c.AuthAlg, "PS256"), Audience: []string{issuer}}
	}
	return f
}

// policed is the scene as the client policies leave it, and what they have to say of the request for its token: that of
// the client for itself, or else by a code, or by a password where the client has no other way.
func (s Scene) policed() (Scene, *explain.Trace) {
	trace := &explain.Trace{}
	if len(s.Realm.Policies) == 0 {
		return s, trace
	}
	f := caller(s.Client, s.Realm.Issuer(s.Base), s.Attributes)
	f.Stage, f.Issuer, f.Client = policy.Code, s.Realm.Issuer(s.Base), s.Client
	f.Key, f.Certificate, f.Challenge = rehearsed, rehearsed, rehearsed
	f.Scope, f.ScopeSent = s.Scope, s.Scope != ""
	switch {
	case s.Service:
		f.Stage = policy.ClientCredentials
	case !s.Client.StandardFlow && s.Client.DirectAccess:
		f.Stage = policy.Password
	}
	said := policy.Evaluate(s.Realm, f, trace)
	s.Client = said.As(s.Client)
	return s, trace
}
