package mapper_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenhouse/tokenhouse/internal/core/mapper"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
)

// FuzzMapper lets mappers of every kind write, whatever they are set to and whatever the user's attributes hold:
// the token can be read, says what only its issuer says, and names no client that is switched off.
func FuzzMapper(f *testing.F) {
	for i := range mapper.Kinds {
		f.Add(uint8(i), uint8(0), "one", "a.b", "api.v2.read", "int")
	}
	for i, seed := range [][4]string{
		{"free", "aud", "closed", "JSON"}, {"free", "sub", `["a",{"b":1e400}]`, "JSON"}, {"prefs", "iss", "x", "JSON"},
		{"free", "exp", "9223372036854775808", "long"}, {"closed", "closed.admin", "##", "web##closed"}, {"x", "session_state", "\xff", "\x00"},
		{"free", "access_token.x", `{"a":{"a":{"a":null}}}`, "JSON"}, {"${client_id}", "${client_id}.${client_id}", `\`, "boolean"},
	} {
		f.Add(uint8(i*3), uint8(i), seed[0], seed[1], seed[2], seed[3])
	}
	f.Fuzz(func(t *testing.T, number, use uint8, a, b, c, d string) {
		k := &mapper.Kinds[int(number)%len(mapper.Kinds)]
		w := bench()
		w.Use = mapper.Use(use % 6)
		w.User.Attributes["free"] = []string{c, a}
		w.User.Attributes["street"] = []string{d}
		w.Session.Notes["free"] = c
		w.Claims = &token.Claims{ID: "onrtro:1", Type: token.TypBearer, Issuer: w.Issuer, Expires: 1_800_000_000, IssuedAt: 1_700_000_000, Session: "session-1", Client: "web"}
		m := &realm.Mapper{Name: "m", Kind: k.Name, Config: map[string]string{"multivalued": fmt.Sprint(use&8 != 0), "aggregate.attrs": fmt.Sprint(use&16 != 0)}}
		for i, field := range k.Fields {
			m.Config[field] = []string{a, b, c, d}[i%4]
		}
		m.Config["claim.name"], m.Config["jsonType.label"] = b, d

		k.Apply(&w, m)
		w.Claims.Audience = w.Audiences.All()
		got, err := token.Parse(w.Claims.AppendJSON(nil))
		if err != nil {
			t.Fatalf("%s with %q cannot be read: %v", k.Name, m.Config, err)
		}
		type ours struct {
			id, kind, issuer, session string
			expires, issued, begins   int64
		}
		want := ours{"onrtro:1", token.TypBearer, w.Issuer, "session-1", 1_800_000_000, 1_700_000_000, 0}
		if diff := cmp.Diff(want, ours{got.ID, got.Type, got.Issuer, got.Session, got.Expires, got.IssuedAt, got.NotBefore}, cmp.AllowUnexported(ours{})); diff != "" {
			t.Errorf("%s with %q (-want +got):\n%s", k.Name, m.Config, diff)
		}
		if w.Audiences.Has("closed") || slices.ContainsFunc(w.Roles, func(r realm.RoleRef) bool { return r.Client == "closed" }) {
			t.Errorf("%s with %q brings back a client that is switched off: %v, %v", k.Name, m.Config, w.Audiences.All(), w.Roles)
		}
		if !slices.IsSortedFunc(w.Roles, func(a, b realm.RoleRef) int { return strings.Compare(a.Client, b.Client) }) {
			t.Errorf("%s with %q tears the roles of a client apart: %v", k.Name, m.Config, w.Roles)
		}
	})
}
