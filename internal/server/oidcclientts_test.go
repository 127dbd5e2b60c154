package server_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/tokenhouse/tokenhouse/internal/browsertest"
)

// oidcClientTS signs people in by oidc-client-ts, in a browser: by redirect, silently, by refresh token; it watches
// the session, and signs out.
func oidcClientTS(t *testing.T, dir string) {
	site := httptest.NewUnstartedServer(nil)
	page := local("localhost", site.Listener.Addr().String())
	_, base := start(t, databases[0].open(t), map[string][]byte{"harbour.json": []byte(strings.ReplaceAll(harbour, "https://deck.test", page))})
	base = local("localhost", base)
	site.Config.Handler = http.FileServer(http.Dir(fitted(t, dir, "http://localhost:8080", base)))
	site.Start()
	t.Cleanup(site.Close)
	b := browsertest.Open(t)
	b.Do(chromedp.Navigate(page))
	signIn := func() {
		t.Helper()
		browsertest.Settled[bool](b, "ready.then(() => { setTimeout(() => manager.signinRedirect()); return true; })")
		b.SignIn("alice", "alice-password")
		if got := browsertest.Settled[string](b, "ready.then((user) => user.profile.email)"); got != "alice@example.org" {
			t.Fatalf("signed in as %q", got)
		}
	}
	signIn()
	if !browsertest.Evaluate[bool](b, "ready.then(async (user) => (await manager.signinSilent()).access_token !== user.access_token)") {
		t.Error("the refresh token brings no other token")
	}
	if !browsertest.Evaluate[bool](b, `ready.then(async (user) => {
			await manager.removeUser(); // what is left is the session at the server
			return (await manager.signinSilent()).profile.sub === user.profile.sub;
		})`) {
		t.Error("no silent sign-in by the session")
	}

	other := b.Another(b.T)
	other.Do(chromedp.Navigate(base+"/realms/harbour/protocol/openid-connect/logout"), chromedp.Submit("form"), chromedp.WaitNotPresent("form"))
	browsertest.Settled[bool](b, "ended || Promise.reject()") // by the frame of the server

	browsertest.Evaluate[bool](b, "manager.removeUser().then(() => true)")
	signIn()
	browsertest.Settled[bool](b, "ready.then(() => { setTimeout(() => manager.signoutRedirect()); return true; })")
	browsertest.Settled[bool](b, "ready.then((user) => user === null || Promise.reject())") // back, and nobody is signed in
	if got := browsertest.Evaluate[string](b, "ready.then(() => manager.signinSilent()).then(() => 'signed in', (e) => e.error)"); got != "login_required" {
		t.Errorf("after signing out: %s", got)
	}
}
