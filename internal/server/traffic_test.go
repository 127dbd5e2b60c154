package server_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/session"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/flow/keyring"
)

// TestTraffic lets 50 visitors use every endpoint at once while an administrator changes the realm.
// TestSoak does so for longer.
func TestTraffic(t *testing.T) {
	for _, db := range databases {
		t.Run(db.name, func(t *testing.T) {
			m := newMarket(t, db, 50)
			m.open(func(v *visitor) {
				for i := range 2 {
					v.visit(visits[(v.number+i*len(visits)/2)%len(visits)])
				}
			})
			m.checkBooks()
		})
	}
}

// market is a realm in which every visitor has an account of their own, so that each knows what must come of
// what they ask, whatever the others do. It keeps books of that.
type market struct {
	*arena
	visitors []*visitor
	web      *http.Client
	requests atomic.Int64
	outsider toggle // the client of that name
	bob      toggle // the user

	mu    sync.Mutex
	books map[event.Kind]int // how many events of each kind there must be
}

// visitor is a user of the market.
type visitor struct {
	*market
	number int
	name   string
	left   int // sessions that were left open
}

func newMarket(t *testing.T, db database, visitors int) *market {
	t.Helper()
	m := &market{books: map[event.Kind]int{}}
	m.web = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 2 * visitors}, Timeout: time.Minute}
	for i := range visitors {
		m.visitors = append(m.visitors, &visitor{market: m, number: i, name: fmt.Sprintf("visitor%d", i)})
	}
	m.arena = newArenas(t, db, m.found, "market")[0]
	t.Cleanup(m.web.CloseIdleConnections)
	return m
}

// found makes a market of the realm file: refresh tokens rotate, all events are kept, and the visitors
// have accounts.
func (m *market) found(_ string, file map[string]any) {
	var kinds []event.Kind
	for _, k := range []event.Kind{event.Login, event.Logout, event.ClientLogin, event.RefreshToken, event.TokenExchange,
		event.IntrospectToken, event.UserInfoRequest, event.RevokeGrant} {
		kinds = append(kinds, k, k.Failed())
	}
	file["enabledEventTypes"], file["revokeRefreshToken"] = kinds, true
	users := file["users"].([]any)
	for _, v := range m.visitors {
		users = append(users, map[string]any{
			"username": v.name, "enabled": true, "realmRoles": []string{"offline_access", "clerk"},
			"email": v.name + "@market.example", "firstName": "Visitor", "lastName": strconv.Itoa(v.number),
			"credentials": []any{map[string]any{"type": "password", "value": v.name + "-password"}},
		})
	}
	file["users"] = users
}

// open lets the visitors in, all at once, and administrates until the last is gone.
func (m *market) open(stay func(v *visitor)) {
	gone := make(chan struct{})
	var all sync.WaitGroup
	for _, v := range m.visitors {
		all.Go(func() { stay(v) })
	}
	go func() { all.Wait(); close(gone) }()
	m.administrate(gone)
}

// administrate changes the realm until gone is closed, and leaves everything switched on.
func (m *market) administrate(gone <-chan struct{}) {
	duties := []func(){
		func() {
			m.outsider.turn(func(on bool) { m.client("outsider", func(c *realm.Client) { c.Enabled = on }) })
		},
		func() {
			m.bob.turn(func(on bool) { m.changeUser("bob", func(u *user.User) { u.Enabled = on }) })
		},
		func() { m.rotate("ES256") },
		func() { m.rotate(keyring.Internal) },
		func() {
			m.settings(func(s *realm.Settings) { s.Lockout.Factor++ }) // the realm is loaded anew
		},
	}
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for i := 0; ; i++ {
		select {
		case <-tick.C:
			duties[i%len(duties)]()
			continue
		case <-gone:
		}
		break
	}
	for _, duty := range duties[:2] {
		for range 2 { // once off, once on
			duty()
		}
	}
}

// rotate adds a signing key, and makes passive what is older than the newest three: tokens that it
// signed stay good.
func (m *market) rotate(alg string) {
	m.edit(func(d *realm.Draft) {
		var active []*realm.KeyProvider
		count := 0
		for _, k := range d.Realm().Keys() {
			if k.Algorithm == alg {
				if count++; k.Active {
					active = append(active, k)
				}
			}
		}
		if count == 20 {
			return // a realm with a thousand keys shows nothing new
		}
		slices.SortFunc(active, func(a, b *realm.KeyProvider) int { return cmp.Compare(b.Priority, a.Priority) })
		for _, k := range active[min(3, len(active)):] {
			passive := *k
			passive.Active = false
			d.PutKey(&passive)
		}
		made, err := keyring.Fallback(d.Realm().Name, alg, time.Now())
		if err != nil {
			m.Error(err)
			return
		}
		made.Priority = active[0].Priority + 10
		d.PutKey(made)
	})
}

// toggle is something that is switched off and on, and how often it was: odd while it is being switched. It
// is on at first.
type toggle struct{ turns atomic.Int64 }

func (g *toggle) turn(set func(on bool)) {
	n := g.turns.Add(1)
	set(n/2%2 == 1)
	g.turns.Add(1)
}

// during runs a request and tells how the toggle stood from its beginning to its end; known is false where
// it was switched meanwhile.
func (g *toggle) during(request func()) (on, known bool) {
	before := g.turns.Load()
	request()
	return before/2%2 == 0, before%2 == 0 && g.turns.Load() == before
}

// ask sends a request, keeps the books, and fails the test where the status is another.
func (v *visitor) ask(want int, kind event.Kind, endpoint string, form url.Values) answer {
	v.Helper()
	q := v.try(kind, endpoint, form, "")
	v.expect(q, want, endpoint, form)
	return q
}

func (v *visitor) expect(q answer, want int, endpoint string, form url.Values) {
	v.Helper()
	if q.status != want {
		v.Errorf("%s at %s: %s %s: %v, want %d", v.name, endpoint, form.Get("client_id"), form.Get("grant_type"), q, want)
	}
}

// try sends a request and keeps the books. An empty kind leaves no event.
func (v *visitor) try(kind event.Kind, endpoint string, form url.Values, bearer string) answer {
	v.Helper()
	path, method, body := v.base+"/realms/"+v.realm, "GET", ""
	if kind != "" {
		path, method, body = path+"/protocol/openid-connect/", "POST", form.Encode()
	}
	r, err := http.NewRequestWithContext(v.Context(), method, path+endpoint, strings.NewReader(body))
	if err != nil {
		v.Error(err)
		return answer{}
	}
	if kind != "" {
		r.Header.Set("Content-Type", formType)
	}
	if bearer != "" {
		r.Header.Set("Authorization", "Bearer "+bearer)
	}
	resp, err := v.web.Do(r)
	if err != nil {
		v.Error(err)
		return answer{}
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		v.Error(err)
	}
	q := answer{status: resp.StatusCode, members: map[string]any{}, header: resp.Header, text: string(text)}
	if len(text) > 0 && text[0] == '{' {
		if err := json.Unmarshal(text, &q.members); err != nil {
			v.Errorf("%s: %v", text, err)
		}
	}
	if q.status >= 500 {
		v.Errorf("%s: our own fault: %v", endpoint, q)
	}
	v.requests.Add(1)
	v.note(kind, q)
	return q
}

// note puts into the books that there must be an event.
func (m *market) note(kind event.Kind, q answer) {
	if kind == "" {
		return
	}
	if q.status >= 400 || q.members["active"] == false {
		kind = kind.Failed()
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.books[kind]++
}

// checkBooks compares what the visitors saw with the events and the sessions that are kept.
func (m *market) checkBooks() {
	m.Helper()
	key, late := m.current().Key, time.Now().Add(20*time.Second)
	for kind, want := range m.books {
		if got := m.events(key, kind, want, late); got != want {
			m.Errorf("%d events %s, want %d", got, kind, want)
		}
	}
	if len(m.books) < 15 { // of 16: a sign-out that is refused is none of the visits
		m.Errorf("only these kinds of event: %v", m.books)
	}
	for _, v := range m.visitors {
		if got := m.sessions(key, v.name, false); got != v.left {
			m.Errorf("%d sessions of %s are kept, want %d", got, v.name, v.left)
		}
		if got := m.sessions(key, v.name, true); got != 0 {
			m.Errorf("%d offline sessions of %s are kept, want none", got, v.name)
		}
	}
	for _, name := range []string{"service-account-gateway", "service-account-outsider"} {
		if got := m.sessions(key, name, false); got != 0 {
			m.Errorf("%d sessions of %s are kept, want none", got, name)
		}
	}
}

// events counts the events of a kind. Events are written soon after the answer: until late it waits for so many.
func (m *market) events(key string, kind event.Kind, want int, late time.Time) int {
	m.Helper()
	for ; ; time.Sleep(20 * time.Millisecond) {
		all, err := m.server.Store().Events(m.Context(), key, event.Query{Kinds: []event.Kind{kind}}, 0, want+1)
		if err != nil {
			m.Fatal(err)
		}
		if len(all) >= want || time.Now().After(late) {
			return len(all)
		}
	}
}

func (m *market) sessions(key, name string, offline bool) int {
	m.Helper()
	all, err := m.server.Store().FindSessions(m.Context(), key, session.Query{User: m.user(name).ID, Offline: offline}, 0, -1)
	if err != nil {
		m.Fatal(err)
	}
	return len(all)
}
