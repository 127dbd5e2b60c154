package console

import (
	"errors"
	"net/http"

	"github.com/tokenhouse/tokenhouse/internal/core/inquiry"
	"github.com/tokenhouse/tokenhouse/internal/core/page"
	"github.com/tokenhouse/tokenhouse/internal/core/profile"
	"github.com/tokenhouse/tokenhouse/internal/flow/account"
)

// deleteAccount is the required action that deletes the account.
const deleteAccount = "delete_account"

// profile shows what the owner tells of themselves.
func (s *site) profile(w http.ResponseWriter, r *http.Request, v *visit) error {
	return s.showProfile(w, r, v, http.StatusOK, nil, profile.Of(v.owner.User))
}

// changeProfile takes what they tell. Attributes that the form does not have, or may not have, are left alone.
func (s *site) changeProfile(w http.ResponseWriter, r *http.Request, v *visit) error {
	p, err := s.Accounts.Profile(r.Context(), v.owner)
	if err != nil {
		return err
	}
	given := inquiry.Posted(p.Rules, v.owner.User, v.owner.Scopes(), v.form)
	err = s.Accounts.ChangeProfile(r.Context(), v.owner, given)
	if rejected, ok := errors.AsType[*account.Rejected](err); ok {
		return s.showProfile(w, r, v, http.StatusOK, wrongIn(rejected), given)
	}
	if err != nil {
		return err
	}
	return lead(w, v, "", "saved")
}

// wrongIn is what is wrong, by field.
func wrongIn(e *account.Rejected) page.Wrong {
	out := page.Wrong{}
	for _, w := range e.Wrong {
		text := page.Text{Key: w.Message}
		for _, p := range w.Params {
			if p == nil {
				text.Args = append(text.Args, "")
				continue
			}
			text.Args = append(text.Args, *p)
		}
		out[w.Field] = append(out[w.Field], text)
	}
	return out
}

func (s *site) showProfile(w http.ResponseWriter, r *http.Request, v *visit, status int, wrong page.Wrong, values profile.Attributes) error {
	f, err := s.frame(r, v, "")
	if err != nil {
		return err
	}
	p, err := s.Accounts.Profile(r.Context(), v.owner)
	if err != nil {
		return err
	}
	out := page.AccountProfile{Account: f, Action: v.url(""), Wrong: wrong, Username: v.owner.User.Username,
		Fields:   inquiry.Fields(p.Rules, v.owner.User, v.owner.Scopes(), values),
		ReadOnly: v.owner.Demand(account.WriteProfile) != nil}
	for i := range out.Fields {
		if out.Fields[i].Name == profile.Username {
			out.Username = ""
		}
		out.Fields[i].ReadOnly = out.Fields[i].ReadOnly || out.ReadOnly
	}
	if v.owner.Demand(account.DeleteAccount) == nil {
		offered, err := s.Accounts.Startable(r.Context(), v.owner, deleteAccount)
		if err != nil {
			return err
		}
		if offered {
			out.Delete = s.action(v, deleteAccount, "")
		}
	}
	return s.show(w, r, v, status, out)
}
