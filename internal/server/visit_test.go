package server_test

import (
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
)

// visits are what visitors of the market come for. Each knows every answer beforehand.
var visits = []func(v *visitor){
	(*visitor).look,
	(*visitor).shop,
	(*visitor).serve,
	(*visitor).stray,
	(*visitor).steal,
	(*visitor).double,
	(*visitor).takeBack,
	(*visitor).stayOffline,
	(*visitor).knockAsOutsider,
	(*visitor).knockAsBob,
}

func (v *visitor) visit(what func(v *visitor)) { what(v) }

// The requests that visits are made of.

func (v *visitor) signIn(scope string) answer {
	v.Helper()
	return v.ask(200, event.Login, "token",
		as("app", "grant_type", "password", "username", v.name, "password", v.name+"-password", "scope", scope))
}

func (v *visitor) refresh(want int, client, compact string) answer {
	v.Helper()
	return v.ask(want, event.RefreshToken, "token", as(client, "grant_type", "refresh_token", "refresh_token", compact))
}

func (v *visitor) exchange(want int, subject string, p ...string) answer {
	v.Helper()
	return v.ask(want, event.TokenExchange, "token",
		as("gateway", append(p, "grant_type", grantExchange, "subject_token", subject, "subject_token_type", typeAccess)...))
}

// active asks a client that the token is for.
func (v *visitor) active(want bool, client, compact string) answer {
	v.Helper()
	q := v.ask(200, event.IntrospectToken, "token/introspect", as(client, "token", compact))
	if q.members["active"] != want {
		v.Errorf("%s: introspection says %s, want active %v", v.name, q.text, want)
	}
	return q
}

func (v *visitor) userinfo(want int, compact string) answer {
	v.Helper()
	q := v.try(event.UserInfoRequest, "userinfo", nil, compact)
	v.expect(q, want, "userinfo", nil)
	return q
}

func (v *visitor) revoke(client, compact string) {
	v.Helper()
	v.ask(200, event.RevokeGrant, "revoke", as(client, "token", compact))
}

func (v *visitor) signOut(compact string) {
	v.Helper()
	v.ask(204, event.Logout, "logout", as("app", "refresh_token", compact))
}

// look reads what everybody may.
func (v *visitor) look() {
	for _, path := range []string{"", "/.well-known/openid-configuration", "/protocol/openid-connect/certs"} {
		q := v.try("", path, nil, "")
		v.expect(q, 200, path, nil)
	}
}

// shop signs in, uses the tokens for all that they are good for, and signs out: then they are good for
// nothing.
func (v *visitor) shop() {
	first := v.signIn("openid")
	access := first.get("access_token")
	info := v.userinfo(200, access)
	if q := v.active(true, "gateway", access); q.get("sub") != info.get("sub") || q.get("username") != v.name {
		v.Errorf("%s got somebody else's token: %s", v.name, q.text)
	}
	narrow := v.exchange(200, access, "audience", "orders").get("access_token")
	if q := v.active(true, "orders", narrow); q.members["aud"] != "orders" || q.get("sub") != info.get("sub") {
		v.Errorf("%s exchanged a token to %s", v.name, q.text)
	}
	next := v.refresh(200, "app", first.get("refresh_token"))
	v.active(true, "gateway", access) // a refresh takes nothing from the access token before it
	v.signOut(next.get("refresh_token"))
	v.refresh(400, "app", next.get("refresh_token"))
	v.userinfo(401, next.get("access_token"))
	v.active(false, "gateway", access)
	v.active(false, "orders", narrow)
	v.exchange(400, access)
}

// serve is what a service does for itself, with no session.
func (v *visitor) serve() {
	access := v.ask(200, event.ClientLogin, "token", as("gateway", "grant_type", "client_credentials")).get("access_token")
	v.active(true, "gateway", access)
	narrow := v.exchange(200, access, "audience", "orders").get("access_token")
	v.active(true, "orders", narrow)
	v.revoke("gateway", access)
	v.active(false, "gateway", access)
	v.exchange(400, access)
}

// stray brings what is wrong.
func (v *visitor) stray() {
	password := as("app", "grant_type", "password", "username", v.name, "password", "wrong")
	v.ask(400, event.Login, "token", password)
	wrong := as("gateway", "grant_type", "client_credentials")
	wrong.Set("client_secret", "wrong")
	v.ask(401, event.ClientLogin, "token", wrong)
	v.ask(401, event.ClientLogin, "token", as("nobody", "grant_type", "client_credentials"))
	v.ask(400, event.RevokeGrant, "revoke", as("app"))
	v.refresh(400, "app", "rubbish")
	v.exchange(400, "rubbish")
	v.active(false, "gateway", "rubbish")
	v.userinfo(401, "rubbish")
}

// steal uses a refresh token that was used before: nobody's is good any more. The session goes on without
// anybody in it, as in Keycloak.
func (v *visitor) steal() {
	first := v.signIn("openid")
	next := v.refresh(200, "app", first.get("refresh_token"))
	last := v.refresh(200, "app", next.get("refresh_token"))
	v.refresh(400, "app", first.get("refresh_token"))
	v.refresh(400, "app", last.get("refresh_token"))
	v.userinfo(401, last.get("access_token"))
	v.left++
}

// double uses a refresh token twice at the same moment: one of the two is granted.
func (v *visitor) double() {
	first := v.signIn("openid")
	form := as("app", "grant_type", "refresh_token", "refresh_token", first.get("refresh_token"))
	var granted atomic.Int64
	var both sync.WaitGroup
	for range 2 {
		both.Go(func() {
			if q := v.try(event.RefreshToken, "token", form, ""); q.status == http.StatusOK {
				granted.Add(1)
			}
		})
	}
	both.Wait()
	if granted.Load() != 1 {
		v.Errorf("%s used a refresh token twice at once: %d granted", v.name, granted.Load())
	}
	v.left++
}

// takeBack revokes an access token, and then a refresh token: with it goes what was exchanged from its
// session, and as nobody is left in the session, that too.
func (v *visitor) takeBack() {
	first := v.signIn("openid")
	long := v.exchange(200, first.get("access_token"), "requested_token_type", typeRefresh)
	long = v.refresh(200, "gateway", long.get("refresh_token"))
	v.revoke("app", first.get("access_token"))
	v.userinfo(401, first.get("access_token"))
	v.refresh(400, "gateway", long.get("refresh_token"))
	next := v.refresh(200, "app", first.get("refresh_token"))
	v.userinfo(200, next.get("access_token"))
	v.revoke("app", next.get("refresh_token"))
	v.userinfo(401, next.get("access_token"))
	v.refresh(400, "app", next.get("refresh_token"))
}

// stayOffline has an offline session for a while.
func (v *visitor) stayOffline() {
	first := v.signIn("openid offline_access")
	next := v.refresh(200, "app", first.get("refresh_token"))
	v.userinfo(200, next.get("access_token"))
	v.signOut(next.get("refresh_token"))
	v.refresh(400, "app", next.get("refresh_token"))
	v.active(false, "gateway", next.get("access_token"))
}

// knockAsOutsider asks for tokens of a client that is switched off now and then.
func (v *visitor) knockAsOutsider() {
	v.knock(&v.outsider, 401, event.ClientLogin, as("outsider", "grant_type", "client_credentials"))
}

// knockAsBob signs in as a user who is switched off now and then.
func (v *visitor) knockAsBob() {
	v.knock(&v.bob, 400, event.Login, as("app", "grant_type", "password", "username", "bob", "password", "bob-password"))
}

// knock asks some times. Where nothing was switched meanwhile the answer must be what the switch says.
func (v *visitor) knock(at *toggle, refused int, kind event.Kind, form url.Values) {
	for range 5 {
		var q answer
		on, known := at.during(func() { q = v.try(kind, "token", form, "") })
		want := http.StatusOK
		if !on {
			want = refused
		}
		if known && q.status != want || q.status != http.StatusOK && q.status != refused {
			v.Errorf("%s %s: %v; switched on %v, for sure %v", kind, form.Get("client_id"), q, on, known)
		}
	}
}
