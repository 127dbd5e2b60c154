package broker

import (
	"context"
	"slices"

	"github.com/tokenhouse/tokenhouse/internal/core/page"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/flow/authorize"
)

// Offers are the providers that sign-in pages offer. It is an authorize.Providers.
type Offers struct{ Book *Book }

// Offered are the providers on the sign-in page. Who is to prove anew who they are is offered those that they are
// linked to.
func (o Offers) Offered(ctx context.Context, t *authorize.Turn) ([]page.Provider, error) {
	c, err := o.Book.of(ctx, t.Realm())
	if err != nil {
		return nil, err
	}
	var known *user.User
	if t.Again() {
		known = t.Identity().User
	}
	var out []page.Provider
	for _, p := range c.providers {
		if p.HideOnLogin || p.LinkOnly || known != nil && linkTo(known, p.Alias) == nil {
			continue
		}
		out = append(out, page.Provider{Alias: p.Alias, Name: p.Name, URL: authorize.Relative(loginURL(t, p.Alias))})
	}
	return out, nil
}

// noteLed says that the attempt's browser was led to the provider that its request names.
const noteLed = "broker.led"

// Preferred is the address of the provider that the request names, the first time, or of the one that the realm
// leads everybody to. Names of providers that there are not, or that nobody signs in by, are passed over.
func (o Offers) Preferred(ctx context.Context, t *authorize.Turn) (string, error) {
	c, err := o.Book.of(ctx, t.Realm())
	if err != nil {
		return "", err
	}
	hint := t.Attempt.Request.Provider
	if p := c.provider(hint); p != nil && !p.LinkOnly && t.Attempt.Notes[noteLed] == "" {
		t.Attempt.Note(noteLed, hint)
		return loginURL(t, hint), nil
	}
	if hint != "" {
		return "", nil
	}
	if p := c.provider(c.standard); p != nil && !p.LinkOnly {
		return loginURL(t, p.Alias), nil
	}
	return "", nil
}

// loginURL leads to a provider, from the page that is being made.
func loginURL(t *authorize.Turn, alias string) string { return coded(t, "/broker/"+alias+"/login") }

// coded is an address of the tab that works from the page that is being made only.
func coded(t *authorize.Turn, below string) string {
	q := t.TabQuery()
	q.Set("session_code", t.Attempt.Code)
	return t.URL(below + "?" + q.Encode())
}

// linkTo is who a user is at a provider, or nil.
func linkTo(u *user.User, alias string) *user.Link {
	if i := slices.IndexFunc(u.Links, func(l user.Link) bool { return l.Provider == alias }); i >= 0 {
		return &u.Links[i]
	}
	return nil
}
