package proxy_test

import (
	"maps"
	"net/url"
	"strings"
	"testing"
	"time"
)

// attackCookies shows cookies that were changed, swapped or copied.
func attackCookies(t *testing.T) {
	p := newProvider(t)
	big := strings.Repeat("x", 6000)
	signed := func(g *gate, name string) map[string]string {
		p.set(func() { p.access = claims{"aud": "my-app", "sub": name, "padding": big} })
		b := g.browser()
		passes(t, b.signIn("/"))
		delete(b.cookies, "__Host-kc-access-signed-in") // which counts sign-ins, and is nobody
		return maps.Clone(b.cookies)
	}
	g := newGate(t, p, nil)
	alice, bob := signed(g, "alice"), signed(g, "bob")
	if len(alice) != 3 {
		t.Fatalf("%d cookies", len(alice))
	}
	other := newGate(t, p, flags{"client-id": "other", "audience": "my-app"})
	rekeyed := newGate(t, p, flags{"encryption-key": strings.ToUpper(key)})
	const first, second, third = "__Host-kc-access", "__Host-kc-access-1", "__Host-kc-access-2"
	for name, tt := range map[string]struct {
		gate    *gate
		cookies map[string]string
		want    int
	}{
		"as they are":                {g, alice, 200},
		"a piece is missing":         {g, map[string]string{first: alice[first], second: alice[second]}, 401},
		"a piece of another person":  {g, map[string]string{first: alice[first], second: bob[second], third: alice[third]}, 401},
		"the head of another person": {g, map[string]string{first: bob[first], second: alice[second], third: alice[third]}, 401},
		"pieces swapped":             {g, map[string]string{first: alice[first], second: alice[third], third: alice[second]}, 401},
		"a letter changed":           {g, map[string]string{first: alice[first], second: flip(alice[second]), third: alice[third]}, 401},
		"a token in the clear":       {g, map[string]string{first: p.bearer()}, 401},
		"at another client":          {other, alice, 401},
		"under another key":          {rekeyed, alice, 401},
		"without the prefix":         {g, map[string]string{"kc-access": alice[first], "kc-access-1": alice[second], "kc-access-2": alice[third]}, 401},
	} {
		b := tt.gate.browser()
		b.cookies = maps.Clone(tt.cookies)
		if w := b.send("GET", "/"); w.Code != tt.want {
			t.Errorf("%s: %d", name, w.Code)
		}
	}
	// A session outlives neither its token nor a withdrawn key.
	b := g.browser()
	b.cookies = maps.Clone(alice)
	g.skip(6 * time.Minute)
	if w := b.send("GET", "/"); w.Code != 401 {
		t.Errorf("after its end: %d", w.Code)
	}
}

// flip changes a letter in the middle.
func flip(s string) string {
	c := byte('A')
	if s[len(s)/2] == c {
		c = 'B'
	}
	return s[:len(s)/2] + string(c) + s[len(s)/2+1:]
}

// attackSignIn answers sign-ins that somebody else began, and answers in the place of the issuer.
func attackSignIn(t *testing.T) {
	p := newProvider(t)
	g := newGate(t, p, nil)
	victim, attacker := g.browser(), g.browser()
	stolen := attacker.atProvider(attacker.open("/"))
	begun := victim.atProvider(victim.open("/"))
	change := func(u *url.URL, name, value string) string {
		q := u.Query()
		q.Set(name, value)
		if value == "" {
			q.Del(name)
		}
		return u.Path + "?" + q.Encode()
	}
	kept := maps.Clone(victim.cookies)
	for name, tt := range map[string]struct {
		target string
		want   int
	}{
		"the attacker's code and state":    {stolen.RequestURI(), 400},
		"the attacker's code":              {change(begun, "code", stolen.Query().Get("code")), 403},
		"no state":                         {change(begun, "state", ""), 400},
		"state that begins alike":          {change(begun, "state", begun.Query().Get("state")[:8]+"x"), 400},
		"two states":                       {begun.RequestURI() + "&state=" + begun.Query().Get("state"), 400},
		"two codes":                        {begun.RequestURI() + "&code=x", 400},
		"another issuer":                   {change(begun, "iss", "https://evil.example"), 400},
		"no issuer":                        {change(begun, "iss", ""), 400},
		"an error":                         {change(begun, "error", "access_denied"), 403},
		"no code":                          {change(begun, "code", ""), 400},
		"an unknown code":                  {change(begun, "code", "unknown"), 403},
		"a state of an enormous length":    {change(begun, "state", strings.Repeat("x", 4000)), 400},
		"a state that is another cookie's": {change(begun, "state", "../../etc"), 400},
	} {
		victim.cookies = maps.Clone(kept)
		if w := victim.send("GET", tt.target, page...); w.Code != tt.want || strings.Contains(w.Header().Get("Set-Cookie"), "__Host-kc-access=1.") {
			t.Errorf("%s: %d, want %d: %s", name, w.Code, tt.want, w.Header()["Set-Cookie"])
		}
	}
	for name, id := range map[string]claims{"another nonce": {"nonce": "x"}, "no nonce": {"nonce": nil}, "another client's": {"aud": "other"}, "of several": {"aud": []string{"my-app", "x"}, "azp": nil},
		"issued to another": {"azp": "other"}, "expired": {"exp": 1}, "of another issuer": {"iss": "https://evil.example"}, "of nobody": {"sub": ""}} {
		p.set(func() { p.id = id })
		b := g.browser()
		if w := b.send("GET", b.atProvider(b.open("/")).RequestURI(), page...); w.Code != 403 || len(b.cookies) != 0 {
			t.Errorf("an ID token %s: %d, cookies %v", name, w.Code, b.cookies)
		}
	}
	p.set(func() { p.id = claims{} })
	b := g.browser()
	back := b.atProvider(b.open("/"))
	b.send("GET", back.RequestURI(), page...)
	if w := b.send("GET", back.RequestURI(), page...); w.Code != 400 {
		t.Errorf("the same answer again: %d", w.Code)
	}
	late := g.browser()
	back = late.atProvider(late.open("/"))
	g.skip(11 * time.Minute)
	if w := late.send("GET", back.RequestURI(), page...); w.Code != 400 {
		t.Errorf("an answer after eleven minutes: %d", w.Code)
	}
}

// attackLogout has other sites sign people out.
func attackLogout(t *testing.T) {
	g := newGate(t, newProvider(t), nil)
	b := g.browser()
	passes(t, b.signIn("/"))
	for _, site := range []string{"cross-site", "same-site"} {
		w := b.send("GET", "/oauth/logout?redirect=/x", "Accept: text/html", "Sec-Fetch-Mode: navigate", "Sec-Fetch-Site: "+site)
		if w.Code != 200 || !strings.Contains(w.Body.String(), `<form method="post" action="/oauth/logout?redirect=/x">`) || len(b.cookies) == 0 {
			t.Errorf("%s: %d %s", site, w.Code, w.Body)
		}
		if w := b.send("POST", "/oauth/logout", "Sec-Fetch-Site: "+site, "Origin: https://evil.example"); w.Code != 403 || len(b.cookies) == 0 {
			t.Errorf("%s: a form signs out: %d", site, w.Code)
		}
	}
	if w := b.send("POST", "/oauth/logout?redirect=/x", "Sec-Fetch-Site: same-origin", "Origin: https://gate.example"); w.Code != 302 || len(b.cookies) != 0 {
		t.Errorf("who says so is signed out: %d", w.Code)
	}
}
