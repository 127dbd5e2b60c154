package signout_test

import (
	"net/url"
	"testing"

	"github.com/tokenhouse/tokenhouse/internal/core/page"
	"github.com/tokenhouse/tokenhouse/internal/flow/authorize"
	"github.com/tokenhouse/tokenhouse/internal/flow/signout"
)

// back brings the browser back from a provider.
func (b *browser) back(state string) *authorize.Outcome {
	b.w.t.Helper()
	o, err := b.w.Returned(b.w.t.Context(), signout.ReturnRequest{Call: b.call(), State: state})
	if err != nil {
		b.w.t.Fatal(err)
	}
	b.keep(o.Cookies)
	return o
}

func stateOf(t *testing.T, address string) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil || u.Host != "up.example" {
		t.Fatalf("%q does not lead to the provider: %v", address, err)
	}
	return u.Query().Get("state")
}

// TestLogoutAtTheProvider: the browser goes there with its session over, and on to where the client wanted when it
// comes back with the state, once.
func TestLogoutAtTheProvider(t *testing.T) {
	w := newWorld(t)
	w.from = map[string]string{"s1": "https://up.example/out"}
	b := w.browser()
	b.signIn("s1", "alice", "site")
	left := b.logout(w.hint("site", "alice", "s1"), "", "https://site.example/bye", "st")
	if !w.over("s1") {
		t.Error("the session goes on while the browser is away")
	}
	state := stateOf(t, left.Redirect)

	other := w.browser()
	if o := other.back(state); o.Status != 400 {
		t.Errorf("another browser comes back: %+v", o)
	}
	if o := b.back("made-up"); o.Status != 400 {
		t.Errorf("a made-up state: %+v", o)
	}
	if o := b.back(state); o.Redirect != "https://site.example/bye?state=st" {
		t.Errorf("%+v", o)
	}
	if b.cookies[authorize.CookieIdentity] != "" {
		t.Error("the browser still has its cookie")
	}
	if o := b.back(state); o.Status != 400 {
		t.Errorf("the state is good twice: %+v", o)
	}
}

// TestLogoutAtTheProviderWithFrontChannel tells clients first, by a page that leads on to the provider.
func TestLogoutAtTheProviderWithFrontChannel(t *testing.T) {
	w := newWorld(t)
	w.from = map[string]string{"s1": "https://up.example/out"}
	b := w.browser()
	b.signIn("s1", "alice", "site", "front")
	o := b.logout(w.hint("site", "alice", "s1"), "", "", "")
	p, ok := o.Page.(page.FrontChannelLogout)
	if !ok || len(p.Clients) != 1 {
		t.Fatalf("%+v", o)
	}
	if o := b.back(stateOf(t, p.NextURL)); o.Page == nil || o.Page.Page() != "login-info" {
		t.Errorf("%+v", o)
	}
}

// TestLogoutPageIsNoReturn: the page that asks whether to sign out cannot be passed by as if the browser came back.
func TestLogoutPageIsNoReturn(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	b.signIn("s1", "alice", "site")
	p, ok := b.logout("", "site", "https://site.example/bye", "").Page.(page.LogoutConfirm)
	if !ok {
		t.Fatal("nobody is asked")
	}
	u, err := url.Parse(p.Action)
	if err != nil {
		t.Fatal(err)
	}
	if o := b.back(u.Query().Get("tab_id")); o.Status != 400 {
		t.Errorf("%+v", o)
	}
	if w.over("s1") {
		t.Error("the session is over")
	}
}
