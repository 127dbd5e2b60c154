package rehearse

import (
	"context"
	"errors"

	"github.com/tokenhouse/tokenhouse/internal/core/assertion"
	"github.com/tokenhouse/tokenhouse/internal/core/audience"
	"github.com/tokenhouse/tokenhouse/internal/core/explain"
	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/federation"
	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/core/policy"
	"github.com/tokenhouse/tokenhouse/internal/core/proof"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
	"github.com/tokenhouse/tokenhouse/internal/flow/verify"
)

// Assertion tells what would come of an assertion that a client hands in (RFC 7523 §2.1): it goes the way of
// grant.Issuer.JWTBearer. That its issuer signed it, and that it did not come before, is taken to be so.
func (s Stage) Assertion(ctx context.Context, q Question) (x Exchange, err error) {
	c, err := s.client(q.Client)
	if err != nil {
		return x, err
	}
	described, err := s.assertion(ctx, q)
	if err != nil {
		return x, err
	}
	said := described.Claims
	a := assertion.Request{Realm: s.Realm, Issuer: s.issuer(), Client: c, Scope: q.Scope, Now: s.Now,
		Proved: proof.Proved{Key: rehearsed, Certificate: rehearsed}, Given: true, Assertion: &said, Explain: true}
	x.Trace = &explain.Trace{}
	resources, _, err := audience.ForResource(s.Realm, first(q.Resource), x.Trace) // whoever asks, it is read before anything else
	if no, refused := errors.AsType[*oauth.Error](err); refused {
		x.Refusal = no
		return x, nil
	}
	sight := assertion.Examine(a)
	x.Trace.Join(sight.Trace)
	found := assertion.Found{}
	if sight.Provider != nil {
		found.Provider = *sight.Provider
	}
	if sight.Refuse != nil {
		x.Refusal, x.Fixes = sight.Refuse, assertion.Fixes(a, found, assertion.Refusal{Rule: sight.Rule, Refuse: sight.Refuse})
		return x, nil
	}
	if err := s.lookInto(ctx, a, described, &found); err != nil {
		return x, err
	}
	resources, found.Audiences, err = assertion.Resources(s.Realm, said, sight, resources)
	if no, refused := errors.AsType[*oauth.Error](err); refused {
		x.Trace.Add(explain.AudienceResource, explain.Denied, "", no.Description)
		x.Refusal = no
		return x, nil
	}
	d, err := s.decideUnderPolicies(ctx, a, found, x.Trace)
	if no, refused := errors.AsType[*oauth.Error](err); refused { // of the policies
		x.Refusal = no
		return x, nil
	}
	if err != nil {
		return x, err
	}
	x.Trace.Join(d.Trace)
	if d.Refuse != nil {
		x.Refusal, x.Fixes = d.Refuse, assertion.Fixes(a, found, assertion.Refusal{Rule: d.Rule, Refuse: d.Refuse})
		return x, nil
	}
	d.Resolution.Trace = x.Trace
	if no, refused := errors.AsType[*oauth.Error](d.Resolution.Reached(resources)); refused {
		x.Refusal = no
		return x, nil
	}
	x.Audiences, x.Scope = d.Resolution.Audiences, d.Resolution.ScopeClaim()
	return x, nil
}

func first(all []string) *string {
	if len(all) == 0 {
		return nil
	}
	return &all[0]
}

// lookInto finds out what is to be known of an assertion that was let pass at sight.
func (s Stage) lookInto(ctx context.Context, a assertion.Request, q verify.Described, f *assertion.Found) error {
	credit, err := s.Abroad.Vouched(ctx, s.at(), &f.Provider, q)
	if f.Flaw, f.Path = credit.Flaw, credit.Path; err != nil || f.Flaw != "" {
		return err
	}
	if f.User, err = s.Abroad.Linked(ctx, s.Realm, f.Provider.Alias, a.Assertion.Subject); err != nil || f.User == nil {
		return err
	}
	scope := ""
	if a.Scope != nil {
		scope = *a.Scope
	}
	f.Locked, f.Pending, err = s.Obstacles.Of(ctx, s.at(), f.User, a.Client, scope)
	return err
}

// decideUnderPolicies decides, the client policies having a say. The trace is of what these look at.
func (s Stage) decideUnderPolicies(ctx context.Context, a assertion.Request, found assertion.Found, t *explain.Trace) (assertion.Decision, error) {
	decide := func(f assertion.Found) assertion.Decision { return assertion.Decide(a, f) }
	if len(s.Realm.Policies) == 0 {
		return decide(found), nil
	}
	attributes, err := s.Policies.Attributes(ctx, s.Realm, a.Client)
	if err != nil {
		return assertion.Decision{}, err
	}
	f := caller(a.Client, a.Issuer, attributes)
	f.Stage, f.Issuer, f.Client, f.Key, f.Certificate, f.Provider = policy.JWTGrant, a.Issuer, a.Client, rehearsed, rehearsed, found.Provider.Alias
	if a.Scope != nil {
		f.Scope, f.ScopeSent = *a.Scope, true
	}
	f.Subject = &policy.Subject{}
	if says, err := token.Parse(a.Assertion.Claims.AppendJSON(nil)); err == nil {
		f.Subject = &policy.Subject{Claims: &says, Readable: true}
	}
	return assertion.Policed(found, f.Subject.Claims, decide, func(refused bool) (policy.Verdict, error) {
		asked := t
		if refused { // what they have against it is not told
			asked = nil
		}
		verdict := policy.Evaluate(s.Realm, f, asked)
		if verdict.Refuse != nil {
			return verdict, verdict.Refuse
		}
		return verdict, nil
	})
}

// assertion is the assertion that a question describes.
func (s Stage) assertion(ctx context.Context, q Question) (out verify.Described, err error) {
	if len(q.Resource) > 1 {
		return out, &fault.Invalid{Field: "resource", Message: "tokens can be asked for one resource"}
	}
	d := described{by: q.Issuer, client: q.SubjectClient, user: q.User, scope: q.SubjectScope, claims: q.Claims}
	by := federation.Settings{}
	var good token.Object
	if q.Issuer != "" {
		p := s.vouching(s.issuerOf(q.Issuer))
		if p == nil {
			return out, &fault.NotFound{Message: "realm \"" + s.Realm.Name + "\" has no identity provider with alias or issuer \"" + q.Issuer + "\""}
		}
		by, _ = federation.ReadIssuer(p)
		good.Set(s.issuer(), "aud")
		if by.Grants().ForClient {
			good.Set(by.ClientID, "aud")
		}
	} else if q.User != "" {
		return out, &fault.Invalid{Field: "issuer", Message: "name the identity provider that knows the user"}
	}
	out.Claims, err = s.describe(ctx, &d, by, good, q.Header)
	out.Refused, out.Machine = d.refused, d.machine
	return out, err
}

// vouching is the provider of an alias or an issuer, whether or not people sign in by it.
func (s Stage) vouching(name string) *realm.Provider {
	if p := federation.Named(s.Realm, name); p != nil {
		return p
	}
	for _, p := range s.Realm.Providers() {
		if by, ok := federation.ReadIssuer(p); ok && name != "" && len(by.Issuers) > 0 && by.Issuers[0] == name {
			return p
		}
	}
	return nil
}
