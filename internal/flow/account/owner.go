package account

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/flow/audit"
	"github.com/tokenhouse/tokenhouse/internal/flow/verify"
)

// Entry is somebody who comes with an access token.
type Entry struct {
	Realm   *realm.Realm
	Base    string // the server's URL as the caller reaches it
	Address string // the caller's
	Origin  string // header Origin; one that the token's client does not allow is refused with oauth.InvalidOrigin
	Token   verify.Presented
}

// Owner is somebody whom Enter or Visit let in, with the account that is theirs.
type Owner struct {
	Realm *realm.Realm
	User  *user.User
	Base  string

	session string    // in which they signed in; empty for a token without
	proven  time.Time // when they last proved who they are, of those who come by a browser; else zero
	scopes  []string
	roles   []string // names of those of the client "account" that the token lets them use
	address string
	now     time.Time
}

var (
	// ErrOff says that people cannot manage their accounts in the realm.
	ErrOff = &fault.NotFound{Message: "account management not enabled"}

	// ErrRefused is a token that is not good, or not for this.
	ErrRefused = errors.New("the token is not for its user's account")

	errOrigin = oauth.Errorf(oauth.InvalidOrigin, "")
)

// Offered is nil where people can manage their accounts in a realm, and ErrOff where not.
func Offered(r *realm.Realm) error {
	if c := r.Client(ClientID); c == nil || !c.Enabled {
		return ErrOff
	}
	return nil
}

// Enter finds out who comes. Service accounts are nobody's own, and are refused.
func (a *Accounts) Enter(ctx context.Context, q Entry) (*Owner, error) {
	if err := Offered(q.Realm); err != nil {
		return nil, err
	}
	h, err := a.Holders.Holder(ctx, q.Realm, q.Base, q.Token)
	switch {
	case verify.Why(err) != "":
		return nil, errors.Join(ErrRefused, err)
	case err != nil:
		return nil, err
	case !slices.Contains(h.Audiences, ClientID):
		return nil, ErrRefused
	case q.Origin != "" && !h.Client.AllowsOrigin(q.Base, q.Origin):
		return nil, errOrigin
	case h.User.ServiceAccount != "":
		return nil, ErrRefused
	}
	o := &Owner{Realm: q.Realm, User: h.User, Base: q.Base, session: h.Session, address: q.Address, now: a.Now()}
	o.roles = o.rolesAmong(h.Roles)
	o.scopes = scopesOf(q.Realm, h.Client, h.Scope)
	return o, nil
}

// scopesOf are the names of the client scopes that are in play for a client that asked with the parameter "scope".
func scopesOf(r *realm.Realm, c *realm.Client, parameter string) []string {
	asked, _ := r.ScopesOf(c, parameter) // what is no scope any more does not matter
	var out []string
	for _, key := range slices.Concat(c.DefaultScopes, asked) {
		if s := r.ScopeByKey(key); s != nil {
			out = append(out, s.Name)
		}
	}
	return out
}

func (o *Owner) has(role string) bool { return slices.Contains(o.roles, role) }

// Current tells whether a session is the one that the owner asks from.
func (o *Owner) Current(id string) bool { return o.session != "" && o.session == id }

// author is who people are to themselves: nobody whom the audit of administrators knows.
func (a *Accounts) author(o *Owner) audit.Author {
	return audit.Author{Base: o.Base, Now: o.now, NewID: a.NewID}
}

// record records what the owner did, with details as name, value, name, value …
func (a *Accounts) record(ctx context.Context, o *Owner, kind event.Kind, details ...string) {
	e := event.Event{ID: a.NewID(), Time: o.now, Kind: kind, Realm: o.Realm.Key, RealmName: o.Realm.Name, Client: ClientID,
		UserID: o.User.ID, Session: o.session, Address: o.address}
	for pair := range slices.Chunk(details, 2) {
		e.Set(pair[0], pair[1])
	}
	a.Events.Record(context.WithoutCancel(ctx), e)
}

// Scopes are the names of the client scopes in play, which user profiles may go by.
func (o *Owner) Scopes() []string { return o.scopes }

// Name is what people call the owner, as far as they may know it themselves: their full name, or what they sign in by.
func (o *Owner) Name() string {
	return cmp.Or(strings.TrimSpace(o.User.FirstName+" "+o.User.LastName), o.User.Username)
}
