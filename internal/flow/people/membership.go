package people

import (
	"context"
	"slices"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/flow/audit"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
)

const membershipResource = "GROUP_MEMBERSHIP"

// Join makes a user a member of a group. Nothing happens where they are one.
func (u *Users) Join(ctx context.Context, author audit.Author, r *realm.Realm, id string, g *realm.Group) error {
	return u.Store.EditUser(ctx, r.Key, id, func(a *user.Account) ([]event.Admin, error) {
		if slices.Contains(a.User.GroupKeys, g.Key) {
			return nil, nil
		}
		a.User.GroupKeys = joined(a.User.GroupKeys, g.Key)
		return membershipEvent(author, r, audit.Create, &a.User, g), nil
	})
}

// Leave ends a user's membership in a group. Nothing happens where they are no member.
func (u *Users) Leave(ctx context.Context, author audit.Author, r *realm.Realm, id string, g *realm.Group) error {
	return u.Store.EditUser(ctx, r.Key, id, func(a *user.Account) ([]event.Admin, error) {
		i := slices.Index(a.User.GroupKeys, g.Key)
		if i < 0 {
			return nil, nil
		}
		a.User.GroupKeys = slices.Delete(slices.Clone(a.User.GroupKeys), i, i+1)
		return membershipEvent(author, r, audit.Delete, &a.User, g), nil
	})
}

// joined are the keys of groups with one more.
func joined(keys []string, key string) []string {
	if slices.Contains(keys, key) {
		return keys
	}
	return append(slices.Clone(keys), key)
}

func membershipEvent(author audit.Author, r *realm.Realm, operation string, u *user.User, g *realm.Group) []event.Admin {
	events := author.Of(r, operation, membershipResource, userPath(u.ID)+"/groups/"+g.Key, keycloak.FromGroup(r, g))
	for i := range events {
		events[i].Details = []event.Detail{{Name: "username", Value: u.Username}}
		if u.Email != "" {
			events[i].Details = append(events[i].Details, event.Detail{Name: "email", Value: u.Email})
		}
	}
	return events
}
