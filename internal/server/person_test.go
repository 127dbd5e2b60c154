package server_test

import (
	"errors"
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

// person is somebody at a browser without scripts, who goes where the server leads and fills in its forms.
// They stop where the server sends them away, to a client: what the client is told is in told.
type person struct {
	*testing.T
	client *http.Client
	server *url.URL

	at     *url.URL // the page before them, or the address of the client that they were sent to
	status int
	header http.Header
	page   string
	told   url.Values // parameters for the client; nil at a page of the server
	by     travel     // how they travelled
}

// travel is how a server hands parameters to a client through a browser.
type travel string

const (
	byQuery    travel = "query"
	byFragment travel = "fragment"
	byForm     travel = "form"
)

// newPerson is somebody who was never seen before.
func newPerson(t *testing.T, web *httptest.Server) *person {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	at, err := url.Parse(web.URL)
	if err != nil {
		t.Fatal(err)
	}
	client := *web.Client()
	client.Jar = jar
	client.CheckRedirect = func(q *http.Request, _ []*http.Request) error {
		if q.URL.Host != at.Host {
			return http.ErrUseLastResponse
		}
		return nil
	}
	return &person{T: t, client: &client, server: at, at: at}
}

// open goes to an address.
func (p *person) open(address string) {
	p.Helper()
	p.send("GET", address, nil)
}

// send asks for an address, relative to where they are, and follows redirects as far as the client.
func (p *person) send(method, address string, form url.Values) {
	p.Helper()
	target, err := p.at.Parse(address)
	if err != nil {
		p.Fatal(err)
	}
	q, err := http.NewRequestWithContext(p.Context(), method, target.String(), strings.NewReader(form.Encode()))
	if err != nil {
		p.Fatal(err)
	}
	if form != nil {
		q.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	resp, err := p.client.Do(q)
	if err != nil {
		p.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		p.Fatal(err)
	}
	p.at, p.status, p.header, p.page, p.told = resp.Request.URL, resp.StatusCode, resp.Header, string(body), nil
	away, err := resp.Location()
	if err == nil && away.Host != p.server.Host {
		p.at, p.told, p.by = away, away.Query(), byQuery
		if away.Fragment != "" {
			p.told, err = url.ParseQuery(away.Fragment)
			p.by = byFragment
		}
	}
	if err != nil && !errors.Is(err, http.ErrNoLocation) {
		p.Fatal(err)
	}
	if f := p.form(); f != nil && f.action.Host != p.server.Host { // a page that sends itself away
		p.at, p.told, p.by = f.action, f.values, byForm
	}
}

// form is what stands in the first form of a page.
type form struct {
	method string
	action *url.URL
	values url.Values
}

var (
	formTag   = regexp.MustCompile(`(?s)<form\b([^>]*)>(.*?)</form>`)
	fieldTag  = regexp.MustCompile(`<input\b([^>]*)>`)
	attribute = regexp.MustCompile(`([a-z-]+)="([^"]*)"`)
)

// form is the first form of the page, with the values of its hidden fields; nil where there is none.
func (p *person) form() *form {
	p.Helper()
	found := formTag.FindStringSubmatch(p.page)
	if found == nil {
		return nil
	}
	head := attributesOf(found[1])
	action, err := p.at.Parse(head["action"])
	if err != nil {
		p.Fatal(err)
	}
	f := &form{method: strings.ToUpper(head["method"]), action: action, values: url.Values{}}
	for _, field := range fieldTag.FindAllStringSubmatch(found[2], -1) {
		if a := attributesOf(field[1]); a["type"] == "hidden" {
			f.values.Set(a["name"], a["value"])
		}
	}
	return f
}

func attributesOf(tag string) map[string]string {
	out := map[string]string{}
	for _, a := range attribute.FindAllStringSubmatch(tag, -1) {
		out[a[1]] = html.UnescapeString(a[2])
	}
	return out
}

// submit fills in the first form of the page, by pairs of name and value, and sends it.
func (p *person) submit(pairs ...string) {
	p.Helper()
	f := p.form()
	if f == nil {
		p.Fatalf("%s has no form: %d %s", p.at, p.status, p.page)
	}
	for i := 0; i < len(pairs); i += 2 {
		f.values.Set(pairs[i], pairs[i+1])
	}
	p.send(f.method, f.action.String(), f.values)
}

// sees ends the test unless the page says this.
func (p *person) sees(status int, text string) {
	p.Helper()
	if p.told != nil || p.status != status || !strings.Contains(html.UnescapeString(p.page), text) {
		p.Fatalf("%s: %d %v instead of %d and %q:\n%s", p.at, p.status, p.told, status, text, p.page)
	}
}

// leaves ends the test unless the server sent them to this address of a client.
func (p *person) leaves(address string) {
	p.Helper()
	bare := *p.at
	bare.RawQuery, bare.Fragment = "", ""
	if p.told == nil || bare.String() != address {
		p.Fatalf("%s: %d instead of %s:\n%s", p.at, p.status, address, p.page)
	}
}
