package keycloak

import (
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/session"
)

// FromSession is the representation of a session with the grants in it, as lists of a user's sessions
// have it.
func FromSession(r *realm.Realm, s session.Session, grants []session.Grant) Object {
	clients := map[string]string{}
	for _, g := range grants {
		if c := r.ClientByKey(g.Client); c != nil {
			clients[c.Key] = c.ID
		}
	}
	o := Object{}
	o.Put("id", s.ID)
	o.Put("userId", s.UserID)
	o.Put("username", s.Username)
	o.Put("ipAddress", s.Address)
	o.Put("start", wholeSeconds(s.Started))
	o.Put("lastAccess", wholeSeconds(s.LastAccess))
	o.Put("rememberMe", s.Remember)
	o.Put("transientUser", false)
	o.Put("clients", clients)
	return o
}

// FromClientSession is FromSession as lists of a client's sessions have it: lastAccess is that of the
// client.
func FromClientSession(r *realm.Realm, s session.Session, grants []session.Grant, clientKey string) Object {
	for _, g := range grants {
		if g.Client == clientKey {
			s.LastAccess = g.LastAccess
		}
	}
	return FromSession(r, s, grants)
}

// wholeSeconds is a time in milliseconds, cut to seconds as Keycloak counts sessions.
func wholeSeconds(t time.Time) int64 { return t.Unix() * 1000 }
