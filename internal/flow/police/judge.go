package police

import (
	"context"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/explain"
	"github.com/tokenhouse/tokenhouse/internal/core/policy"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
)

// Judge holds requests against client policies, with what these ask about their clients. Where Kept is nil, as of a realm
// that nobody stores, clients carry what is kept of them.
type Judge struct{ Kept Kept }

// Kept is what is kept of a configuration without acting on it.
type Kept interface {
	Extra(ctx context.Context, realmKey string, kind realm.Kind, key string) (realm.Extra, error)
}

// Judge asks the policies of a realm. What stands against the request is the error, and e gets the trace of it where
// the realm keeps those of refusals.
func (j Judge) Judge(ctx context.Context, r *realm.Realm, f policy.Facts, e *event.Event) (policy.Verdict, error) {
	if len(r.Policies) == 0 {
		return policy.Verdict{}, nil
	}
	var err error
	if f.Attributes, err = j.Attributes(ctx, r, f.Client); err != nil {
		return policy.Verdict{}, err
	}
	var trace *explain.Trace
	if r.Events.Trace != "none" {
		trace = &explain.Trace{}
	}
	v := policy.Evaluate(r, f, trace)
	if v.Refuse == nil {
		return v, nil
	}
	e.Trace = trace
	return v, v.Refuse
}

// Attributes are those of a client, in Keycloak's words, with those that are kept and not acted on; nil where no policy
// asks for any.
func (j Judge) Attributes(ctx context.Context, r *realm.Realm, c *realm.Client) (map[string]string, error) {
	if !policy.Asks(r, policy.KindAttributes) {
		return nil, nil
	}
	with := *c
	if with.Extra == nil && j.Kept != nil {
		var err error
		if with.Extra, err = j.Kept.Extra(ctx, r.Key, realm.KindClient, c.Key); err != nil {
			return nil, err
		}
	}
	return Attributes(r, &with), nil
}

// Attributes are those of a client with Extra filled in.
func Attributes(r *realm.Realm, c *realm.Client) map[string]string {
	return keycloak.Value[map[string]string](keycloak.FromClient(r, c), "attributes")
}
