package session_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/session"
)

const second = time.Second

// times is the realm of the recorded scenario token/lifetimes.
func times() realm.Lifespans {
	return realm.Lifespans{
		AccessToken: 120 * second, SessionIdle: 1000 * second, SessionMax: 5000 * second,
		OfflineIdle: 20000 * second, OfflineMax: 30000 * second,
	}
}

func own(n int) realm.Override {
	return realm.Override{Set: true, Value: time.Duration(n) * second}
}

func TestTokensExpire(t *testing.T) {
	tests := map[string]struct {
		realm   func(*realm.Lifespans)
		client  realm.ClientTokens
		session session.Session // Started and LastAccess are seconds before noon
		age     time.Duration   // of session and grant
		access  int             // seconds from now
		refresh int             // likewise; -1: never
	}{
		"realm":                           {access: 120, refresh: 1000},
		"own lifespan":                    {client: realm.ClientTokens{Lifespan: own(45)}, access: 45, refresh: 1000},
		"own lifespan beyond the session": {client: realm.ClientTokens{Lifespan: own(9000)}, access: 5000, refresh: 1000},
		"as long as the session":          {client: realm.ClientTokens{Lifespan: own(-1)}, access: 5000, refresh: 1000},
		"as long as the session, later":   {client: realm.ClientTokens{Lifespan: own(-1)}, age: 4700 * second, access: 300, refresh: 300},
		"own idle and maximum":            {client: realm.ClientTokens{SessionIdle: own(300), SessionMax: own(600)}, access: 120, refresh: 300},
		"own maximum caps the token":      {client: realm.ClientTokens{SessionMax: own(60), Lifespan: own(90)}, access: 60, refresh: 60},
		"own maximum, a second later":     {client: realm.ClientTokens{SessionMax: own(60), Lifespan: own(90)}, age: second, access: 59, refresh: 59},
		"own maximum beyond the session":  {client: realm.ClientTokens{SessionMax: own(99999), SessionIdle: own(99999)}, access: 120, refresh: 5000},
		"own values that are no limits":   {client: realm.ClientTokens{SessionMax: own(0), SessionIdle: own(-1)}, access: 120, refresh: 1000},
		"clients of the realm": {realm: func(l *realm.Lifespans) {
			l.AccessToken, l.ClientIdle, l.ClientMax = 500*second, 111*second, 222*second
		},
			access: 222, refresh: 111},
		"own values before the realm's for clients": {realm: func(l *realm.Lifespans) {
			l.AccessToken, l.ClientIdle, l.ClientMax = 500*second, 111*second, 222*second
		},
			client: realm.ClientTokens{SessionIdle: own(300), SessionMax: own(600)}, access: 500, refresh: 300},
		"maximum below idle": {realm: func(l *realm.Lifespans) { l.SessionIdle, l.SessionMax = 400*second, 300*second }, access: 120, refresh: 300},
		"remembered": {realm: func(l *realm.Lifespans) { l.SessionIdleRemember, l.SessionMaxRemember = 7000*second, 9000*second },
			session: session.Session{Remember: true}, access: 120, refresh: 7000},
		"remembered, with no longer limits": {session: session.Session{Remember: true}, access: 120, refresh: 1000},
		"not remembered": {realm: func(l *realm.Lifespans) { l.SessionIdleRemember, l.SessionMaxRemember = 7000*second, 9000*second },
			access: 120, refresh: 1000},
		"offline":                           {session: session.Session{Offline: true}, age: 40000 * second, access: 120, refresh: -1},
		"offline, as long as the session":   {session: session.Session{Offline: true}, client: realm.ClientTokens{Lifespan: own(-1)}, access: 120, refresh: -1},
		"offline, own idle, no maximum":     {session: session.Session{Offline: true}, client: realm.ClientTokens{OfflineIdle: own(7000)}, access: 120, refresh: -1},
		"offline with a maximum":            {realm: func(l *realm.Lifespans) { l.OfflineMaxEnabled = true }, session: session.Session{Offline: true}, access: 120, refresh: 20000},
		"offline near its maximum":          {realm: func(l *realm.Lifespans) { l.OfflineMaxEnabled = true }, session: session.Session{Offline: true}, age: 29990 * second, access: 10, refresh: 10},
		"offline with own maximum":          {realm: func(l *realm.Lifespans) { l.OfflineMaxEnabled = true }, session: session.Session{Offline: true}, client: realm.ClientTokens{OfflineMax: own(50)}, access: 50, refresh: 50},
		"offline with a maximum of clients": {realm: func(l *realm.Lifespans) { l.OfflineMaxEnabled, l.ClientOfflineMax = true, 70*second }, session: session.Session{Offline: true}, access: 70, refresh: 70},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r := &realm.Realm{Settings: realm.Settings{Lifespans: times()}}
			if tt.realm != nil {
				tt.realm(&r.Lifespans)
			}
			c := &realm.Client{Tokens: tt.client}
			now := noon.Add(300 * time.Millisecond)
			s := tt.session
			s.Started = now.Add(-tt.age)
			g := session.Grant{Started: s.Started, LastAccess: now}

			if got := session.AccessExpires(r, c, &s, &g, now).Sub(noon); got != time.Duration(tt.access)*second {
				t.Errorf("access token lives %v, want %d s", got, tt.access)
			}
			got := session.RefreshExpires(r, c, &s, &g, now)
			if tt.refresh < 0 {
				if !got.IsZero() {
					t.Errorf("refresh token expires at %v, want never", got)
				}
			} else if got.Sub(noon) != time.Duration(tt.refresh)*second {
				t.Errorf("refresh token lives %v, want %d s", got.Sub(noon), tt.refresh)
			}
		})
	}
}

func TestExpired(t *testing.T) {
	r := &realm.Realm{Settings: realm.Settings{Lifespans: times()}}
	c := &realm.Client{Tokens: realm.ClientTokens{SessionIdle: own(300), OfflineIdle: own(400)}}
	at := func(s int) time.Time { return noon.Add(time.Duration(s) * second) }
	tests := map[string]struct {
		session    session.Session
		grant      session.Grant
		now        int
		over, mine bool // the session, the grant
	}{
		"in use":               {session.Session{Started: at(0), LastAccess: at(100)}, session.Grant{Started: at(0), LastAccess: at(100)}, 101, false, false},
		"just before idle":     {session.Session{Started: at(0), LastAccess: at(0)}, session.Grant{Started: at(0), LastAccess: at(900)}, 999, false, false},
		"idle":                 {session.Session{Started: at(0), LastAccess: at(0)}, session.Grant{Started: at(0), LastAccess: at(900)}, 1000, true, false},
		"client idle":          {session.Session{Started: at(0), LastAccess: at(300)}, session.Grant{Started: at(0), LastAccess: at(0)}, 300, false, true},
		"at its maximum":       {session.Session{Started: at(0), LastAccess: at(4999)}, session.Grant{Started: at(0), LastAccess: at(4999)}, 5000, true, true},
		"offline lives longer": {session.Session{Offline: true, Started: at(0), LastAccess: at(0)}, session.Grant{Offline: true, Started: at(0), LastAccess: at(0)}, 399, false, false},
		"offline client idle":  {session.Session{Offline: true, Started: at(0), LastAccess: at(0)}, session.Grant{Offline: true, Started: at(0), LastAccess: at(0)}, 400, false, true},
		"offline idle":         {session.Session{Offline: true, Started: at(0), LastAccess: at(0)}, session.Grant{Offline: true, Started: at(0), LastAccess: at(19900)}, 20000, true, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := tt.session.Expired(r, at(tt.now)); got != tt.over {
				t.Errorf("session expired: %v, want %v", got, tt.over)
			}
			if got := tt.grant.Expired(r, c, &tt.session, at(tt.now)); got != tt.mine {
				t.Errorf("grant expired: %v, want %v", got, tt.mine)
			}
		})
	}
}

// No token outlives its session, whatever the settings are.
func TestTokensEndWithTheSession(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := func(name string) time.Duration {
			return time.Duration(rapid.IntRange(0, 10000).Draw(t, name)) * second
		}
		o := func(name string) realm.Override {
			return realm.Override{Set: rapid.Bool().Draw(t, name+"?"), Value: time.Duration(rapid.IntRange(-1, 10000).Draw(t, name)) * second}
		}
		r := &realm.Realm{Settings: realm.Settings{Lifespans: realm.Lifespans{
			AccessToken: d("access"), SessionIdle: d("idle"), SessionMax: d("max"),
			SessionIdleRemember: d("idle remembered"), SessionMaxRemember: d("max remembered"),
			ClientIdle: d("client idle"), ClientMax: d("client max"), OfflineIdle: d("offline idle"), OfflineMax: d("offline max"),
			OfflineMaxEnabled: true, ClientOfflineIdle: d("client offline idle"), ClientOfflineMax: d("client offline max"),
		}}}
		c := &realm.Client{Tokens: realm.ClientTokens{
			Lifespan: o("own access"), SessionIdle: o("own idle"), SessionMax: o("own max"), OfflineIdle: o("own offline idle"), OfflineMax: o("own offline max"),
		}}
		s := &session.Session{Started: noon, Offline: rapid.Bool().Draw(t, "offline"), Remember: rapid.Bool().Draw(t, "remember")}
		now := noon.Add(d("now"))
		g := &session.Grant{Started: noon.Add(d("grant")), LastAccess: now}
		s.LastAccess = now.Add(time.Hour * 1000) // never idle: what is left is the maximum

		longest := r.Lifespans.SessionMax
		switch {
		case s.Offline:
			longest = r.Lifespans.OfflineMax
		case s.Remember:
			longest = max(longest, r.Lifespans.SessionMaxRemember)
		}
		end := noon.Add(longest)
		if got := session.AccessExpires(r, c, s, g, now); got.After(end) {
			t.Fatalf("access token ends at %v, its session at %v", got, end)
		}
		if got := session.RefreshExpires(r, c, s, g, now); got.After(end) {
			t.Fatalf("refresh token ends at %v, its session at %v", got, end)
		}
	})
}
