package signout_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/session"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
	"github.com/tokenhouse/tokenhouse/internal/flow/signout"
	"github.com/tokenhouse/tokenhouse/internal/flow/verify"
	"github.com/tokenhouse/tokenhouse/internal/store"
	"github.com/tokenhouse/tokenhouse/internal/store/storetest"
)

const base = "https://id.example"

// now is the time of day: the store looks at its own clock too.
var now = time.Now().Truncate(time.Second)

// post is a world of clients that are told; it signs readably. Answer, where set, is what an address answers.
type post struct {
	sync.Mutex
	sent   []string
	answer func(address string) (int, error)
}

func (p *post) Sign(_ context.Context, _ *realm.Realm, alg, typ string, c *token.Claims) (string, error) {
	return strings.Join([]string{typ, alg, c.Audience[0], c.Subject, c.Session}, " "), nil
}

func (p *post) PostForm(_ context.Context, address string, form url.Values) (int, error) {
	p.Lock()
	p.sent = append(p.sent, address+" "+form.Get("logout_token"))
	p.Unlock()
	if p.answer != nil {
		return p.answer(address)
	}
	return 200, nil
}

// listeners is a realm with clients that want to be told, and some that do not.
func listeners() *realm.Draft {
	d := realm.New("shop-key", realm.Settings{Name: "shop", Enabled: true})
	add := func(id string, edit func(*realm.Client)) {
		c := &realm.Client{Key: id + "-key", ID: id, Enabled: true, Logout: realm.ClientLogout{BackChannelURL: "https://" + id + ".example/out"}}
		edit(c)
		d.PutClient(c)
	}
	add("plain", func(*realm.Client) {})
	add("detailed", func(c *realm.Client) { c.Logout.BackChannelSession, c.Tokens.IDAlg = true, "ES256" })
	add("relative", func(c *realm.Client) { c.RootURL, c.Logout.BackChannelURL = "https://relative.example", "/out" })
	add("deaf", func(c *realm.Client) { c.Logout.BackChannelURL = "" })
	add("off", func(c *realm.Client) { c.Enabled = false })
	return d
}

func herald(s signout.Finder, p *post) *signout.Herald {
	return &signout.Herald{Sessions: s, Keys: p, Post: p, NewID: func() string { return "id" }, Log: slog.New(slog.DiscardHandler)}
}

// begin starts a session of a user with parts of clients.
func begin(t *testing.T, st *store.Store, id, userID string, offline bool, clients ...string) {
	t.Helper()
	for _, c := range clients {
		err := st.StartSession(t.Context(), "shop-key",
			session.Session{ID: id, Offline: offline, UserID: userID, Started: now, LastAccess: now},
			session.Grant{Session: id, Offline: offline, Client: c + "-key", Started: now, LastAccess: now})
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestWhoIsTold(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		if err := st.CreateRealm(t.Context(), listeners(), nil, nil, nil); err != nil {
			t.Fatal(err)
		}
		r, err := st.Realm(t.Context(), "shop")
		if err != nil {
			t.Fatal(err)
		}
		begin(t, st, "s1", "alice", false, "plain", "detailed", "relative", "deaf", "off")
		begin(t, st, "s2", "alice", false, "plain")
		begin(t, st, "s2", "alice", true, "detailed")
		begin(t, st, "s3", "bob", false, "plain")
		tests := map[string]struct {
			q    session.Query
			want []string
		}{
			"one session": {session.Query{ID: "s1"}, []string{
				"https://detailed.example/out logout+jwt ES256 detailed alice s1",
				"https://plain.example/out logout+jwt  plain alice ",
				"https://relative.example/out logout+jwt  relative alice "}},
			"one offline session": {session.Query{ID: "s2", Offline: true}, []string{"https://detailed.example/out logout+jwt ES256 detailed alice s2"}},
			"one that is over":    {session.Query{ID: "s9"}, nil},
			"a user's sessions": {session.Query{User: "alice"}, []string{
				"https://detailed.example/out logout+jwt ES256 detailed alice s1",
				"https://plain.example/out logout+jwt  plain alice ",
				"https://plain.example/out logout+jwt  plain alice ",
				"https://relative.example/out logout+jwt  relative alice "}},
			"all sessions": {session.Query{}, []string{
				"https://detailed.example/out logout+jwt ES256 detailed alice s1",
				"https://plain.example/out logout+jwt  plain alice ",
				"https://plain.example/out logout+jwt  plain alice ",
				"https://plain.example/out logout+jwt  plain bob ",
				"https://relative.example/out logout+jwt  relative alice "}},
		}
		for name, tt := range tests {
			t.Run(name, func(t *testing.T) {
				p := &post{}
				h := herald(st, p)
				due, err := h.Due(t.Context(), r, tt.q)
				if err != nil {
					t.Fatal(err)
				}
				h.Tell(t.Context(), verify.At{Realm: r, Base: base, Now: now}, due)
				slices.Sort(p.sent)
				if diff := cmp.Diff(tt.want, p.sent); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
			})
		}
	})
}

// Clients that answer slowly or not at all hold nobody up for long, and keep no other from being told.
func TestClientsThatDoNotAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := listeners().Realm()
		var due []session.Notice
		for i := range 100 {
			due = append(due, session.Notice{Client: "plain-key", Session: session.Session{ID: fmt.Sprint(i)}})
		}
		due = append(due, session.Notice{Client: "deleted-key"})
		p := &post{answer: func(string) (int, error) {
			time.Sleep(5 * time.Second)
			return 0, errors.New("unreachable")
		}}
		h := herald(nil, p)
		ctx, gone := context.WithCancel(t.Context())
		gone()
		start := time.Now()
		h.Tell(ctx, verify.At{Realm: r, Base: base, Now: now}, due)
		if took := time.Since(start); took > 4*time.Second {
			t.Errorf("the caller waited for %v", took)
		}
		h.Wait()
		if len(p.sent) != 100 {
			t.Errorf("%d were told", len(p.sent))
		}
	})
}
