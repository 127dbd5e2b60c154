package server_test

import (
	"crypto/ecdsa"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/server"
)

// fetched are the slots whose keys are published somewhere: by which key they are signed, and how the place is set.
var fetched = map[string]struct {
	key func(k *pitKeys) *ecdsa.PrivateKey
	at  func(p *pit, url string)
}{
	"client assertion by a key": {func(k *pitKeys) *ecdsa.PrivateKey { return k.client }, func(p *pit, url string) {
		p.keep(func(d *realm.Draft) { // also addresses that nobody may set, as of an older database
			c := *d.Realm().Client("private-key")
			c.UseJWKS, c.UseJWKSURL, c.JWKSURL = false, true, url
			d.PutClient(&c)
		})
	}},
	"subject of another issuer":     {func(k *pitKeys) *ecdsa.PrivateKey { return k.abroad }, publishedBy("abroad")},
	"assertion":                     {func(k *pitKeys) *ecdsa.PrivateKey { return k.partner }, publishedBy("partner")},
	"client assertion of an issuer": {func(k *pitKeys) *ecdsa.PrivateKey { return k.cluster }, publishedBy("cluster")},
}

func publishedBy(alias string) func(p *pit, url string) {
	return func(p *pit, url string) {
		p.edit(func(d *realm.Draft) {
			provider := *d.Realm().Provider(alias)
			provider.Config = maps.Clone(provider.Config)
			delete(provider.Config, "publicKeySignatureVerifier")
			provider.Config["useJwksUrl"], provider.Config["jwksUrl"] = "true", url
			d.PutProvider(&provider)
		})
	}
}

// publisher publishes keys, and counts how often it was asked. How it answers is the last part of the path.
type publisher struct {
	*httptest.Server
	asked atomic.Int64
}

// at is an address of the publisher by another name of its host.
func (u *publisher) at(host string) string {
	at, _ := url.Parse(u.URL)
	return "http://" + host + ":" + at.Port()
}

func (p *pit) publisher() *publisher {
	p.Helper()
	u := &publisher{}
	u.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		u.asked.Add(1)
		name, _ := url.PathUnescape(strings.Split(r.URL.EscapedPath(), "/")[1])
		switch r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:] {
		case "leads within":
			http.Redirect(w, r, "keys", http.StatusFound)
		case "leads elsewhere":
			http.Redirect(w, r, u.at("localhost")+"/"+url.PathEscape(name)+"/keys", http.StatusFound)
		case "leads to a file":
			http.Redirect(w, r, "file:///etc/hostname", http.StatusFound)
		case "leads round":
			http.Redirect(w, r, r.URL.EscapedPath(), http.StatusFound)
		case "long":
			_, _ = io.WriteString(w, strings.Repeat(" ", 300<<10)) // whoever is told so much breaks off
			fallthrough
		default:
			_, _ = io.WriteString(w, keySet(p.T, fetched[name].key(p.keys)))
		}
	}))
	p.Cleanup(u.Close)
	return u
}

// attackFetches has keys be fetched from places within, and from such as lead elsewhere or do not end (T34): the first from no
// server but one for development.
func attackFetches(y *cells, p *pit) {
	guarded := newPitsOf(y.T, p.db, p.keys, func(c *server.Config) { c.Listen.HTTP, c.Public.AnyHost = true, true }, "guarded")[0]
	open := *p
	was := open.current()
	defer open.edit(func(d *realm.Draft) {
		d.PutClient(was.Client("private-key"))
		for _, alias := range []string{"abroad", "partner", "cluster"} {
			d.PutProvider(was.Provider(alias))
		}
	})
	u := p.publisher()
	for _, s := range slots {
		place, ok := fetched[s.name]
		if !ok {
			continue
		}
		made := 0
		takes := func(p *pit, base, how string) bool {
			made++ // what was fetched from an address once is kept
			place.at(p, fmt.Sprintf("%s/%s/%s-%d/%s", base, url.PathEscape(s.name), p.realm, made, url.PathEscape(how)))
			return s.present(p, s.made(p).sign())
		}
		y.cell(s.present(guarded, s.made(guarded).sign()), true, s.name, "by a key that is at hand")
		own := []string{"127.0.0.1", "localhost", "[::ffff:127.0.0.1]"}
		for _, host := range slices.Concat(own, []string{"[::1]", "0.0.0.0", "127.0.0.2", "10.0.0.1", "169.254.169.254", "100.64.0.1", "[fd00::1]", "[fe80::1]"}) {
			before := u.asked.Load()
			y.cell(takes(guarded, u.at(host), "keys"), false, s.name, "at "+host)
			if u.asked.Load() != before {
				y.Errorf("%s: %s was asked", s.name, host)
			}
		}
		for _, host := range own {
			y.cell(takes(&open, u.at(host), "keys"), true, s.name, "at "+host+", for development")
		}
		for how, want := range map[string]bool{"leads within": true, "leads elsewhere": false, "leads to a file": false, "leads round": false, "long": false} {
			y.cell(takes(&open, u.URL, how), want, s.name, how)
		}
		for _, base := range []string{"file:///etc", "ftp://127.0.0.1", "data:,", "//127.0.0.1"} {
			y.cell(takes(&open, base, "keys"), false, s.name, "at "+base)
		}
	}
}
