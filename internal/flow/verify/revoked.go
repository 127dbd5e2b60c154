package verify

import (
	"context"
	"errors"
	"slices"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
)

// revoked asks whether the token was revoked, or one that it was exchanged from, or a client on that
// way was switched off.
func revoked(ctx context.Context, q *question) error {
	if err := q.unmarked(ctx, q.Realm, q.Token.ID); err != nil {
		return err
	}
	for _, hop := range q.Token.Path {
		r, err := q.realmOf(ctx, hop)
		if err != nil {
			return err
		}
		if r == nil {
			continue // another server's, which alone knows what it revoked
		}
		if c := r.Client(hop.Client); c == nil || !c.Enabled {
			return refuse(Revoked)
		}
		if err := q.unmarked(ctx, r, hop.JTI); err != nil {
			return err
		}
	}
	return nil
}

// unmarked asks whether a token of a realm was revoked.
func (q *question) unmarked(ctx context.Context, r *realm.Realm, jti string) error {
	gone, err := q.verifier.Marks.Revoked(ctx, r.Key, jti)
	if err == nil && gone {
		return refuse(Revoked)
	}
	return err
}

// realmOf is the realm that a hop's token was of, which must be switched on; nil where that is another server's.
func (q *question) realmOf(ctx context.Context, hop token.Hop) (*realm.Realm, error) {
	if hop.Issuer == "" {
		return q.Realm, nil
	}
	r, err := q.verifier.neighbour(ctx, q.At, hop.Issuer)
	switch {
	case errors.Is(err, fault.ErrNotFound):
		return nil, refuse(Revoked)
	case err != nil:
		return nil, err
	case r == nil && hop.Left(), r != nil && !r.Enabled:
		return nil, refuse(Revoked)
	}
	return r, nil
}

// neighbour is the realm of this server that has an issuer; see Neighbour.
func (v *Verifier) neighbour(ctx context.Context, at At, issuer string) (*realm.Realm, error) {
	if v.Realms == nil {
		return nil, fault.ErrNotFound
	}
	return Neighbour(ctx, v.Realms, at, issuer)
}

// lineage asks whether what the token came of was taken back: what its client, or one on the way of exchanges that
// led to it, held in the session. Where the way comes from another realm of this server, it asks the same of the session
// there, and that session and its user must still stand: a token is worth no more than what it was exchanged from.
func lineage(ctx context.Context, q *question) error {
	r, s, issuer := q.Realm, q.Session, ""
	if s != nil && q.takenBack(s, q.Client) {
		return refuse(Revoked)
	}
	for _, hop := range slices.Backward(q.Token.Path) {
		var err error
		switch {
		case hop.Left():
			if r, err = q.realmOf(ctx, hop); err == nil {
				s, err = q.stand(ctx, r, &token.Actor{Subject: hop.Subject, Client: hop.Client, Token: hop.JTI, Session: hop.Session}, Revoked)
			}
		case hop.Issuer != issuer:
			s = nil // of another server's session nothing is known
		}
		if err != nil {
			return err
		}
		if issuer = hop.Issuer; s != nil && q.takenBack(s, r.Client(hop.Client)) {
			return refuse(Revoked)
		}
	}
	return nil
}
