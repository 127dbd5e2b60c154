package broker

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/explain"
	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/federation"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
)

// sync takes over what the provider says of a known user, as its mappers and sync modes want, and gives the notes
// that the session gets. A name or an address that somebody else has is not taken over: that must not keep anybody
// out. The trace is of the mappers.
func (b *Broker) sync(ctx context.Context, r *realm.Realm, p *Provider, who *visitor, u *user.User) (notes map[string]string, trace *explain.Trace, err error) {
	changes, notes := p.update(r, who, u)
	trace = &changes.Trace
	join, leave, err := b.host().moves(ctx, r, changes)
	if err != nil {
		return nil, trace, err
	}
	apply := func(c federation.Changes) error {
		after := *u
		if change(&after, &c, join, leave); !differs(u, &after) {
			return nil
		}
		return b.People.EditOwn(ctx, r, u.ID, func(a *user.Account) error {
			a.SoleEmail = !r.DuplicateEmails
			change(&a.User, &c, join, leave)
			return nil
		})
	}
	err = apply(changes)
	if _, taken := errors.AsType[*fault.Conflict](err); taken {
		changes.Username, changes.Email, changes.EmailVerified = nil, nil, nil
		err = apply(changes)
	}
	return notes, trace, err
}

// update is what a provider's mappers want changed of a known user, and the notes that the session gets.
func (p *Provider) update(r *realm.Realm, who *visitor, u *user.User) (federation.Changes, map[string]string) {
	changes := p.Update(federation.Input{Realm: r, Mappers: p.Mappers, Person: who.Person, User: u})
	notes := maps.Clone(who.Person.Notes)
	if notes == nil {
		notes = map[string]string{}
	}
	maps.Copy(notes, changes.Notes)
	return changes, notes
}

// known is a user who is linked to a visitor, as the provider's mappers would have them, and the notes that the session gets.
// same tells that they are so already. Nothing is changed.
func (h host) known(ctx context.Context, r *realm.Realm, p *Provider, who *visitor, u *user.User) (wanted *user.User, notes map[string]string, same bool, err error) {
	changes, notes := p.update(r, who, u)
	join, leave, err := h.moves(ctx, r, changes)
	if err != nil {
		return nil, nil, false, err
	}
	after := *u
	if change(&after, &changes, join, leave); !differs(u, &after) {
		return u, notes, true, nil
	}
	after.Groups, err = h.users.Lineage(ctx, r.Key, after.GroupKeys)
	return &after, notes, false, err
}

// moves are the keys of the groups that changes let a user join and leave.
func (h host) moves(ctx context.Context, r *realm.Realm, c federation.Changes) (join, leave []string, err error) {
	if join, err = h.groups(ctx, r, c.Join); err != nil {
		return nil, nil, err
	}
	leave, err = h.groups(ctx, r, c.Leave)
	return join, leave, err
}

// groups are the keys of the groups at these paths. Those that are not there are passed over.
func (h host) groups(ctx context.Context, r *realm.Realm, paths []string) ([]string, error) {
	var keys []string
	for _, path := range paths {
		g, err := h.users.GroupByPath(ctx, r.Key, path)
		switch {
		case errors.Is(err, fault.ErrNotFound):
		case err != nil:
			return nil, err
		default:
			keys = append(keys, g.Key)
		}
	}
	return keys, nil
}

// differs tells whether changes changed a user.
func differs(u, after *user.User) bool {
	same := func(x, y []string) bool { return slices.Equal(x, y) }
	return after.Username != u.Username || after.Email != u.Email || after.EmailVerified != u.EmailVerified || after.FirstName != u.FirstName ||
		after.LastName != u.LastName || !maps.EqualFunc(after.Attributes, u.Attributes, same) || !same(after.Roles, u.Roles) || !same(after.GroupKeys, u.GroupKeys)
}

// change applies changes to a copy of a user, whose lists and attributes stay as they are.
func change(u *user.User, c *federation.Changes, join, leave []string) {
	for _, f := range []struct{ at, to *string }{{&u.FirstName, c.FirstName}, {&u.LastName, c.LastName}} {
		if f.to != nil {
			*f.at = *f.to
		}
	}
	if c.Username != nil {
		u.Username = strings.ToLower(*c.Username)
	}
	if c.Email != nil {
		u.Email = strings.ToLower(*c.Email)
	}
	if c.EmailVerified != nil {
		u.EmailVerified = *c.EmailVerified
	}
	if len(c.Attributes) > 0 {
		u.Attributes = maps.Clone(u.Attributes)
		if u.Attributes == nil {
			u.Attributes = map[string][]string{}
		}
	}
	for name, values := range c.Attributes {
		if len(values) == 0 {
			delete(u.Attributes, name)
			continue
		}
		u.Attributes[name] = values
	}
	u.Roles = realm.WithoutKeys(realm.WithKeys(u.Roles, keysOf(c.Grant)), keysOf(c.Withdraw))
	u.GroupKeys = realm.WithoutKeys(realm.WithKeys(u.GroupKeys, join), leave)
}

func keysOf(roles []*realm.Role) []string {
	var keys []string
	for _, r := range roles {
		keys = append(keys, r.Key)
	}
	return keys
}
