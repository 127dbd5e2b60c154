package account

import (
	"cmp"
	"context"
	"slices"
	"strconv"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/federation"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
)

// Linked is an identity provider of the realm, with who the owner is there.
type Linked struct {
	Provider *realm.Provider
	Name     string     // for people
	Link     *user.Link // nil where the owner is not known there
	Reached  bool       // people can be sent there: its kind is one that is acted on
}

// Links are the identity providers that people of the realm see in their account, in the realm's order.
func (a *Accounts) Links(ctx context.Context, o *Owner) ([]Linked, error) {
	var out []Linked
	var keys []string
	for _, p := range o.Realm.Providers() {
		l := Linked{Provider: p, Link: linkTo(o.User, p.Alias)}
		_, l.Reached = federation.Read(p)
		if p.Enabled && l.shown() {
			out, keys = append(out, l), append(keys, p.Key)
		}
	}
	kept, err := a.Kept.Extras(ctx, o.Realm.Key, realm.KindProvider, keys)
	if err != nil {
		return nil, err
	}
	for i := range out {
		p := out[i].Provider
		out[i].Name = cmp.Or(keycloak.KeptDisplayName(kept[p.Key]), p.Alias)
	}
	slices.SortStableFunc(out, func(x, y Linked) int { return cmp.Compare(x.place(), y.place()) })
	return out, nil
}

// shown tells whether people are to see the provider.
func (l Linked) shown() bool {
	switch l.Provider.Config["showInAccountConsole"] {
	case "NEVER":
		return false
	case "WHEN_LINKED":
		return l.Link != nil
	}
	return true
}

// place is where the realm wants the provider; those without a place come last.
func (l Linked) place() int {
	if n, err := strconv.Atoi(l.Provider.Config["guiOrder"]); err == nil {
		return n
	}
	return unplaced
}

const unplaced = 10_000

func linkTo(u *user.User, alias string) *user.Link {
	if i := slices.IndexFunc(u.Links, func(l user.Link) bool { return l.Provider == alias }); i >= 0 {
		return &u.Links[i]
	}
	return nil
}

// What is wrong with a link that is to go, in Keycloak's words.
var (
	errNoProvider = &fault.Invalid{Message: "identityProviderNotFoundMessage"}
	errNoLink     = &fault.Invalid{Message: "This identity is not active anymore."}
	errLastLink   = &fault.Invalid{Message: "You can't remove last federated identity as you don't have a password."}
)

// Unlink forgets who the owner is at an identity provider. The last link of who has no password stays, or they
// could never sign in again: a *fault.Invalid.
func (a *Accounts) Unlink(ctx context.Context, o *Owner, alias string) error {
	if o.Realm.Provider(alias) == nil {
		return errNoProvider
	}
	var gone user.Link
	err := a.People.EditOwn(ctx, o.Realm, o.User.ID, func(account *user.Account) error {
		link := linkTo(&account.User, alias)
		switch {
		case link == nil:
			return errNoLink
		case len(account.User.Links) == 1 && !slices.ContainsFunc(account.Credentials, func(c user.Credential) bool { return c.Kind == user.KindPassword }):
			return errLastLink
		}
		gone = *link
		account.User.Links = slices.DeleteFunc(slices.Clone(account.User.Links), func(l user.Link) bool { return l.Provider == alias })
		return nil
	})
	if err != nil {
		return err
	}
	a.record(ctx, o, removeLink, "username", o.User.Username, "identity_provider", alias, "identity_provider_identity", gone.Username)
	return nil
}

// removeLink is the event of a link that goes.
const removeLink event.Kind = "REMOVE_FEDERATED_IDENTITY"
