package session

import (
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/realm"
)

// The functions here say when sessions, grants and tokens end, as Keycloak's SessionExpirationUtils
// does. A session ends when it was idle for too long or has lived its longest life; a grant ends
// with its session at the latest, and a token with its grant. Times are whole seconds, as tokens
// and Keycloak count them.

// Expires is when the session ends unless it is used before.
func (s *Session) Expires(r *realm.Realm) time.Time {
	idle := longer(r.Lifespans.SessionIdle, s.Remember, r.Lifespans.SessionIdleRemember)
	if s.Offline {
		idle = r.Lifespans.OfflineIdle
	}
	return earlier(seconds(s.LastAccess).Add(idle), s.Ends(r))
}

// Expired tells whether the session is over.
func (s *Session) Expired(r *realm.Realm, now time.Time) bool { return !s.Expires(r).After(now) }

// Ends is when the session has lived its longest life; zero where it has none, as offline sessions
// by default.
func (s *Session) Ends(r *realm.Realm) time.Time {
	l := &r.Lifespans
	switch {
	case !s.Offline:
		return seconds(s.Started).Add(longer(l.SessionMax, s.Remember, l.SessionMaxRemember))
	case l.OfflineMaxEnabled:
		return seconds(s.Started).Add(l.OfflineMax)
	}
	return time.Time{}
}

// Expires is when the grant of client c in session s ends unless it is used before. The session's
// own idle time is not in it: ask the session too.
func (g *Grant) Expires(r *realm.Realm, c *realm.Client, s *Session) time.Time {
	return earlier(seconds(g.LastAccess).Add(idle(r, c, s)), g.end(r, c, s))
}

// Expired tells whether the grant is over, though its session may live on.
func (g *Grant) Expired(r *realm.Realm, c *realm.Client, s *Session, now time.Time) bool {
	return !g.Expires(r, c, s).After(now)
}

// idle is how long a grant of c may be left unused.
func idle(r *realm.Realm, c *realm.Client, s *Session) time.Duration {
	l := &r.Lifespans
	if s.Offline {
		return first(c.Tokens.OfflineIdle, l.ClientOfflineIdle, l.OfflineIdle)
	}
	return first(c.Tokens.SessionIdle, l.ClientIdle, longer(l.SessionIdle, s.Remember, l.SessionIdleRemember))
}

// end is when the grant has lived its longest life; zero where it has none.
func (g *Grant) end(r *realm.Realm, c *realm.Client, s *Session) time.Time {
	l, last := &r.Lifespans, s.Ends(r)
	switch {
	case !s.Offline:
		own := first(c.Tokens.SessionMax, l.ClientMax, longer(l.SessionMax, s.Remember, l.SessionMaxRemember))
		return earlier(seconds(g.Started).Add(own), last)
	case l.OfflineMaxEnabled:
		return earlier(seconds(g.Started).Add(first(c.Tokens.OfflineMax, l.ClientOfflineMax, l.OfflineMax)), last)
	}
	return time.Time{}
}

// AccessExpires is when an access token ends that c gets now under grant g of session s. A session
// or grant that is not kept counts as one that starts now, so that the tokens of service accounts
// have the limits of sessions too.
func AccessExpires(r *realm.Realm, c *realm.Client, s *Session, g *Grant, now time.Time) time.Time {
	life := r.Lifespans.AccessToken
	if own := c.Tokens.Lifespan; own.Set {
		life = own.Value
	}
	last := g.end(r, c, s)
	if life < 0 { // as long as the session
		if !last.IsZero() {
			return last
		}
		life = r.Lifespans.AccessToken
	}
	return earlier(seconds(now).Add(life), last)
}

// RefreshExpires is when a refresh token ends that c gets now under grant g of session s; zero for
// offline tokens of a realm without a longest life of offline sessions: they do not say when.
func RefreshExpires(r *realm.Realm, c *realm.Client, s *Session, g *Grant, now time.Time) time.Time {
	last := g.end(r, c, s)
	if last.IsZero() {
		return last
	}
	return earlier(seconds(now).Add(idle(r, c, s)), last)
}

// first is the client's own value, where it is set and a limit at all, or else the first of the
// realm's values that is.
func first(own realm.Override, values ...time.Duration) time.Duration {
	if own.Set && own.Value > 0 {
		return own.Value
	}
	for _, v := range values {
		if v > 0 {
			return v
		}
	}
	return 0
}

// longer is the lifespan of sessions, or that of remembered ones where that applies and is longer.
func longer(plain time.Duration, remember bool, remembered time.Duration) time.Duration {
	if remember {
		return max(plain, remembered)
	}
	return plain
}

// earlier is the first of two times, of which a zero one never comes.
func earlier(a, b time.Time) time.Time {
	if b.IsZero() || !a.IsZero() && a.Before(b) {
		return a
	}
	return b
}

// seconds cuts a time to whole seconds.
func seconds(t time.Time) time.Time { return t.Truncate(time.Second) }
