package server_test

import (
	"encoding/base64"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/server"
)

// attackLetters is after the links that people get by e-mail.
func attackLetters(d *desk) {
	d.run("what a letter tells", toldByLetters)
	d.run("links in other hands", stolenLinks)
	d.run("addresses", hostileAddresses)
	d.run("many", manyLetters)
}

// forgot asks for a letter that resets a password, and gives the page that follows, and the link.
func (b *browser) forgot(name string) (*shown, string) {
	b.Helper()
	s := b.open(b.below("/protocol/openid-connect/forgot-credentials?") + parametersOf(b.request("web")))
	s = s.expect("login-login-reset-password").send("username", name).expect("login-login")
	return s, b.mail.next(b.T).link(b.T)
}

// toldByLetters asks that who reads a letter in somebody's place cannot go on in their browser.
func toldByLetters(d *desk) {
	for name, way := range map[string]func(b *browser){
		"reset": func(b *browser) {
			b.open(d.below("/protocol/openid-connect/forgot-credentials?")+parametersOf(d.request("web"))).send("username", "alice")
		},
		"verify": func(b *browser) {
			b.open(d.request("web")).send("username", "vera", "password", "vera-password").expect("login-login-verify-email")
		},
	} {
		b := d.browser()
		way(b)
		letter := d.mail.next(d.T)
		to, err := url.Parse(letter.link(d.T))
		if err != nil {
			d.Fatal(err)
		}
		payload, err := base64.RawURLEncoding.DecodeString(strings.Split(to.Query().Get("key"), ".")[1])
		if err != nil {
			d.Fatal(err)
		}
		for cookie, value := range b.cookies {
			if strings.Contains(letter.content, value) || strings.Contains(string(payload), value) {
				d.Errorf("%s: the letter holds %s", name, cookie)
			}
		}
	}
}

// stolenLinks follows links where they were not sent for, twice, and too late.
func stolenLinks(d *desk) {
	b := d.browser()
	page, to := b.forgot("alice")
	for name, s := range map[string]*shown{
		"other browser":       d.browser().open(to),
		"attacker's own tab":  d.browser().open(d.request("web")).browser.open(to),
		"other realm":         b.twin().open(strings.Replace(to, "/desk/", "/annex/", 1)),
		"cut":                 b.twin().open(to[:len(to)-3]),
		"HEAD of a scanner":   d.browser().ask("HEAD", to, nil),
		"key alone elsewhere": d.browser().open(d.below("/login-actions/action-token?key=" + mustQuery(to).Get("key"))),
	} {
		if s.status != http.StatusBadRequest || s.query("code") != "" || s.browser.cookies["KEYCLOAK_IDENTITY"] != "" {
			d.Errorf("%s: %d %q %v", name, s.status, s.page(), s.location)
		}
	}
	// None of them used it up; but who proved who they are meanwhile needs it no more.
	form := b.open(to).expect("login-login-update-password")
	if s := b.twin().open(to); s.status != http.StatusBadRequest {
		d.Errorf("a second time: %d %q", s.status, s.page())
	}
	b.nobody() // not before the new password
	form.send("password-new", "alice-password2", "password-confirm", "alice-password2").granted("web")
	_ = page

	other := d.browser()
	_, old := other.forgot("alice")
	newer := d.browser()
	_, fresh := newer.forgot("alice")
	newer.open(fresh).expect("login-login-update-password").send("password-new", "alice-password", "password-confirm", "alice-password").granted("web")
	if s := other.open(old); s.status != http.StatusBadRequest {
		d.Errorf("a link from before the password: %d %q", s.status, s.page())
	}
	moved := d.browser()
	_, to = moved.forgot("alice")
	d.changeUser("alice", func(u *user.User) { u.Email = "elsewhere@desk.example" })
	if s := moved.open(to); s.status != http.StatusBadRequest {
		d.Errorf("a link to an address of before: %d %q", s.status, s.page())
	}
	d.changeUser("alice", func(u *user.User) { u.Email = "alice@desk.example" })

	// A letter does not stand in for the second factor.
	second := d.browser()
	_, to = second.forgot("olga")
	second.open(to).expect("login-login-otp")
}

func mustQuery(address string) url.Values {
	u, _ := url.Parse(address)
	return u.Query()
}

// hostileAddresses has people give addresses that would be more than one, or end their header.
func hostileAddresses(d *desk) {
	for _, address := range []string{"eve@desk.example\r\nBcc: all@desk.example", "eve@desk.example, all@desk.example", "<eve@desk.example>", "Eve <eve@desk.example>", "eve@desk.example\nDATA", "eve@desk.example%0aBcc:x"} {
		s := d.browser().open(d.below("/protocol/openid-connect/registrations?") + parametersOf(d.request("web")))
		s = s.send("username", "eve", "email", address, "firstName", "Eve\r\nBcc: x@y.example", "lastName", "D", "password", "eve-password", "password-confirm", "eve-password")
		if s.page() != "login-register" {
			d.Errorf("%q is taken: %d %q %v", address, s.status, s.page(), s.location)
		}
	}
	select {
	case p := <-d.mail.letters:
		d.Errorf("a letter to %v", p.to)
	default:
	}
}

// manyLetters has somebody fill a mailbox.
func manyLetters(d *desk) {
	for range 8 {
		b := d.browser()
		b.open(d.below("/protocol/openid-connect/forgot-credentials?")+parametersOf(d.request("web"))).send("username", "bob").expect("login-login")
	}
	for range 5 {
		d.mail.next(d.T)
	}
	select {
	case <-d.mail.letters:
		d.Error("a sixth letter came")
	case <-time.After(200 * time.Millisecond):
	}
}

// attackHosts sends for letters, codes and pages under another name than the server's.
func attackHosts(d *desk) {
	forged := http.Header{"Host": {"evil.example"}, "X-Forwarded-Host": {"evil.example"}, "X-Forwarded-Proto": {"https"}, "Forwarded": {"host=evil.example"}, "X-Forwarded-Prefix": {"/evil"}, "X-Original-Url": {"/evil"}, "X-Rewrite-Url": {"/evil"}}
	for name, change := range map[string]func(c *server.Config, base string){
		"named": func(c *server.Config, base string) { c.Public.Hostname = base },
		"not by proxies": func(c *server.Config, base string) {
			c.Public.Hostname = base
			c.Proxy = server.Proxy{Headers: "xforwarded", Trusted: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}}
		},
		"by every proxy": func(c *server.Config, base string) {
			c.Public.Hostname = base
			c.Proxy = server.Proxy{Headers: "xforwarded"}
		},
	} {
		d.T.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDeskAs(t, databases[0], change)
			b := d.browser()
			b.header = forged
			form, to := b.forgot("alice")
			if !strings.HasPrefix(to, d.base+"/") {
				d.Errorf("the letter leads to %s", to)
			}
			for what, s := range map[string]*shown{"page": form, "device": b.open(d.below("/device")), "error": b.open(d.request("nobody")), "logout": b.open(d.below("/protocol/openid-connect/logout"))} {
				if strings.Contains(s.text, "evil") || strings.Contains(s.header.Get("Set-Cookie"), "evil") {
					d.Errorf("%s: %s", what, s.text)
				}
			}
			s := form.send("username", "alice", "password", "alice-password")
			if s.granted("web"); s.query("iss") != d.below("") {
				d.Errorf("iss %s", s.query("iss"))
			}
			if q := d.device("tv"); !strings.HasPrefix(q.get("verification_uri_complete"), d.base+"/") {
				d.Errorf("a device leads to %s", q.get("verification_uri_complete"))
			}
		})
	}
	d.T.Run("not at all", func(t *testing.T) {
		t.Parallel()
		d := newDesk(t, databases[0])
		b := d.browser()
		b.header = http.Header{"Host": {"evil.example"}}
		s := b.open(d.below("/protocol/openid-connect/forgot-credentials?") + parametersOf(d.request("web"))).expect("login-login-reset-password")
		sent := b.ask("POST", strings.Replace(s.action(), "http://evil.example", d.base, 1), pairs("username", "alice"))
		if sent.page() != "login-login" {
			d.Errorf("who asks is told: %d %q", sent.status, sent.page())
		}
		select {
		case p := <-d.mail.letters:
			d.Errorf("a letter leads to %s", p.link(t))
		case <-time.After(300 * time.Millisecond):
		}
		d.browser().forgot("alice") // at a loopback address it does
	})
}
