package server_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/server"
)

// TestAttack plays, over HTTP, what went wrong in other products of the field, by number: each refusal stands beside
// what is granted. First come the cells of the table of attacks, then scenes that are none. The packages below have tests
// of the same name for their own rules.
func TestAttack(t *testing.T) {
	attackMatrix(t)
	for _, scene := range scenes {
		t.Run(scene.name, func(t *testing.T) {
			t.Parallel()
			scene.play(t)
		})
	}
}

// scenes are what is no cell of the table.
var scenes = []struct {
	name string
	play func(t *testing.T)
}{
	{"T01 exchange to any target", attackTargets},
	{"T01 roles of any target", attackUnresolved},
	{"T02 parameters lost or doubled", attackParameters},
	{"T02 headers", attackHeaders},
	{"T03 T04 T16 T19 T27 what a token stands on", attackStates},
	{"T06 T25 forged and altered tokens", attackForgeries},
	{"T07 T21 each token for its own use", attackUses},
	{"T08 T09 introspection by others", attackIntrospection},
	{"T10 T21 other clients' tokens under any flag", attackFlags},
	{"T12 bound tokens", attackBound},
	{"T12 proof of possession", attackProof},
	{"T13 introspection says what tokens say", attackIntrospectionParity},
	{"T14 T31 one-time values", attackOneTime},
	{"T17 tokens that mappers dress up", attackMappers},
	{"T18 spent refresh tokens", attackSpent},
	{"T20 sizes", attackSizes},
	{"T23 required claims", attackRequiredClaims},
	{"T24 tokens at other clients", attackBinding},
	{"T26 fence between realms", attackFence},
	{"T27 T29 T30 no widening", attackWidening},
	{"T29 consent", attackConsent},
	{"T30 public clients", attackPublic},
	{"T32 one audience or several", attackAudienceForms},
	{"races", attackRaces},
}

const (
	grantExchange = "urn:ietf:params:oauth:grant-type:token-exchange"
	typeAccess    = "urn:ietf:params:oauth:token-type:access_token"
	typeRefresh   = "urn:ietf:params:oauth:token-type:refresh_token"
	typeID        = "urn:ietf:params:oauth:token-type:id_token"
)

// arena is a realm of testdata/attack on a server. In it spa, app and light get tokens that name gateway in
// aud, and gateway exchanges them; orders and billing are reached by alice's roles. The secret of client
// x is "x-secret", and the password of user x "x-password".
type arena struct {
	*testing.T
	server *server.Server
	base   string
	realm  string
}

// newArena starts a server with one realm, "shop".
func newArena(t *testing.T) *arena { return newArenas(t, databases[0], nil, "shop")[0] }

// newArenas starts a server with these realms, alike but for what vary changes in their files.
func newArenas(t *testing.T, db database, vary func(name string, file map[string]any), names ...string) []*arena {
	t.Helper()
	text, err := os.ReadFile("testdata/attack/shop.json")
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{}
	for _, name := range names {
		var file map[string]any
		if err := json.Unmarshal(text, &file); err != nil {
			t.Fatal(err)
		}
		file["realm"] = name
		if vary != nil {
			vary(name, file)
		}
		if files[name+".json"], err = json.Marshal(file); err != nil {
			t.Fatal(err)
		}
	}
	s, base := start(t, db.open(t), files)
	var out []*arena
	for _, name := range names {
		out = append(out, &arena{t, s, base, name})
	}
	return out
}

// in is the arena for a subtest.
func (a *arena) in(t *testing.T) *arena { return &arena{t, a.server, a.base, a.realm} }

// run runs a subtest in the arena.
func (a *arena) run(name string, test func(a *arena)) {
	a.T.Run(name, func(t *testing.T) { test(a.in(t)) })
}

// answer is what an endpoint answered: the members of a JSON object, or of a challenge.
type answer struct {
	status  int
	members map[string]any
	header  http.Header
	text    string
}

func (q answer) String() string {
	return fmt.Sprintf("%d %v %v", q.status, q.members["error"], q.members["error_description"])
}

// get is a member that is a text, or "".
func (q answer) get(member string) string {
	s, _ := q.members[member].(string)
	return s
}

// send posts a body to an endpoint of the realm, as "token".
func (a *arena) send(endpoint, body string, header http.Header) answer {
	a.Helper()
	q, err := http.NewRequestWithContext(a.Context(), "POST", a.base+"/realms/"+a.realm+"/protocol/openid-connect/"+endpoint, strings.NewReader(body))
	if err != nil {
		a.Fatal(err)
	}
	q.Header.Set("Content-Type", formType)
	for name, values := range header {
		q.Header[name] = values
	}
	resp, err := http.DefaultClient.Do(q)
	if err != nil {
		a.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		a.Fatal(err)
	}
	out := answer{status: resp.StatusCode, members: map[string]any{}, header: resp.Header, text: string(text)}
	if len(text) > 0 && text[0] == '{' {
		if err := json.Unmarshal(text, &out.members); err != nil {
			a.Fatalf("%s: %v", text, err)
		}
	}
	if out.status >= 500 {
		a.Errorf("%s: our own fault: %v", endpoint, out)
	}
	return out
}

// pairs is a form of these names and values.
func pairs(p ...string) url.Values {
	v := url.Values{}
	for i := 0; i < len(p); i += 2 {
		v.Add(p[i], p[i+1])
	}
	return v
}

// as adds what a client proves itself with.
func as(client string, p ...string) url.Values {
	v := pairs(p...)
	v.Set("client_id", client)
	if !slices.Contains([]string{"spa", "front", "kiosk"}, client) {
		v.Set("client_secret", client+"-secret")
	}
	return v
}

func (a *arena) post(endpoint string, form url.Values) answer {
	a.Helper()
	return a.send(endpoint, form.Encode(), nil)
}

// want is the answer to what must be granted.
func (a *arena) want(q answer) answer {
	a.Helper()
	if q.status != http.StatusOK {
		a.Fatalf("refused: %v", q)
	}
	return q
}

func (a *arena) signIn(client, name, scope string) answer {
	a.Helper()
	form := as(client, "grant_type", "password", "username", name, "password", name+"-password")
	if scope != "" {
		form.Set("scope", scope)
	}
	return a.want(a.post("token", form))
}

func (a *arena) service(client string) answer {
	a.Helper()
	return a.want(a.post("token", as(client, "grant_type", "client_credentials", "scope", "openid")))
}

func (a *arena) refresh(client, compact string, p ...string) answer {
	a.Helper()
	return a.post("token", as(client, append(p, "grant_type", "refresh_token", "refresh_token", compact)...))
}

func (a *arena) exchange(client, subject string, p ...string) answer {
	a.Helper()
	return a.post("token", as(client, append(p, "grant_type", grantExchange, "subject_token", subject, "subject_token_type", typeAccess)...))
}

func (a *arena) introspect(client, compact string) answer {
	a.Helper()
	return a.post("token/introspect", as(client, "token", compact))
}

func (a *arena) userinfo(compact string) answer {
	a.Helper()
	return a.post("userinfo", pairs("access_token", compact))
}

func (a *arena) current() *realm.Realm {
	a.Helper()
	r, err := a.server.Store().Realm(a.Context(), a.realm)
	if err != nil {
		a.Fatal(err)
	}
	return r
}

// edit changes the realm's configuration.
func (a *arena) edit(change func(d *realm.Draft)) {
	a.Helper()
	a.change(func(d *realm.Draft) error {
		change(d)
		return d.Validate()
	})
}

// keep changes the realm's configuration to one that may be wrong.
func (a *arena) keep(change func(d *realm.Draft)) {
	a.Helper()
	a.change(func(d *realm.Draft) error {
		change(d)
		return nil
	})
}

func (a *arena) change(change func(d *realm.Draft) error) {
	a.Helper()
	err := a.server.Store().Edit(a.Context(), a.realm, func(d *realm.Draft) ([]event.Admin, error) { return nil, change(d) })
	if err != nil {
		a.Fatal(err)
	}
}

func (a *arena) settings(change func(s *realm.Settings)) {
	a.Helper()
	a.edit(func(d *realm.Draft) {
		s := d.Realm().Settings
		change(&s)
		d.PutSettings(s)
	})
}

func (a *arena) client(id string, change func(c *realm.Client)) {
	a.Helper()
	a.edit(func(d *realm.Draft) {
		c := *d.Realm().Client(id)
		change(&c)
		d.PutClient(&c)
	})
}

func (a *arena) user(name string) *user.User {
	a.Helper()
	u, err := a.server.Store().UserByName(a.Context(), a.current().Key, name)
	if err != nil {
		a.Fatal(err)
	}
	return u
}

func (a *arena) changeUser(name string, change func(u *user.User)) {
	a.Helper()
	err := a.server.Store().EditUser(a.Context(), a.current().Key, a.user(name).ID, func(u *user.Account) ([]event.Admin, error) {
		change(&u.User)
		return nil, nil
	})
	if err != nil {
		a.Fatal(err)
	}
}

// audience is aud, as a list.
func audience(t testing.TB, compact string) []string {
	t.Helper()
	switch aud := claims(t.(*testing.T), compact)["aud"].(type) {
	case string:
		return []string{aud}
	case []any:
		var out []string
		for _, one := range aud {
			out = append(out, one.(string))
		}
		slices.Sort(out)
		return out
	}
	return nil
}
