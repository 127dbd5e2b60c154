package decision

import (
	"github.com/tokenhouse/tokenhouse/internal/core/explain"
	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/core/policy"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
)

// Caller is what client policies could look at of a request that was no exchange: how the client proved who it is, and what it
// brought. What it proved to have beside is in Record.Proof and Record.Certificate.
type Caller struct {
	Method    string   `json:"method,omitempty"`    // Keycloak's name of the client's authenticator
	Alg       string   `json:"alg,omitempty"`       // of the assertion by which it proved itself; empty: by something else
	Audience  []string `json:"audience,omitempty"`  // of that assertion
	Scope     *string  `json:"scope,omitempty"`     // as the policies are asked about it; absent: none came
	Challenge bool     `json:"challenge,omitempty"` // the code answers a challenge by S256
	Key       string   `json:"key,omitempty"`       // thumbprint of the key that the refresh token is bound to
	Bound     string   `json:"bound,omitempty"`     // and that of the certificate
	Provider  string   `json:"provider,omitempty"`  // alias of the identity provider whose assertion was redeemed
	Had       *string  `json:"had,omitempty"`       // claim "scope" of that assertion
}

// Policed notes what client policies are asked with, whether or not there are any.
func (d *Record) Policed(f policy.Facts) {
	if d == nil {
		return
	}
	c := &Caller{Method: f.Method, Challenge: f.Challenge != "", Key: f.BoundKey, Bound: f.BoundCert, Provider: f.Provider}
	if a := f.Assertion; a != nil {
		c.Alg, c.Audience = a.Alg, kept(a.Audience)
	}
	if f.ScopeSent {
		c.Scope = keptText(&f.Scope)
	}
	if f.Subject != nil && f.Subject.Claims != nil {
		c.Had = keptText(f.Subject.Claims.Scope)
	}
	d.Proof, d.Certificate, d.Caller = f.Key, f.Certificate, c
}

// stages are those of the grants about which client policies are asked here. An exchange asks them itself.
var stages = map[oauth.GrantType]policy.Stage{
	oauth.AuthorizationCode: policy.Code, oauth.Password: policy.Password, oauth.ClientCredentials: policy.ClientCredentials,
	oauth.RefreshToken: policy.Refresh, oauth.DeviceCode: policy.Device, oauth.JWTBearer: policy.JWTGrant,
}

// policed asks the client policies of the realm. ok is false where they turn on claims that no log holds. A record that does not
// say who called they are not asked about.
func (a *anew) policed() (said policy.Verdict, because *explain.Trace, ok bool) {
	c, stage := a.Caller, stages[oauth.GrantType(a.Grant)]
	if c == nil || stage == 0 {
		return said, nil, true
	}
	f := policy.Facts{Stage: stage, Issuer: a.Issuer, Client: a.client, Method: c.Method, Key: a.Proof, Certificate: a.Certificate,
		BoundKey: c.Key, BoundCert: c.Bound, Provider: c.Provider}
	if c.Alg != "" {
		f.Assertion = &policy.Assertion{Alg: c.Alg, Audience: c.Audience}
	}
	if c.Scope != nil {
		f.Scope, f.ScopeSent = *c.Scope, true
	}
	if c.Challenge {
		f.Challenge = oauth.ChallengeS256
	}
	if stage == policy.JWTGrant {
		f.Subject = &policy.Subject{Readable: true, Claims: &token.Claims{Scope: c.Had}}
	}
	because = &explain.Trace{}
	said = policy.Evaluate(a.realm, f, because)
	a.client = said.As(a.client)
	return said, because, said.Executor != policy.KindClaims
}
