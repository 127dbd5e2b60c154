package account

import (
	"cmp"
	"net/http"
	"slices"

	"github.com/tokenhouse/tokenhouse/internal/core/session"
	"github.com/tokenhouse/tokenhouse/internal/flow/account"
	"github.com/tokenhouse/tokenhouse/internal/flow/people"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
	"github.com/tokenhouse/tokenhouse/internal/web/admin/rest"
)

// signedIn is a session as people see it. Times are Unix seconds.
type signedIn struct {
	ID         string        `json:"id"`
	Address    string        `json:"ipAddress"`
	Started    int64         `json:"started"`
	LastAccess int64         `json:"lastAccess"`
	Expires    int64         `json:"expires"`
	Clients    []application `json:"clients"`
	Browser    string        `json:"browser"`
	Current    bool          `json:"current,omitempty"`
}

// device is a kind of device with the sessions there.
type device struct {
	OS         string     `json:"os"`
	OSVersion  string     `json:"osVersion"`
	Device     string     `json:"device"`
	LastAccess int64      `json:"lastAccess"`
	Current    bool       `json:"current,omitempty"`
	Sessions   []signedIn `json:"sessions"`
	Mobile     bool       `json:"mobile"`
}

// sessions lists where the owner is signed in.
func (s *site) sessions(w http.ResponseWriter, r *http.Request, o *account.Owner) error {
	out := []signedIn{}
	err := s.eachSession(r, o, func(_ session.Agent, one signedIn) { out = append(out, one) })
	if err != nil {
		return err
	}
	return rest.JSON(w, out)
}

// devices lists where the owner is signed in, by operating system.
func (s *site) devices(w http.ResponseWriter, r *http.Request, o *account.Owner) error {
	out := []device{}
	err := s.eachSession(r, o, func(agent session.Agent, one signedIn) {
		i := slices.IndexFunc(out, func(d device) bool { return d.OS == agent.OS && d.OSVersion == agent.OSVersion })
		if i < 0 {
			i = len(out)
			out = append(out, device{OS: agent.OS, OSVersion: agent.OSVersion, Device: agent.Device, Mobile: agent.Mobile})
		}
		d := &out[i]
		d.Current = d.Current || one.Current
		d.LastAccess = max(d.LastAccess, one.LastAccess)
		d.Sessions = append(d.Sessions, one)
	})
	if err != nil {
		return err
	}
	return rest.JSON(w, out)
}

// eachSession calls visit for each session of the owner, with where they signed in.
func (s *site) eachSession(r *http.Request, o *account.Owner, visit func(session.Agent, signedIn)) error {
	all, err := s.Accounts.SignedIn(r.Context(), o)
	if err != nil {
		return err
	}
	about, err := s.Accounts.About(r.Context(), o, clientsOf(all))
	if err != nil {
		return err
	}
	for _, one := range all {
		agent := session.AgentOf(one.Notes[session.NoteAgent])
		visit(agent, signedIn{ID: one.ID, Address: one.Address, Started: one.Started.Unix(), LastAccess: one.LastAccess.Unix(),
			Expires: one.Ends(o.Realm).Unix(), Clients: partsOf(o, one, about), Browser: agent.Browser, Current: o.Current(one.ID)})
	}
	return nil
}

// clientsOf are the keys of the clients that have a part in sessions.
func clientsOf(all []people.Signed) []string {
	var keys []string
	for _, s := range all {
		for _, g := range s.Grants {
			keys = append(keys, g.Client)
		}
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

// partsOf are the clients that have a part in a session, by their names.
func partsOf(o *account.Owner, s people.Signed, about map[string]keycloak.Application) []application {
	out := []application{}
	for _, g := range s.Grants {
		if c := o.Realm.ClientByKey(g.Client); c != nil {
			out = append(out, application{ClientID: c.ID, Name: about[c.Key].Name})
		}
	}
	slices.SortFunc(out, func(a, b application) int { return cmp.Compare(a.ClientID, b.ClientID) })
	return out
}

// endSessions ends the owner's other sessions, or with current=true all of them.
func (s *site) endSessions(w http.ResponseWriter, r *http.Request, o *account.Owner) error {
	end := s.Accounts.EndOtherSessions
	if r.URL.Query().Get("current") == "true" {
		end = s.Accounts.EndAllSessions
	}
	return rest.Done(w, end(r.Context(), o))
}

func (s *site) endSession(w http.ResponseWriter, r *http.Request, o *account.Owner) error {
	return rest.Done(w, s.Accounts.EndSession(r.Context(), o, r.PathValue("session")))
}
