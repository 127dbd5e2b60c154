package proxy_test

import (
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestRefresh(t *testing.T) {
	p := newProvider(t)
	g := newGate(t, p, flags{"enable-refresh-tokens": "true"})
	b := g.browser()
	passes(t, b.signIn("/"))
	before := b.cookies["__Host-kc-access"]
	passes(t, b.open("/"))
	if p.count("refresh_token") != 0 {
		t.Error("a good token is renewed")
	}
	p.set(func() { p.life += 5 * time.Minute })
	g.skip(5*time.Minute - 5*time.Second) // shortly before its end
	w := b.open("/")
	passes(t, w)
	if b.cookies["__Host-kc-access"] == before || p.count("refresh_token") != 1 || w.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("not renewed: %d times asked, Cache-Control %q", p.count("refresh_token"), w.Header().Get("Cache-Control"))
	}
	p.set(func() { p.refuses["refresh_token"] = "invalid_grant" })
	g.skip(time.Hour / 6)
	if w := b.open("/"); w.Code != 302 || b.cookies["__Host-kc-access"] != "" {
		t.Errorf("session is over: %d, cookies %v", w.Code, b.cookies)
	}
}

// TestRefreshOnce: a page that asks for many things at once, with one cookie, has its token renewed once.
func TestRefreshOnce(t *testing.T) {
	p := newProvider(t)
	g := newGate(t, p, flags{"enable-refresh-tokens": "true"})
	b := g.browser()
	passes(t, b.signIn("/"))
	p.set(func() { p.life = 10 * time.Minute })
	g.skip(5 * time.Minute)
	old := "Cookie: __Host-kc-access=" + b.cookies["__Host-kc-access"]
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			if w := g.ask("GET", "/", old); w.Code != 200 {
				t.Errorf("%d %s", w.Code, w.Body)
			}
		})
	}
	all.Wait()
	if n := p.count("refresh_token"); n != 1 {
		t.Errorf("renewed %d times", n)
	}
}

func TestWithoutRefresh(t *testing.T) {
	g := newGate(t, newProvider(t), nil)
	b := g.browser()
	passes(t, b.signIn("/"))
	g.skip(5 * time.Minute)
	if w := b.open("/"); w.Code != 302 || g.count("refresh_token") != 0 {
		t.Errorf("%d", w.Code)
	}
}

func TestLogout(t *testing.T) {
	p := newProvider(t)
	g := newGate(t, p, flags{"enable-refresh-tokens": "true", "enable-logout-redirect": "true"})
	b := g.browser()
	passes(t, b.signIn("/"))
	copied := b.cookies["__Host-kc-access"]
	w := b.send("GET", "/oauth/logout?redirect=/bye", "Accept: text/html", "Sec-Fetch-Mode: navigate", "Sec-Fetch-Site: same-origin")
	to, err := url.Parse(w.Header().Get("Location"))
	if err != nil || w.Code != 302 || !strings.HasPrefix(to.String(), p.url+"/logout?") {
		t.Fatalf("%d to %s", w.Code, to)
	}
	if q := to.Query(); q.Get("post_logout_redirect_uri") != "https://gate.example/bye" || strings.Count(q.Get("id_token_hint"), ".") != 2 || q.Get("client_id") != "my-app" {
		t.Errorf("asks the issuer by %v", q)
	}
	if len(b.cookies) != 0 || p.count("/realms/shop/revoke") != 1 || len(p.refresh) != 0 {
		t.Errorf("cookies %v stay, %d revoked, %d refresh tokens are good", b.cookies, p.count("/realms/shop/revoke"), len(p.refresh))
	}
	if w := g.ask("GET", "/", "Cookie: __Host-kc-access="+copied); w.Code != 401 {
		t.Errorf("a copy of the cookie still opens: %d", w.Code)
	}
	local := newGate(t, p, nil)
	b = local.browser()
	passes(t, b.signIn("/"))
	if w := b.send("GET", "/oauth/logout", page...); w.Header().Get("Location") != "/" || len(b.cookies) != 0 {
		t.Errorf("%d to %s", w.Code, w.Header().Get("Location"))
	}
	if w := b.send("GET", "/oauth/logout", page...); w.Code != 302 {
		t.Errorf("who is not signed in: %d", w.Code)
	}
}
