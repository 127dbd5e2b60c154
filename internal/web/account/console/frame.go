package console

import (
	"errors"
	"net/http"
	"net/url"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/page"
	"github.com/tokenhouse/tokenhouse/internal/flow/account"
	"github.com/tokenhouse/tokenhouse/internal/web/render"
)

// parts are the pages that the navigation leads to, for those who may see them.
var parts = []struct {
	text, path string
	see        account.Call
}{
	{"accountProfile", "", account.ReadProfile},
	{"accountSigningIn", pathSignIn, account.ReadCredentials},
	{"accountDevices", pathDevices, account.ReadSessions},
	{"accountLinks", pathLinks, account.ReadLinks},
	{"accountApplications", pathApplications, account.ReadApplications},
	{"accountGroups", pathGroups, account.ReadGroups},
}

// frame is what all pages share; at is the path of the part that is shown.
func (s *site) frame(r *http.Request, v *visit, at string) (page.Account, error) {
	seal, err := s.Accounts.Seal(r.Context(), v.owner)
	if err != nil {
		return page.Account{}, err
	}
	f := page.Account{Who: v.owner.Name(), Seal: seal, Back: v.home,
		SignOut: v.realm.Issuer(v.who.Base) + "/protocol/openid-connect/logout?" + url.Values{"client_id": {account.ClientID}}.Encode()}
	for _, p := range parts {
		if p.path == pathLinks && len(v.realm.Providers()) == 0 {
			continue
		}
		if v.owner.Demand(p.see) == nil {
			f.Parts = append(f.Parts, page.AccountPart{Text: page.T(p.text), URL: v.url(p.path), Here: p.path == at})
		}
	}
	if text := done[r.URL.Query().Get("done")]; text != "" {
		f.Notice = page.Notice{Kind: page.Success, Text: page.T(text)}
	}
	return f, nil
}

// done are the messages of what was done, by the parameter that the form's answer leads on with. It is for the eye
// alone: a page that says so falsely has changed nothing.
var done = map[string]string{"saved": "accountSaved", "removed": "accountRemoved", "ended": "accountEnded", "revoked": "accountRevoked", "unlinked": "accountUnlinked"}

// lead answers a form that was good: by a page of its own, so that loading it again sends nothing again.
func lead(w http.ResponseWriter, v *visit, path, what string) error {
	q := v.kept()
	q.Set("done", what)
	w.Header().Set("Location", v.realm.Issuer(v.who.Base)+"/account"+path+"?"+q.Encode())
	render.NoBody(w, http.StatusSeeOther)
	return nil
}

func (s *site) show(w http.ResponseWriter, r *http.Request, v *visit, status int, p page.Page) error {
	return s.Pages.Show(w, r, status, v.view(), p)
}

// tell says what does not work.
func (s *site) tell(w http.ResponseWriter, r *http.Request, v *visit, status int, key string) error {
	return s.show(w, r, v, status, page.Error{Message: page.T(key), RetryTo: v.url("")})
}

// mistake is the message for what the caller got wrong, or what changed under their hands; empty for all else.
func mistake(err error) string {
	if _, ok := errors.AsType[*fault.NotFound](err); ok {
		return "accountCredentialGone"
	}
	if refused, ok := errors.AsType[*fault.Refused](err); ok {
		return refused.Message
	}
	if invalid, ok := errors.AsType[*fault.Invalid](err); ok {
		return invalid.Message
	}
	return ""
}
