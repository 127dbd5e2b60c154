package console

import (
	"net/http"
	"net/url"

	"github.com/tokenhouse/tokenhouse/internal/core/page"
	"github.com/tokenhouse/tokenhouse/internal/flow/account"
)

// linkAction is the required action that links an account of an identity provider, whose alias follows after a colon.
const linkAction = "idp_link"

// links lists the identity providers that the owner can sign in by.
func (s *site) links(w http.ResponseWriter, r *http.Request, v *visit) error {
	f, err := s.frame(r, v, pathLinks)
	if err != nil {
		return err
	}
	all, err := s.Accounts.Links(r.Context(), v.owner)
	if err != nil {
		return err
	}
	mayLink, err := s.Accounts.Startable(r.Context(), v.owner, linkAction)
	if err != nil {
		return err
	}
	mayLink = mayLink && v.owner.Demand(account.BeginLink) == nil
	mayUnlink := v.owner.Demand(account.WriteLinks) == nil
	out := page.AccountLinks{Account: f}
	for _, l := range all {
		shown := page.AccountLink{Name: page.T(l.Name), Linked: l.Link != nil}
		switch {
		case l.Link != nil:
			shown.Username = l.Link.Username
			if mayUnlink {
				shown.Remove = v.url(pathLinks + "/" + url.PathEscape(l.Provider.Alias))
			}
		case mayLink && l.Reached:
			shown.Link = s.action(v, linkAction+":"+l.Provider.Alias, pathLinks)
		}
		out.Links = append(out.Links, shown)
	}
	return s.show(w, r, v, http.StatusOK, out)
}

// askUnlink asks whether to forget who the owner is at an identity provider.
func (s *site) askUnlink(w http.ResponseWriter, r *http.Request, v *visit) error {
	all, err := s.Accounts.Links(r.Context(), v.owner)
	if err != nil {
		return err
	}
	for _, l := range all {
		if l.Provider.Alias == r.PathValue("provider") && l.Link != nil {
			return s.ask(w, r, v, page.AccountConfirm{Heading: page.T("accountUnlinkHeading", l.Name), Text: page.T("accountUnlinkText", l.Name),
				Button: page.T("accountUnlink"), Cancel: v.url(pathLinks)}, pathLinks)
		}
	}
	return s.tell(w, r, v, http.StatusNotFound, "accountCredentialGone")
}

func (s *site) unlink(w http.ResponseWriter, r *http.Request, v *visit) error {
	if err := s.Accounts.Unlink(r.Context(), v.owner, r.PathValue("provider")); err != nil {
		return err
	}
	return lead(w, v, pathLinks, "unlinked")
}

// groups lists the groups that the owner is in.
func (s *site) groups(w http.ResponseWriter, r *http.Request, v *visit) error {
	f, err := s.frame(r, v, pathGroups)
	if err != nil {
		return err
	}
	out := page.AccountGroups{Account: f}
	for _, g := range v.owner.User.Joined() {
		out.Groups = append(out.Groups, g.Path)
	}
	return s.show(w, r, v, http.StatusOK, out)
}
