package console

import (
	"cmp"
	"net/http"

	"github.com/tokenhouse/tokenhouse/internal/core/page"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/flow/account"
)

// applications lists the clients that the owner uses or allowed something.
func (s *site) applications(w http.ResponseWriter, r *http.Request, v *visit) error {
	f, err := s.frame(r, v, pathApplications)
	if err != nil {
		return err
	}
	all, err := s.Accounts.Applications(r.Context(), v.owner)
	if err != nil {
		return err
	}
	mayRevoke := v.owner.Demand(account.WriteConsent) == nil
	out := page.AccountApplications{Account: f, Action: v.url(pathApplications)}
	for _, a := range all {
		shown := page.AccountApplication{ID: a.Client.ID, Name: page.T(cmp.Or(a.About.Name, a.Client.ID)), Description: page.T(a.About.Description),
			URL: a.Client.Home(v.who.Base), InUse: a.InUse, Offline: a.Offline, Revocable: mayRevoke && (a.Consent != nil || a.Offline)}
		if a.Consent != nil {
			shown.Allowed, shown.Since = allowed(v.realm, a.Client, a.Consent), a.Consent.Updated
		}
		out.Applications = append(out.Applications, shown)
	}
	return s.show(w, r, v, http.StatusOK, out)
}

// allowed are the scopes of a consent as its page named them.
func allowed(r *realm.Realm, c *realm.Client, given *user.Consent) []page.Text {
	var out []page.Text
	for _, key := range given.Scopes {
		if scope := r.ScopeByKey(key); scope != nil {
			out = append(out, page.T(cmp.Or(scope.ConsentText, scope.Name)))
		} else if key == c.Key {
			out = append(out, page.T(c.ID))
		}
	}
	return out
}

// withdraw takes back what a client was allowed.
func (s *site) withdraw(w http.ResponseWriter, r *http.Request, v *visit) error {
	c := v.realm.Client(v.form.Get("client"))
	if c == nil {
		return s.tell(w, r, v, http.StatusNotFound, "clientNotFoundMessage")
	}
	if err := s.Accounts.Withdraw(r.Context(), v.owner, c); err != nil {
		return err
	}
	return lead(w, v, pathApplications, "revoked")
}
