package manage

import (
	"context"
	"maps"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/policy"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/flow/audit"
	"github.com/tokenhouse/tokenhouse/internal/flow/police"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
)

// change is what somebody wants of a client, for client policies to judge.
type change struct {
	stage   policy.Stage
	asked   keycloak.Object // the representation that was sent
	byAdmin bool
	updater *policy.Updater
	now     time.Time
}

// byAdmin is a change by the administration API.
func (c *Clients) byAdmin(ctx context.Context, author audit.Author, realmName string, stage policy.Stage, asked keycloak.Object) (change, error) {
	return c.change(ctx, author, realmName, change{stage: stage, asked: asked, byAdmin: true}, policy.ByUser)
}

func (c *Clients) change(ctx context.Context, author audit.Author, realmName string, ch change, by string) (change, error) {
	ch.now = author.Now
	r, err := c.Store.Realm(ctx, realmName)
	if err != nil {
		return ch, err
	}
	ch.updater, err = c.Updaters.Of(ctx, r, by, author.Actor)
	return ch, err
}

// police holds a client, as it would be, against the realm's client policies, and makes it what they want. before is
// nil where it is new. Extra of client has to be loaded, and may be replaced.
func (ch *change) police(r *realm.Realm, before, client *realm.Client) (policy.Verdict, error) {
	if len(r.Policies) == 0 {
		return policy.Verdict{}, nil
	}
	v := policy.Evaluate(r, policy.Facts{
		Stage: ch.stage, Client: client, Before: before, Names: ch.asked.Has, ByAdmin: ch.byAdmin, Updater: ch.updater,
		Attributes: police.Attributes(r, client),
	}, nil)
	if v.Refuse != nil {
		return v, v.Refuse
	}
	if v.Client != nil {
		*client = *v.Client
	}
	if len(v.Attributes) > 0 {
		client.Extra = maps.Clone(client.Extra)
		for name, value := range v.Attributes {
			putAttribute(client, name, value)
		}
	}
	if v.Rotation != nil {
		ch.age(before, client, v.Rotation)
	}
	return v, nil
}
