// Package police holds requests against client policies, and finds what these ask about clients and about who changes
// them that the snapshot of a realm does not have.
package police

import (
	"context"
	"errors"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/policy"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/flow/hosts"
)

// Updaters tell who makes and changes clients.
type Updaters struct {
	Users Users
	Hosts hosts.Resolver
}

// Users are people and service accounts. Who is not there is fault.ErrNotFound.
type Users interface {
	User(ctx context.Context, realmKey, id string) (*user.User, error)
}

// Of finds out about somebody what policies of the realm ask. Who is of another realm has neither roles nor groups in
// this one. Names of hosts are resolved here and now, for a transaction must not wait for them.
func (u *Updaters) Of(ctx context.Context, r *realm.Realm, by string, who event.Actor) (*policy.Updater, error) {
	out := &policy.Updater{By: by}
	if len(r.Policies) == 0 || u == nil {
		return out, nil
	}
	if who.UserID != "" && who.Realm == r.Key && policy.Asks(r, policy.KindGroups, policy.KindRoles) {
		found, err := u.Users.User(ctx, r.Key, who.UserID)
		if err != nil && !errors.Is(err, fault.ErrNotFound) {
			return nil, err
		}
		out.User = found
	}
	known := map[string]bool{}
	for _, list := range policy.Hosts(r) {
		known[strings.Join(list, " ")] = hosts.From(ctx, u.Hosts, who.Address, list)
	}
	out.FromHost = func(list []string) bool { return known[strings.Join(list, " ")] }
	return out, nil
}
