package signout_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/page"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
	"github.com/tokenhouse/tokenhouse/internal/flow/authorize"
)

const bye = "https://site.example/bye"

func TestLogoutWithAHint(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	b.signIn("s1", "alice", "site", "back")
	b.cookies[authorize.CookieRemember] = "username:alice"
	o := b.logout(w.hint("site", "alice", "s1"), "", bye, "a b")
	if o.Redirect != bye+"?state=a+b" {
		t.Errorf("leads to %q", o.Redirect)
	}
	if !w.over("s1") {
		t.Error("the session goes on")
	}
	if diff := cmp.Diff([]string{"https://back.example/out logout+jwt  back alice "}, w.post.sent); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
	for _, name := range []string{authorize.CookieIdentity, authorize.CookieSession, authorize.CookieRemember} {
		if _, has := b.cookies[name]; has {
			t.Errorf("the browser keeps %s", name)
		}
	}
	if e := w.events[len(w.events)-1]; e.Kind != event.Logout || e.UserID != "alice" || e.Session != "s1" || e.Client != "site" || e.Get("redirect_uri") != bye {
		t.Errorf("event %+v", e)
	}
	if o := b.logout(w.hint("site", "alice", "s1"), "", bye, ""); o.Redirect != bye {
		t.Errorf("a second time it leads to %q", o.Redirect)
	}
}

func TestLogoutWithoutTheBrowsersCookies(t *testing.T) {
	w := newWorld(t)
	w.browser().signIn("s1", "alice", "site")
	o := w.browser().logout(w.hint("site", "alice", "s1"), "", "", "")
	if p, ok := o.Page.(page.Info); !ok || p.Message.Key != "successLogout" || p.Back.URL != "https://site.example/" {
		t.Errorf("shows %+v", o.Page)
	}
	if !w.over("s1") {
		t.Error("the session goes on")
	}
}

// A session that the user has beside ends when its own hint comes, but nobody's session ends by the token of another
// user: that is how a page would sign a visitor out.
func TestLogoutByAnotherUsersToken(t *testing.T) {
	w := newWorld(t)
	attacker, victim := w.browser(), w.browser()
	attacker.signIn("mine", "bob", "site")
	victim.signIn("theirs", "alice", "site")
	o := victim.logout(w.hint("site", "bob", "mine"), "", bye, "")
	if _, asked := o.Page.(page.LogoutConfirm); !asked || w.over("theirs") {
		t.Errorf("the victim sees %+v, signed out: %v", o, w.over("theirs"))
	}
	if victim.cookies[authorize.CookieIdentity] == "" {
		t.Error("the victim's cookies are gone")
	}
	// Nor does a token that mixes the session of one with the name of another.
	w.browser().logout(w.hint("site", "bob", "theirs"), "", "", "")
	if w.over("theirs") {
		t.Error("a token of another user ended the session")
	}
}

func TestLogoutAsks(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	b.signIn("s1", "alice", "site")
	p, ok := b.logout("", "site", bye, "s").Page.(page.LogoutConfirm)
	if !ok || p.Back.URL != "https://site.example/" || w.over("s1") {
		t.Fatalf("shows %+v, signed out: %v", p, w.over("s1"))
	}
	other, ok := b.logout("", "", "", "").Page.(page.LogoutConfirm) // in another tab
	if !ok {
		t.Fatal("does not ask")
	}
	if o := b.confirm(p, p.Code); o.Redirect != bye+"?state=s" || !w.over("s1") {
		t.Errorf("leads to %q, signed out: %v", o.Redirect, w.over("s1"))
	}
	if o := b.confirm(other, other.Code); o.Status != 400 {
		t.Errorf("a page from before is answered %+v", o)
	}
}

// Only the page that asked can bring its code: not one elsewhere, and not that of another browser.
func TestLogoutForgery(t *testing.T) {
	w := newWorld(t)
	victim, attacker := w.browser(), w.browser()
	victim.signIn("s1", "alice", "site")
	theirs := victim.logout("", "", "", "").Page.(page.LogoutConfirm)
	own := attacker.logout("", "", "", "").Page.(page.LogoutConfirm)
	for name, try := range map[string]struct {
		page page.LogoutConfirm
		code string
	}{
		"no code":                  {theirs, ""},
		"a guess":                  {theirs, "guess"},
		"the attacker's":           {theirs, own.Code},
		"the attacker's page":      {own, own.Code},
		"without a page":           {page.LogoutConfirm{Form: page.Form{Action: "/"}}, theirs.Code},
		"the page of another code": {own, theirs.Code},
	} {
		o := victim.confirm(try.page, try.code)
		if p, ok := o.Page.(page.Error); !ok || o.Status != 400 || p.Message.Key != "failedLogout" || p.ID == "" || p.RetryTo == "" {
			t.Errorf("%s: %+v", name, o)
		}
		if w.over("s1") {
			t.Fatalf("%s: signed out", name)
		}
	}
	if victim.confirm(theirs, theirs.Code); !w.over("s1") {
		t.Error("the page itself does not sign out")
	}
}

func TestLogoutRefuses(t *testing.T) {
	w := newWorld(t)
	hint := w.hint("site", "alice", "s1")
	const invalidHint, invalidURI = "invalidParameterMessage", "invalidRedirectUriMessage"
	tests := map[string]struct {
		hint, client, to string
		want             string
		back             bool
	}{
		"an address of somebody else":      {hint, "", "https://evil.example/", invalidURI, true},
		"above the wildcard":               {hint, "", "https://site.example/left/../x", invalidURI, true},
		"a look-alike":                     {hint, "", "https://site.example.evil.example/bye", invalidURI, true},
		"a redirect URI":                   {hint, "", "https://site.example/cb", invalidURI, true},
		"a script":                         {hint, "", "javascript:alert(1)", invalidURI, true},
		"an address, and nobody's":         {"", "", bye, "missingParameterMessage", false},
		"an address of an unknown client":  {"", "stranger", bye, invalidURI, false},
		"of a client without addresses":    {"", "back", bye, invalidURI, false},
		"no token":                         {"abc", "", bye, invalidHint, false},
		"another client":                   {hint, "front", bye, invalidHint, false},
		"an access token":                  {w.hint("site", "alice", "s1", func(c *token.Claims) { c.Type = token.TypBearer }), "", bye, invalidHint, false},
		"a refresh token":                  {w.hint("site", "alice", "s1", func(c *token.Claims) { c.Type = token.TypRefresh }), "", bye, invalidHint, false},
		"a logout token":                   {w.hint("site", "alice", "s1", func(c *token.Claims) { c.Type = token.TypLogout }), "", bye, invalidHint, false},
		"of another issuer":                {w.hint("site", "alice", "s1", func(c *token.Claims) { c.Issuer = "https://evil.example/realms/shop" }), "", bye, invalidHint, false},
		"a token with another's signature": {hint[:len(hint)-6] + "AAAAAA", "", bye, invalidHint, false},
		"an unsigned token":                {"eyJhbGciOiJub25lIn0.eyJ0eXAiOiJJRCJ9.", "", bye, invalidHint, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			b := w.browser()
			b.signIn("s1", "alice", "site")
			o := b.logout(tt.hint, tt.client, tt.to, "")
			p, ok := o.Page.(page.Error)
			if !ok || o.Status != 400 || p.Message.Key != tt.want || (p.Back != "") != tt.back || p.ID == "" {
				t.Errorf("answered %+v", o)
			}
			if w.over("s1") {
				t.Error("signed out")
			}
			if e := w.events[len(w.events)-1]; e.Kind != event.Logout.Failed() {
				t.Errorf("event %+v", e)
			}
		})
	}
}

func TestLogoutWithNobodySignedIn(t *testing.T) {
	w := newWorld(t)
	if o := w.browser().logout("", "site", bye, "x"); o.Redirect != bye+"?state=x" {
		t.Errorf("leads to %q", o.Redirect)
	}
	if _, asks := w.browser().logout("", "", "", "").Page.(page.LogoutConfirm); !asks {
		t.Error("does not ask")
	}
}

func TestFrontChannel(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	b.signIn("s1", "alice", "site", "front", "plain")
	got := b.logout(w.hint("site", "alice", "s1"), "", bye, "f").Page
	want := page.FrontChannelLogout{NextURL: bye + "?state=f", Clients: []page.FrontChannelClient{
		{Name: "front", URL: "https://front.example/out?a=b&iss=https%3A%2F%2Fid.example%2Frealms%2Fshop&sid=s1"},
		{Name: "plain", URL: "https://plain.example/out"},
	}}
	if diff := cmp.Diff(page.Page(want), got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if !w.over("s1") {
		t.Error("the session goes on")
	}
}

// What was begun in a browser does not go on after it has signed out.
func TestLogoutForgetsWhatWasBegun(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	b.signIn("s1", "alice", "site")
	b.logout("", "", "", "")
	id := b.cookies[authorize.CookieBrowser]
	if _, err := w.store.Login(t.Context(), "shop-key", id); err != nil {
		t.Fatal(err)
	}
	b.logout(w.hint("site", "alice", "s1"), "", "", "")
	if _, err := w.store.Login(t.Context(), "shop-key", id); err == nil {
		t.Error("it is there still")
	}
}

// TestFrontChannelUnderPolicy: a client whose address no browser is to open is not told by one, and the session ends
// all the same.
func TestFrontChannelUnderPolicy(t *testing.T) {
	for name, c := range map[string]struct {
		condition realm.PolicyPart
		config    map[string][]string
		told      []string
	}{
		"everybody": {realm.PolicyPart{Kind: "any-client"}, nil, nil},
		"one of them": {realm.PolicyPart{Kind: "client-ids", Config: map[string][]string{"clientIds": {"front"}}},
			nil, []string{"plain"}},
		"allowed": {realm.PolicyPart{Kind: "any-client"}, map[string][]string{"allow-front-channel-logout": {"true"}}, []string{"front", "plain"}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.underPolicy(c.condition, realm.PolicyPart{Kind: "secure-logout", Config: c.config})
			b := w.browser()
			b.signIn("s1", "alice", "site", "front", "plain")
			o := b.logout(w.hint("site", "alice", "s1"), "", bye, "")
			var told []string
			if p, ok := o.Page.(page.FrontChannelLogout); ok {
				for _, c := range p.Clients {
					told = append(told, c.Name)
				}
			}
			if diff := cmp.Diff(c.told, told); diff != "" {
				t.Errorf("told (-want +got):\n%s", diff)
			}
			if !w.over("s1") {
				t.Error("the session goes on")
			}
			e := w.events[len(w.events)-1]
			if says := e.Get("client_policy_error_detail") != ""; e.Error != "" || says != (len(c.told) < 2) {
				t.Errorf("event %+v", e)
			}
		})
	}
}
