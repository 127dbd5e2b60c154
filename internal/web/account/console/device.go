package console

import (
	"cmp"
	"net/http"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/page"
	"github.com/tokenhouse/tokenhouse/internal/core/session"
	"github.com/tokenhouse/tokenhouse/internal/flow/account"
)

// devices lists where the owner is signed in, this browser first.
func (s *site) devices(w http.ResponseWriter, r *http.Request, v *visit) error {
	f, err := s.frame(r, v, pathDevices)
	if err != nil {
		return err
	}
	all, err := s.Accounts.SignedIn(r.Context(), v.owner)
	if err != nil {
		return err
	}
	var keys []string
	for _, one := range all {
		for _, g := range one.Grants {
			keys = append(keys, g.Client)
		}
	}
	about, err := s.Accounts.About(r.Context(), v.owner, keys)
	if err != nil {
		return err
	}
	mayEnd := v.owner.Demand(account.EndSessions) == nil
	out := page.AccountDevices{Account: f, Action: v.url(pathDevices)}
	for _, one := range all {
		agent := session.AgentOf(one.Notes[session.NoteAgent])
		shown := page.AccountSession{ID: one.ID, System: known(agent.OS, agent.OSVersion), Browser: known(strings.Replace(agent.Browser, "/", " ", 1)),
			Address: one.Address, Started: one.Started, Used: one.LastAccess, Ends: one.Ends(v.realm), Here: v.owner.Current(one.ID)}
		shown.Endable = mayEnd && !shown.Here
		for _, g := range one.Grants {
			if c := v.realm.ClientByKey(g.Client); c != nil {
				shown.Applications = append(shown.Applications, page.T(cmp.Or(about[c.Key].Name, c.ID)))
			}
		}
		out.Others = out.Others || shown.Endable
		if shown.Here {
			out.Sessions = append([]page.AccountSession{shown}, out.Sessions...)
			continue
		}
		out.Sessions = append(out.Sessions, shown)
	}
	return s.show(w, r, v, http.StatusOK, out)
}

// known are the words that tell something.
func known(words ...string) string {
	var out []string
	for _, w := range words {
		if w != "" && !strings.HasPrefix(w, "Other") && !strings.HasPrefix(w, "Unknown") {
			out = append(out, w)
		}
	}
	return strings.Join(out, " ")
}

// endSession ends one of the owner's sessions, or all but this one.
func (s *site) endSession(w http.ResponseWriter, r *http.Request, v *visit) error {
	var err error
	if v.form.Get("others") == "true" {
		err = s.Accounts.EndOtherSessions(r.Context(), v.owner)
	} else {
		err = s.Accounts.EndSession(r.Context(), v.owner, v.form.Get("session"))
	}
	if err != nil {
		return err
	}
	return lead(w, v, pathDevices, "ended")
}
