package grant

import (
	"context"

	"github.com/tokenhouse/tokenhouse/internal/core/assertion"
	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/core/policy"
	"github.com/tokenhouse/tokenhouse/internal/core/session"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
)

// police holds the request against the realm's client policies. What they want otherwise is done in the rest of the
// turn. f has what the grant knows; who asks is put in here.
func (t *turn) police(ctx context.Context, f policy.Facts) error {
	none := len(t.at.Realm.Policies) == 0
	if none && t.event.Decision == nil {
		return nil
	}
	f.Issuer, f.Client = t.at.Realm.Issuer(t.at.Base), t.client
	proved := t.proved()
	f.Method, f.Assertion, f.Key, f.Certificate = t.caller.Method, t.caller.Assertion, proved.Key, proved.Certificate
	if t.event.Decision.Policed(f); none {
		return nil
	}
	var err error
	if t.verdict, err = t.Policies.Judge(ctx, t.at.Realm, f, &t.event); err != nil {
		return err
	}
	t.client = t.verdict.As(t.client)
	return nil
}

// callerFacts are what an exchange is told of the client that asks, for the rule that holds it against the policies.
func (t *turn) callerFacts(ctx context.Context) (policy.Facts, error) {
	f := t.caller
	if len(t.at.Realm.Policies) == 0 {
		return f, nil
	}
	var err error
	f.Attributes, err = t.Policies.Attributes(ctx, t.at.Realm, t.client)
	return f, err
}

// asked are the facts of a request whose own scope counts.
func (t *turn) asked(stage policy.Stage) policy.Facts {
	return policy.Facts{Stage: stage, Scope: t.scope(), ScopeSent: t.call.Scope != nil}
}

// redeemed are the facts of a code: the scope is that of the request that it answers. A challenge counts that cannot be
// turned around.
func (t *turn) redeemed(stage policy.Stage, code *session.Code) policy.Facts {
	f := t.asked(stage)
	if code.ChallengeMethod == oauth.ChallengeS256 {
		f.Challenge = code.Challenge
	}
	return f
}

// refreshFacts are those of a refresh token: its scope, and the keys that it is bound to.
func refreshFacts(old *token.Verified) policy.Facts {
	f := policy.Facts{Stage: policy.Refresh, Scope: old.Scopes(), ScopeSent: true}
	if c := old.Confirmation; c != nil {
		f.BoundKey, f.BoundCert = c.JKT, c.Certificate
	}
	return f
}

// judgeUnderPolicies judges an assertion, about which the client policies have a say.
func (t *turn) judgeUnderPolicies(ctx context.Context, a assertion.Request, f assertion.Found, compact string) (assertion.Decision, error) {
	if len(t.at.Realm.Policies) == 0 && t.event.Decision == nil {
		return t.judge(a, f), nil
	}
	facts := t.assertionFacts(compact, f.Provider.Alias)
	return assertion.Policed(f, facts.Subject.Claims, func(f assertion.Found) assertion.Decision { return t.judge(a, f) }, func(refused bool) (policy.Verdict, error) {
		trace := t.event.Trace
		err := t.police(ctx, facts)
		if err != nil && refused {
			t.event.Trace = trace
		}
		return t.verdict, err
	})
}

// assertionFacts are those of a verified assertion.
func (t *turn) assertionFacts(compact, provider string) policy.Facts {
	f := t.asked(policy.JWTGrant)
	f.Provider, f.Subject = provider, &policy.Subject{}
	if jws, err := token.Open(compact); err == nil {
		if claims, err := token.Parse(jws.Payload); err == nil {
			f.Subject = &policy.Subject{Claims: &claims, Readable: true}
		}
	}
	return f
}
