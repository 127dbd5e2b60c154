package server_test

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
)

// attackRedirects has answers go to addresses that are not the client's.
func attackRedirects(d *desk) {
	d.run("redirect_uri", redirectTricks)
	d.run("redirect_uri of patterns", patternTricks)
	d.run("post_logout_redirect_uri", logoutTricks)
	d.run("client_data", clientDataTricks)
	d.run("links back", linksBack)
	d.run("status iframe", iframeOrigins)
}

// elsewhere are addresses that resemble http://web.example/cb and http://web.example/deep/*.
var elsewhere = []string{
	"http://evil.example/cb", "http://web.example.evil.example/cb", "http://web.examplе/cb", "http://xn--web-7cd.example/cb",
	"http://user@web.example/cb", "http://web.example@evil.example/cb", "http://web.example:80@evil.example/cb", "http://web.example%40evil.example/cb",
	"https://web.example/cb", "http://WEB.example/cb", "HTTP://web.example/cb", "http://web.example/CB", "http://web.example:8080/cb", "http://web.example./cb",
	"//web.example/cb", "/cb", "http:/web.example/cb", "http:web.example/cb", `http:\\web.example\cb`, "http://web.example/cb/", "http://web.example//cb",
	"http://web.example/cb/../evil", "http://web.example/cb?x=1", "http://web.example/cb#x", "http://web.example/cb%00", "http://web.example/cb\x00", "http://web.example/cb%0d%0aX:y", "http://web.example/cb\r\nX: y",
	" http://web.example/cb", "http://web.example/cb ", "\thttp://web.example/cb", "http://web.example/cb,http://evil.example",
	"http://web.example/deep/../cb2", "http://web.example/deep/./x", "http://web.example/deep/%2e%2e/x", "http://web.example/deep/%2E./x", "http://web.example/deep/..%2fx", "http://web.example/deep/..%5cx",
	`http://web.example/deep/..\x`, "http://web.example/deep/%252e%252e%252fx", "http://web.example/deep/x\nSet-Cookie: a=b", "http://web.example/deep\\@evil.example/", "http://web.example/deep@evil.example", "http://web.example\\@evil.example/deep/x",
	"http://evil.example/http://web.example/deep/x", "http://evil.example?http://web.example/deep/x", "http://evil.example#http://web.example/deep/x", "http://[::1]/deep/x", "http://[web.example]/deep/x", "http://127.0.0.1/deep/x", "http://2130706433/deep/x",
	"javascript:alert(1)", "JaVaScRiPt://web.example/deep/%0aalert(1)", "data:text/html,x", "vbscript:x", "blob:http://web.example/x", "file:///etc/passwd", "about:blank", "web.example/cb", "*", "http://web.example/deep/*/../../x", "",
}

// redirectTricks asks for codes at each of them: a page says no, whatever else is wrong, and nobody is led there.
func redirectTricks(d *desk) {
	b := d.browser()
	b.login("web", "alice")
	b.open(d.request("web", "redirect_uri", "http://web.example/deep/er?x=1")).granted2(d, "http://web.example/deep/er?x=1&")
	for _, uri := range elsewhere {
		for _, p := range [][]string{{}, {"response_type", "rubbish"}, {"prompt", "none"}, {"response_mode", "fragment"}, {"scope", "rubbish"}} {
			q, _ := url.ParseQuery(parametersOf(d.request("web", p...)))
			q.Set("redirect_uri", uri)
			s := b.ask("GET", d.below("/protocol/openid-connect/auth?"+q.Encode()), nil)
			if s.status != http.StatusBadRequest || s.location != nil || s.page() != "login-error" {
				d.Errorf("%q %v: %d to %v", uri, p, s.status, s.location)
			}
			if strings.Contains(s.text, `href="`+uri) && uri != "" {
				d.Errorf("%q: the page leads there", uri)
			}
		}
	}
}

// granted2 asks for a code at an address other than the client's usual one.
func (s *shown) granted2(d *desk, prefix string) {
	d.Helper()
	if s.location == nil || !strings.HasPrefix(s.location.String(), prefix) || s.query("code") == "" {
		d.Fatalf("no code at %s: %d %v", prefix, s.status, s.location)
	}
}

// patternTricks plays with patterns that are wider than they should be.
func patternTricks(d *desk) {
	b := d.browser()
	b.login("web", "alice")
	for pattern, uris := range map[string][]string{
		"*":                       {"javascript:alert(1)", "data:text/html,x", "JAVASCRIPT:alert(1)", "java\tscript:alert(1)", "vbscript:x", "//evil.example", "http://", "http://a@b.example/"},
		"http://other.example*":   {"http://other.example.evil.example/", "http://other.example@evil.example/", "http://other.example:x@evil.example/", "http://other.exampleevil.example/"},
		"http://other.example:8*": {"http://other.example:80@evil.example/", "http://other.example:8.evil.example/"},
	} {
		d.unchecked("other", func(c *realm.Client) { c.RedirectURIs = []string{pattern} })
		for _, uri := range uris {
			if s := b.open(d.request("other", "redirect_uri", uri)); s.status != http.StatusBadRequest || s.location != nil {
				d.Errorf("%s lets %q: %d %v", pattern, uri, s.status, s.location)
			}
		}
	}
	d.client("other", func(c *realm.Client) { c.RedirectURIs = []string{callback("other")} })
}

func logoutTricks(d *desk) {
	logout := d.below("/protocol/openid-connect/logout?")
	b := d.browser()
	tokens := d.want(d.redeem("web", b.login("web", "alice")))
	for _, uri := range append([]string{"http://web.example/cb", "http://web.example/byebye", "http://other.example/cb"}, elsewhere...) {
		for _, with := range []url.Values{pairs("client_id", "web"), pairs("id_token_hint", tokens.get("id_token")), pairs("client_id", "other")} {
			with.Set("post_logout_redirect_uri", strings.Replace(uri, "example/cb", "example/bye", 1))
			if uri == "http://web.example/cb" {
				with.Set("post_logout_redirect_uri", uri)
			}
			if s := b.twin().ask("GET", logout+with.Encode(), nil); s.location != nil || s.page() == "login-info" {
				d.Errorf("%q with %v: %d %v", uri, with["client_id"], s.status, s.location)
			}
		}
	}
	if s := b.open(logout + pairs("redirect_uri", "http://evil.example/").Encode()); s.location != nil {
		d.Errorf("the old parameter leads to %v", s.location)
	}
	s := b.open(logout + pairs("id_token_hint", tokens.get("id_token"), "post_logout_redirect_uri", "http://web.example/bye", "state", "a&b=c\r\nX: y").Encode())
	if want := "http://web.example/bye?state=a%26b%3Dc%0D%0AX%3A+y"; s.location == nil || s.location.String() != want || s.header.Get("X") != "" {
		d.Errorf("got %v, want %s", s.location, want)
	}
}

// clientDataTricks makes up the parameter that leads back to a client whose sign-in is gone.
func clientDataTricks(d *desk) {
	b := d.browser()
	b.login("web", "alice")
	for _, uri := range append([]string{"http://other.example/cb"}, elsewhere...) {
		data := jwsPart(map[string]any{"ru": uri, "rt": "code", "st": "x"})
		s := b.ask("GET", d.below("/login-actions/authenticate?"+pairs("client_id", "web", "tab_id", "gone", "client_data", data).Encode()), nil)
		if s.location != nil {
			d.Errorf("%q: %d %v", uri, s.status, s.location)
		}
	}
	data := jwsPart(map[string]any{"ru": callback("web"), "rt": "code", "st": "x"})
	s := b.ask("GET", d.below("/login-actions/authenticate?"+pairs("client_id", "web", "tab_id", "gone", "client_data", data).Encode()), nil)
	if s.query("error") != "temporarily_unavailable" || s.query("code") != "" || s.query("iss") != d.below("") {
		d.Errorf("%d %v", s.status, s.location)
	}
	d.client("web", func(c *realm.Client) { c.Enabled = false })
	defer d.client("web", func(c *realm.Client) { c.Enabled = true })
	s = b.ask("GET", d.below("/login-actions/authenticate?"+pairs("client_id", "web", "tab_id", "gone", "client_data", data).Encode()), nil)
	if s.location != nil {
		d.Errorf("leads to a client that is switched off: %v", s.location)
	}
}

// unchecked changes a client as no administrator can, but an import of old might have.
func (d *desk) unchecked(id string, change func(c *realm.Client)) {
	d.Helper()
	err := d.server.Store().Edit(d.Context(), d.realm, func(draft *realm.Draft) ([]event.Admin, error) {
		c := *draft.Realm().Client(id)
		change(&c)
		draft.PutClient(&c)
		return nil, nil
	})
	if err != nil {
		d.Fatal(err)
	}
}

// linksBack gives clients addresses that run scripts in the page that leads there.
func linksBack(d *desk) {
	for _, home := range []string{"javascript:alert(1)", "data:text/html,x", " javascript:alert(1)", "java\nscript:alert(1)"} {
		d.unchecked("other", func(c *realm.Client) { c.BaseURL = home })
		s := d.browser().open(d.request("other", "redirect_uri", "http://evil.example/"))
		if s.status != http.StatusBadRequest || strings.Contains(s.text, "alert(1)") || strings.Contains(s.text, "data:text/html") {
			d.Errorf("%q is on the page: %s", home, s.text)
		}
	}
	d.client("other", func(c *realm.Client) { c.BaseURL = "" })
}

// iframeOrigins asks for the state of a session from pages of others.
func iframeOrigins(d *desk) {
	for origin, want := range map[string]int{
		"http://web.example": 204, d.base: 204, "http://evil.example": 403, "http://web.example.evil.example": 403, "null": 403, "*": 403, "": 403, "http://web.example/": 403,
	} {
		s := d.browser().open(d.below("/protocol/openid-connect/login-status-iframe.html/init?" + pairs("client_id", "web", "origin", origin).Encode()))
		if s.status != want {
			d.Errorf("%q: %d, want %d", origin, s.status, want)
		}
	}
}
