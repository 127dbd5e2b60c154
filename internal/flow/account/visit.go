package account

import (
	"context"
	"errors"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/session"
	"github.com/tokenhouse/tokenhouse/internal/flow/authorize"
	"github.com/tokenhouse/tokenhouse/internal/flow/verify"
)

// Visit is a browser that comes for the account pages.
type Visit struct {
	Realm   *realm.Realm
	Base    string // the server's URL as the caller reaches it
	Address string // the caller's
	Cookies authorize.Cookies
}

// Browsers tell who is signed in by a browser. It is an *authorize.Identities.
type Browsers interface {
	Of(ctx context.Context, at verify.At, cookies authorize.Cookies) (authorize.Identity, error)
}

// Parts are what clients hold in sessions. What is not there is fault.ErrNotFound.
type Parts interface {
	Grant(ctx context.Context, realmKey, sessionID, clientKey string, offline bool) (*session.Grant, error)
}

var (
	// ErrNobody says that nobody is signed in by the browser.
	ErrNobody = errors.New("nobody is signed in")

	// ErrElsewhere says that somebody is signed in, but not at their account: the authorization endpoint has still to
	// say that they may, as it says of every client.
	ErrElsewhere = errors.New("signed in, and not at the account")
)

// Visit finds out who comes by a browser: somebody whose session has a live part for the client of accounts. What
// they may do is what their roles at that client say.
func (a *Accounts) Visit(ctx context.Context, q Visit) (*Owner, error) {
	if err := Offered(q.Realm); err != nil {
		return nil, err
	}
	now := a.Now()
	who, err := a.Browsers.Of(ctx, verify.At{Realm: q.Realm, Base: q.Base, Now: now}, q.Cookies)
	switch {
	case err != nil:
		return nil, err
	case who.Session == nil, who.User.ServiceAccount != "":
		return nil, ErrNobody
	}
	c := q.Realm.Client(ClientID)
	g, err := a.Parts.Grant(ctx, q.Realm.Key, who.Session.ID, c.Key, false)
	switch {
	case errors.Is(err, fault.ErrNotFound):
		return nil, ErrElsewhere
	case err != nil:
		return nil, err
	case g.Expired(q.Realm, c, who.Session, now):
		return nil, ErrElsewhere
	}
	o := &Owner{Realm: q.Realm, User: who.User, Base: q.Base, session: who.Session.ID, proven: who.Session.AuthTime, address: q.Address, now: now}
	o.roles = o.rolesAmong(who.User.RolesIn(q.Realm))
	o.scopes = scopesOf(q.Realm, c, g.Scope)
	return o, nil
}

// rolesAmong are the names of the roles of the client of accounts that are among these.
func (o *Owner) rolesAmong(all *realm.RoleSet) (names []string) {
	for _, role := range o.Realm.RolesOf(o.Realm.Client(ClientID).Key) {
		if all.Has(role) {
			names = append(names, role.Name)
		}
	}
	return names
}

// ProofAge is how long ago somebody may have proved who they are who changes what they sign in by.
const ProofAge = 5 * time.Minute

// Proven tells whether the owner proved who they are lately enough to change what they sign in by. A browser that was
// left signed in must not be enough to lock its owner out.
func (o *Owner) Proven() bool {
	return !o.proven.IsZero() && o.now.Sub(o.proven) <= ProofAge
}

// Startable tells whether the owner can start a required action from their account: the realm has it switched on, and
// there is a page for it.
func (a *Accounts) Startable(ctx context.Context, o *Owner, alias string) (bool, error) {
	terms, err := a.Rules.Terms(ctx, o.Realm)
	return err == nil && terms.Action(alias) != nil && a.Actions.Knows(alias), err
}
