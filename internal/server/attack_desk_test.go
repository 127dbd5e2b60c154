package server_test

import (
	"context"
	"encoding/json"
	"html"
	"io"
	"maps"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/tokenhouse/tokenhouse/internal/server"
)

// desk is a realm where people sign in by browsers. The secret of client x is "x-secret", its address is
// http://x.example/cb, and the password of user x is "x-password". Nothing is there: browsers of the tests do not
// follow redirects to clients.
type desk struct {
	*arena
	mail *mailbox
}

// eachDesk runs a test on a desk of its own on each database.
func eachDesk(t *testing.T, test func(d *desk)) {
	t.Helper()
	for _, db := range databases {
		t.Run(db.name, func(t *testing.T) {
			t.Parallel()
			test(newDesk(t, db))
		})
	}
}

func newDesk(t *testing.T, db database) *desk {
	t.Helper()
	return newDeskAs(t, db, func(*server.Config, string) {})
}

// newDeskAs is a desk at a server that is configured another way.
func newDeskAs(t *testing.T, db database, change func(c *server.Config, base string)) *desk {
	t.Helper()
	return newDeskOf(t, db, change, func(map[string]any) {})
}

// newDeskOf is newDeskAs with another realm file.
func newDeskOf(t *testing.T, db database, change func(c *server.Config, base string), vary func(file map[string]any)) *desk {
	t.Helper()
	text, err := os.ReadFile("testdata/attack/desk.json")
	if err != nil {
		t.Fatal(err)
	}
	var file map[string]any
	if err := json.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	vary(file)
	if text, err = json.Marshal(file); err != nil {
		t.Fatal(err)
	}
	m := newMailbox(t)
	text = []byte(strings.ReplaceAll(string(text), "${mail}", m.port))
	other := []byte(strings.Replace(string(text), `"realm":"desk"`, `"realm":"annex"`, 1))
	s, base := startAs(t, db.open(t), map[string][]byte{"desk.json": text, "annex.json": other}, change)
	return &desk{&arena{t, s, base, "desk"}, m}
}

// run runs a subtest at the desk.
func (d *desk) run(name string, test func(d *desk)) {
	d.T.Run(name, func(t *testing.T) { test(&desk{d.in(t), d.mail}) })
}

// below is an address of the realm.
func (d *desk) below(path string) string { return d.base + "/realms/" + d.realm + path }

// callback is where answers to a client go.
func callback(client string) string { return "http://" + client + ".example/cb" }

// request is an authorization request of a client; of a pair (name, value) the value counts that comes last, and an
// empty one takes the parameter out.
func (d *desk) request(client string, p ...string) string {
	q := pairs("client_id", client, "redirect_uri", callback(client), "response_type", "code", "scope", "openid", "state", "from-"+client)
	for i := 0; i < len(p); i += 2 {
		if q.Set(p[i], p[i+1]); p[i+1] == "" {
			q.Del(p[i])
		}
	}
	return d.below("/protocol/openid-connect/auth?" + q.Encode())
}

// browser has cookies. It is a simple one: of a name it has one cookie, which it sends to every address.
type browser struct {
	*desk
	cookies map[string]string
	header  http.Header // sent with each request
}

func (d *desk) browser() *browser { return &browser{d, map[string]string{}, http.Header{}} }

// twin is another browser with the same cookies.
func (b *browser) twin() *browser { return &browser{b.desk, maps.Clone(b.cookies), b.header} }

// shown is an answer to a browser.
type shown struct {
	*browser
	status   int
	header   http.Header
	text     string
	location *url.URL // where a redirect leads; nil: none
	cookies  []*http.Cookie
}

// ask sends one request and follows no redirect.
func (b *browser) ask(method, address string, form url.Values) *shown {
	b.Helper()
	var body io.Reader
	if form != nil {
		body = strings.NewReader(form.Encode())
	}
	q, err := http.NewRequestWithContext(context.WithoutCancel(b.Context()), method, address, body)
	if err != nil {
		b.Fatal(err)
	}
	maps.Copy(q.Header, b.header)
	q.Host = q.Header.Get("Host")
	q.Header.Set("Accept", "text/html,*/*")
	if form != nil {
		q.Header.Set("Content-Type", formType)
	}
	for _, name := range slices.Sorted(maps.Keys(b.cookies)) {
		q.AddCookie(&http.Cookie{Name: name, Value: b.cookies[name]})
	}
	resp, err := http.DefaultTransport.RoundTrip(q)
	if err != nil {
		b.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		b.Fatal(err)
	}
	out := &shown{browser: b, status: resp.StatusCode, header: resp.Header, text: string(text), cookies: resp.Cookies()}
	if l, err := resp.Location(); err == nil {
		out.location = l
	}
	for _, c := range out.cookies {
		if b.cookies[c.Name] = c.Value; c.MaxAge < 0 || c.Value == "" {
			delete(b.cookies, c.Name)
		}
	}
	if out.status >= 500 {
		b.Errorf("%s %s: our own fault: %d %s", method, address, out.status, out.text)
	}
	if out.status == http.StatusTemporaryRedirect || out.status == http.StatusPermanentRedirect {
		b.Errorf("%s %s: a redirect that sends the form along: %d", method, address, out.status)
	}
	return out
}

// open asks for an address and follows redirects within the server.
func (b *browser) open(address string) *shown {
	b.Helper()
	return b.ask("GET", address, nil).settle()
}

// settle follows redirects within the server.
func (s *shown) settle() *shown {
	s.Helper()
	for range 10 {
		if s.location == nil || !strings.HasPrefix(s.location.String(), s.base+"/") {
			return s
		}
		s = s.ask("GET", s.location.String(), nil)
	}
	s.Fatalf("redirects do not end: %s", s.location)
	return nil
}

var (
	formStart   = regexp.MustCompile(`<form[^>]*\baction="([^"]*)"`)
	hiddenInput = regexp.MustCompile(`<input type="hidden"[^>]*\bname="([^"]*)" value="([^"]*)"`)
	pageID      = regexp.MustCompile(`data-page-id="([^"]*)"`)
)

// page is the id of the page that is shown, or "".
func (s *shown) page() string {
	if m := pageID.FindStringSubmatch(s.text); m != nil {
		return m[1]
	}
	return ""
}

// expect asks that a page is shown.
func (s *shown) expect(page string) *shown {
	s.Helper()
	if s.page() != page {
		s.Fatalf("shown: %d %q, to %v, want page %q\n%s", s.status, s.page(), s.location, page, s.text)
	}
	return s
}

// action is where the page's first form goes.
func (s *shown) action() string {
	s.Helper()
	m := formStart.FindStringSubmatch(s.text)
	if m == nil {
		s.Fatalf("no form: %d %v %s", s.status, s.location, s.text)
	}
	u, err := url.Parse(s.base)
	if err != nil {
		s.Fatal(err)
	}
	to, err := u.Parse(html.UnescapeString(m[1]))
	if err != nil {
		s.Fatal(err)
	}
	return to.String()
}

// hidden are the hidden fields of the page.
func (s *shown) hidden() url.Values {
	v := url.Values{}
	for _, m := range hiddenInput.FindAllStringSubmatch(s.text, -1) {
		v.Set(m[1], html.UnescapeString(m[2]))
	}
	return v
}

// submit sends the page's first form with these fields, and does not follow where that leads.
func (s *shown) submit(p ...string) *shown {
	s.Helper()
	form := s.hidden()
	maps.Copy(form, pairs(p...))
	return s.ask("POST", s.action(), form)
}

// send sends the page's first form with these fields.
func (s *shown) send(p ...string) *shown {
	s.Helper()
	return s.submit(p...).settle()
}

// query is a parameter of where the redirect leads.
func (s *shown) query(name string) string {
	if s.location == nil {
		return ""
	}
	return s.location.Query().Get(name)
}

// granted is the code that the redirect to a client brings.
func (s *shown) granted(client string) string {
	s.Helper()
	if s.location == nil || !strings.HasPrefix(s.location.String(), callback(client)) || s.query("code") == "" {
		s.Fatalf("no code for %s: %d %v %q %s", client, s.status, s.location, s.page(), s.text)
	}
	return s.query("code")
}

// login signs a user in at a client that asks for nothing else, and gives the code.
func (b *browser) login(client, name string, p ...string) string {
	b.Helper()
	return b.open(b.request(client, p...)).expect("login-login").send("username", name, "password", name+"-password").granted(client)
}

// redeem exchanges a code for tokens.
func (d *desk) redeem(client, code string, p ...string) answer {
	d.Helper()
	form := pairs("grant_type", "authorization_code", "code", code, "redirect_uri", callback(client), "client_id", client)
	if client != "spa" {
		form.Set("client_secret", client+"-secret")
	}
	for i := 0; i < len(p); i += 2 {
		if form.Set(p[i], p[i+1]); p[i+1] == "" {
			form.Del(p[i])
		}
	}
	return d.post("token", form)
}

// refused asks for an OAuth error.
func (d *desk) refused(q answer, code string) {
	d.Helper()
	if q.status < 400 || q.get("error") != code || q.get("access_token") != "" {
		d.Errorf("got %v, want %s", q, code)
	}
}
