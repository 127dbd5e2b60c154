package verify

import (
	"context"
	"errors"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
)

// revoked asks whether the token was revoked, or one that it was exchanged from, or a client on that
// way was switched off.
func revoked(ctx context.Context, q *question) error {
	ids := []string{q.Token.ID}
	for _, hop := range q.Token.Path {
		if hop.Issuer != "" {
			if err := revokedAbroad(ctx, q, hop); err != nil {
				return err
			}
			continue
		}
		if c := q.Realm.Client(hop.Client); c == nil || !c.Enabled {
			return refuse(Revoked)
		}
		ids = append(ids, hop.JTI)
	}
	for _, id := range ids {
		gone, err := q.verifier.Marks.Revoked(ctx, q.Realm.Key, id)
		if err != nil {
			return err
		}
		if gone {
			return refuse(Revoked)
		}
	}
	return nil
}

// revokedAbroad asks the same of a hop of another issuer, where that is a realm of this server. What others revoked is
// not known here; nor are the sessions of other realms asked for, of which the hop says nothing.
func revokedAbroad(ctx context.Context, q *question, hop token.Hop) error {
	name, near := strings.CutPrefix(hop.Issuer, q.Base+"/realms/")
	if !near || q.verifier.Realms == nil {
		return nil
	}
	r, err := q.verifier.Realms.Realm(ctx, name)
	if errors.Is(err, fault.ErrNotFound) {
		return refuse(Revoked)
	}
	if err != nil {
		return err
	}
	if c := r.Client(hop.Client); !r.Enabled || c == nil || !c.Enabled {
		return refuse(Revoked)
	}
	gone, err := q.verifier.Marks.Revoked(ctx, r.Key, hop.JTI)
	if err == nil && gone {
		return refuse(Revoked)
	}
	return err
}

// lineage asks whether what the token came of was taken back: what its client, or one on the way of exchanges that
// led to it, held in the session.
func lineage(_ context.Context, q *question) error {
	if q.Session == nil || len(q.Session.Ended) == 0 {
		return nil
	}
	before := func(c *realm.Client) bool { return q.Token.IssuedAt < q.Session.TakenBack(c.Key).Unix() }
	over := before(q.Client)
	for _, hop := range q.Token.Path {
		if hop.Issuer != "" {
			continue // its session is not this one
		}
		c := q.Realm.Client(hop.Client)
		over = over || c == nil || before(c)
	}
	if over {
		return refuse(Revoked)
	}
	return nil
}
