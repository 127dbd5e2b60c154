package console

import (
	"net/http"
	"net/url"
	"slices"

	"github.com/tokenhouse/tokenhouse/internal/core/page"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/flow/account"
)

// signIn lists what the owner signs in by.
func (s *site) signIn(w http.ResponseWriter, r *http.Request, v *visit) error {
	f, err := s.frame(r, v, pathSignIn)
	if err != nil {
		return err
	}
	methods, err := s.Accounts.Offers(r.Context(), v.owner)
	if err != nil {
		return err
	}
	out := page.AccountSignIn{Account: f}
	mayChange := v.owner.Demand(account.WriteCredentials) == nil
	for _, m := range methods {
		shown := page.AccountMethod{Name: page.T(m.Words + "-display-name"), Help: page.T(m.Words + "-help-text")}
		if mayChange && m.Create != "" {
			shown.Add = s.action(v, m.Create, pathSignIn)
		}
		if mayChange && m.Update != "" {
			shown.Change = s.action(v, m.Update, pathSignIn)
		}
		for _, c := range m.Owned {
			one := page.AccountCredential{Label: c.Label, Created: c.Created}
			if mayChange && m.Removable {
				one.Remove = v.url(pathSignIn + "/" + url.PathEscape(c.ID))
			}
			shown.Owned = append(shown.Owned, one)
		}
		out.Methods = append(out.Methods, shown)
	}
	return s.show(w, r, v, http.StatusOK, out)
}

// askRemove asks whether to give a credential up.
func (s *site) askRemove(w http.ResponseWriter, r *http.Request, v *visit) error {
	methods, err := s.Accounts.Offers(r.Context(), v.owner)
	if err != nil {
		return err
	}
	for _, m := range methods {
		at := slices.IndexFunc(m.Owned, func(c user.Credential) bool { return c.ID == r.PathValue("credential") })
		if at < 0 || !m.Removable {
			continue
		}
		name := m.Owned[at].Label
		if name == "" {
			name = "${" + m.Words + "-display-name}"
		}
		return s.ask(w, r, v, page.AccountConfirm{Heading: page.T("accountRemoveHeading", name), Text: page.T("accountRemoveText"),
			Button: page.T("accountRemove"), Cancel: v.url(pathSignIn)}, pathSignIn)
	}
	return s.tell(w, r, v, http.StatusNotFound, "accountCredentialGone")
}

// ask asks whether to do what the form at this address does.
func (s *site) ask(w http.ResponseWriter, r *http.Request, v *visit, p page.AccountConfirm, part string) error {
	f, err := s.frame(r, v, part)
	if err != nil {
		return err
	}
	p.Account, p.Action = f, v.url(v.path)
	return s.show(w, r, v, http.StatusOK, p)
}

func (s *site) remove(w http.ResponseWriter, r *http.Request, v *visit) error {
	if err := s.Accounts.RemoveCredential(r.Context(), v.owner, r.PathValue("credential")); err != nil {
		return err
	}
	return lead(w, v, pathSignIn, "removed")
}
