package grant_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/flow/grant"
	"github.com/tokenhouse/tokenhouse/internal/store"
	"github.com/tokenhouse/tokenhouse/internal/store/storetest"
)

// mayAct lets a client's tokens say that a user may act.
func mayAct(userID string) func(*realm.Client) {
	return func(c *realm.Client) {
		c.Mappers = append(c.Mappers[:len(c.Mappers):len(c.Mappers)], realm.Mapper{Key: "may-act", Name: "may-act", Kind: "oidc-hardcoded-claim-mapper",
			Protocol: "openid-connect", Config: map[string]string{"claim.name": "may_act.sub", "claim.value": userID,
				"access.token.claim": "true", "id.token.claim": "true"}})
	}
}

// actedBy puts an actor token into an exchange.
func actedBy(q grant.ExchangeRequest, actor string) grant.ExchangeRequest {
	q.ActorToken, q.ActorTokenType = &actor, ptr(string(oauth.TypeAccessToken))
	return q
}

// service is a token that a client got for itself.
func (w *world) service(client string) string {
	w.t.Helper()
	resp, err := w.clientCredentials(as(client))
	if err != nil {
		w.t.Fatal(err)
	}
	return resp.AccessToken
}

// actorOf is what "act" says of who acts by this token.
func (w *world) actorOf(compact string, before *token.Actor) *token.Actor {
	w.t.Helper()
	t := w.read(compact)
	return &token.Actor{Subject: t.Subject, Client: t.Client, Token: t.ID, Session: t.Session, Actor: before}
}

// Who acts stays in what is refreshed and exchanged again, the last around those before, and ends it all.
func TestDelegation(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		w := newWorldOn(t, st)
		w.client("refresher", func(c *realm.Client) { // its tokens are for gateway too
			c.Mappers = []realm.Mapper{{Key: "gateway", Name: "gateway", Kind: "oidc-audience-mapper", Protocol: "openid-connect",
				Config: map[string]string{"included.client.audience": "gateway", "access.token.claim": "true"}}}
		})
		subject, agent, desk := w.signIn("spa", "alice", "").AccessToken, w.service("refresher"), w.service("gateway")
		q := actedBy(swap("refresher", subject), agent)
		q.RequestedTokenType = ptr(string(oauth.TypeRefreshToken))
		first := w.exchange(q)
		ev := w.last()
		if ev.Kind != event.TokenExchange || ev.UserID != "alice" || ev.Get("actor") != "service-account-refresher" ||
			ev.Get("actor_id") != w.read(agent).Subject || ev.Get("actor_type") != "client" {
			t.Errorf("event %+v", ev)
		}
		again, err := w.refresh("refresher", first.RefreshToken)
		if err != nil {
			t.Fatal(err)
		}
		alone := w.exchange(swap("gateway", again.AccessToken))
		second := w.exchange(actedBy(swap("gateway", again.AccessToken), desk))

		one := w.actorOf(agent, nil)
		for name, tt := range map[string]struct {
			compact string
			want    *token.Actor
		}{
			"access token":               {first.AccessToken, one},
			"refresh token":              {first.RefreshToken, one},
			"refreshed":                  {again.AccessToken, one},
			"its refresh token":          {again.RefreshToken, one},
			"second hop":                 {alone.AccessToken, one},
			"second hop of another's":    {second.AccessToken, w.actorOf(desk, one)},
			"nobody in the subject":      {subject, nil},
			"nobody in the actor's own ": {agent, nil},
		} {
			if diff := cmp.Diff(tt.want, w.read(tt.compact).Actor); diff != "" {
				t.Errorf("%s: act (-want +got):\n%s", name, diff)
			}
		}

		w.later(time.Second)
		if err := w.store.Revoke(t.Context(), w.realm().Key, w.read(agent).ID, noon.Add(10*time.Hour)); err != nil {
			t.Fatal(err)
		}
		_, err = w.refresh("refresher", again.RefreshToken)
		w.refused(err, 400, oauth.InvalidGrant, "Invalid refresh token", "invalid_token")
		for _, compact := range []string{again.AccessToken, alone.AccessToken, second.AccessToken} {
			_, err = w.Exchange(t.Context(), swap("gateway", compact))
			w.refused(err, 400, oauth.InvalidRequest, "Invalid token", "invalid_token")
		}
		w.exchange(swap("gateway", subject)) // by which nobody acts
	})
}

// Who acts because they may impersonate does so as long as they may: what they can refresh ends with the right (T03).
func TestActorsRightIsAskedAgain(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		w := newWorldOn(t, st)
		w.client("refresher", func(c *realm.Client) {
			c.Mappers = []realm.Mapper{{Key: "self", Name: "self", Kind: "oidc-audience-mapper", Protocol: "openid-connect",
				Config: map[string]string{"included.client.audience": "refresher", "access.token.claim": "true"}}}
		})
		role := w.realm().Role(realm.RoleRef{Client: "realm-management", Name: "impersonation"}).Key
		w.user("bob", func(u *user.User) { u.Roles = append(u.Roles, role) })
		q := actedBy(swap("refresher", w.signIn("spa", "alice", "").AccessToken), w.signIn("refresher", "bob", "").AccessToken)
		q.RequestedTokenType = ptr(string(oauth.TypeRefreshToken))
		first := w.exchange(q)
		again, err := w.refresh("refresher", first.RefreshToken)
		if err != nil {
			t.Fatal(err)
		}
		w.user("bob", func(u *user.User) {
			u.Roles = slices.DeleteFunc(slices.Clone(u.Roles), func(key string) bool { return key == role })
		})
		_, err = w.refresh("refresher", again.RefreshToken)
		w.refused(err, 403, oauth.AccessDenied,
			"Token exchange not permitted: the actor is neither the service account of a client on the way nor may impersonate any more", "not_allowed")
		w.user("bob", func(u *user.User) { u.Roles = append(u.Roles, role) })
		if _, err = w.refresh("refresher", again.RefreshToken); err != nil {
			t.Errorf("with the right again: %v", err)
		}
	})
}

// Where the subject says who may act, nobody else does, and nothing is had by leaving them out (T11).
func TestMayActOnAStore(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		w := newWorldOn(t, st)
		w.client("spa", mayAct("bob"))
		subject := w.signIn("spa", "alice", "").AccessToken
		bob := w.signIn("gateway", "bob", "").AccessToken

		_, err := w.Exchange(t.Context(), swap("gateway", subject))
		w.refused(err, 403, oauth.AccessDenied, "Token exchange not permitted: the subject token names who may act, and no actor token came", "not_allowed")
		_, err = w.Exchange(t.Context(), actedBy(swap("gateway", subject), w.service("gateway")))
		w.refused(err, 403, oauth.AccessDenied, "Token exchange not permitted: the actor is not who the subject token says may act", "not_allowed")
		_, err = w.Exchange(t.Context(), actedBy(swap("gateway", subject), bob+"x"))
		w.refused(err, 400, oauth.InvalidRequest, "Invalid actor token", "invalid_token")

		got := w.read(w.exchange(actedBy(swap("gateway", subject), bob)).AccessToken)
		if diff := cmp.Diff(w.actorOf(bob, nil), got.Actor); diff != "" || got.MayAct == nil || got.MayAct.Subject != "bob" {
			t.Errorf("may_act %+v, act (-want +got):\n%s", got.MayAct, diff)
		}
		if ev := w.last(); ev.Get("actor") != "bob" || ev.Get("actor_type") != "user" || ev.Get("actor_session_id") != w.read(bob).Session {
			t.Errorf("event %+v", ev)
		}
		w.user("bob", func(u *user.User) { u.Enabled = false })
		_, err = w.Exchange(t.Context(), actedBy(swap("gateway", subject), bob))
		w.refused(err, 400, oauth.InvalidRequest, "Invalid actor token", "invalid_token")
	})
}

// Who impersonates is in the token, which is of no session.
func TestImpersonation(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		w := newWorldOn(t, st)
		as := func(subject, name string) grant.ExchangeRequest {
			q := swap("gateway", subject)
			q.RequestedSubject = &name
			return q
		}
		_, err := w.Exchange(t.Context(), as(w.signIn("gateway", "bob", "").AccessToken, "alice"))
		w.refused(err, 400, oauth.InvalidRequest, "Parameter 'requested_subject' is not supported for standard token exchange", "invalid_request")

		role := w.realm().Role(realm.RoleRef{Client: "realm-management", Name: "impersonation"}).Key
		w.user("bob", func(u *user.User) { u.Roles = append(u.Roles, role) })
		bob := w.signIn("gateway", "bob", "").AccessToken
		for _, name := range []string{"ALICE", "alice"} { // by username, by id
			resp := w.exchange(as(bob, name))
			got := w.read(resp.AccessToken)
			if diff := cmp.Diff(w.actorOf(bob, nil), got.Actor); diff != "" || got.Subject != "alice" || got.Session != "" || resp.RefreshToken+resp.IDToken != "" {
				t.Errorf("%s: %+v, act (-want +got):\n%s", name, resp, diff)
			}
			if ev := w.last(); ev.UserID != "alice" || ev.Session != "" || ev.Get("impersonator") != "bob" || ev.Get("requested_subject") != name {
				t.Errorf("%s: event %+v", name, ev)
			}
		}
		for _, name := range []string{"nobody", "carol", ""} { // carol is disabled
			_, err := w.Exchange(t.Context(), as(bob, name))
			w.refused(err, 403, oauth.AccessDenied, "Client not allowed to exchange", "not_allowed")
		}
		_, err = w.Exchange(t.Context(), as(w.exchange(as(bob, "alice")).AccessToken, "bob"))
		w.refused(err, 400, oauth.InvalidRequest, "Parameter 'requested_subject' is not supported for standard token exchange", "invalid_request")
	})
}
