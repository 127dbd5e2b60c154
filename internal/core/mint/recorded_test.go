package mint_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenhouse/tokenhouse/internal/core/audience"
	"github.com/tokenhouse/tokenhouse/internal/core/mapper"
	"github.com/tokenhouse/tokenhouse/internal/core/mint"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/session"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/keycloak/realmtest"
)

// The answers of Keycloak that the whole server is held to as well, and the realms that they start from.
const (
	recordings = "../../server/testdata/golden"
	realms     = "../../keycloak/testdata/golden"
)

// TestRecorded composes the tokens, introspection and userinfo answers that Keycloak was recorded to give, as
// far as no administrator has a hand in them, and compares every claim.
func TestRecorded(t *testing.T) {
	tests := map[string]int{ // scenario → how many answers there are to compare
		"token/claims": 62, "token/pairwise": 16, "exchange/audience": 30, "exchange/audience-mappers": 31, "exchange/lightweight": 14,
		"exchange/standard": 20, "endpoints/introspection": 20, "endpoints/userinfo": 18,
	}
	for name, least := range tests {
		t.Run(name, func(t *testing.T) {
			p := play(t, name)
			if p.compared < least {
				t.Errorf("%d answers compared, want %d", p.compared, least)
			}
		})
	}
}

// differs are steps whose audience Keycloak gives to clients that are disabled or gone, and this server not.
var differs = []string{"full scope: all roles, all audiences", "ghost in the token", "retired-audience in the token"}

// recording is a scenario, as far as it is read here.
type recording struct {
	Realms []string
	Steps  []step
}

type step struct {
	Name, Method, Path, Bearer string
	Basic                      []string
	Form                       [][2]string
	Save                       map[string]string
	Want                       struct {
		Status int
		Body   any
	}
}

// get is a form parameter; all are all of that name.
func (s *step) get(name string) string {
	for _, p := range s.Form {
		if p[0] == name {
			return p[1]
		}
	}
	return ""
}

func (s *step) all(name string) (out []string) {
	for _, p := range s.Form {
		if p[0] == name {
			out = append(out, p[1])
		}
	}
	return out
}

// issued is what is known of a token that was composed.
type issued struct {
	claims token.Claims
	scope  string // parameter
	user   *user.User
	client *realm.Client
	origin token.Origin
	behind *session.Session
}

// player composes what a scenario asks for.
type player struct {
	*testing.T
	fixture  *realmtest.Fixture
	issuer   string
	tokens   map[string]issued // by the variable that a step saves it in
	compared int
}

const base = "http://127.0.0.1:8080"

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func play(t *testing.T, name string) *player {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(recordings, "scenarios", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	var r recording
	if err := json.Unmarshal(text, &r); err != nil {
		t.Fatal(err)
	}
	f := realmtest.Load(t, filepath.Join(realms, r.Realms[0]))
	p := &player{T: t, fixture: f, issuer: f.Realm.Issuer(base), tokens: map[string]issued{}}
	for _, s := range r.Steps {
		if strings.HasPrefix(s.Path, "/admin/") && s.Method != "GET" {
			break // from here on the realm is another
		}
		p.step(s)
	}
	return p
}

func (p *player) step(s step) {
	body, ok := s.Want.Body.(map[string]any)
	if !ok || s.Want.Status != 200 {
		return
	}
	switch _, endpoint, _ := strings.Cut(s.Path, "/protocol/openid-connect/"); endpoint {
	case "token":
		p.token(s, body)
	case "userinfo":
		held, ok := p.tokens[variable(s.Bearer)]
		if !ok { // came in the form
			held = p.tokens[variable(s.get("access_token"))]
		}
		if held.client == nil {
			return
		}
		held.behind = nil
		q := p.request(held, mapper.UserInfo, nil, *held.claims.Scope)
		p.compare(s.Name, "userinfo", body, mint.UserInfo(q))
	case "token/introspect":
		held := p.tokens[variable(s.get("token"))]
		if body["active"] != true || s.get("token_type_hint") == "requesting_party_token" {
			return
		}
		held.behind = nil
		q := p.request(held, mapper.Introspection, nil, *held.claims.Scope)
		for _, name := range []string{"active", "client_id", "username", "token_type"} { // for others to add
			delete(body, name)
		}
		if body["scope"] == nil { // for others to leave out where empty
			body["scope"] = ""
		}
		made := mint.Introspection(q, &held.claims).Claims
		p.compare(s.Name, "introspection", body, made)
	}
}

// token composes an answer of the token endpoint.
func (p *player) token(s step, body map[string]any) {
	access := opened(body["access_token"])
	jti, _ := access["jti"].(string)
	origin, _ := token.ParseID(jti)
	to := issued{client: p.client(s), origin: origin, behind: &session.Session{ID: "session", Offline: origin.Session == token.Offline}}
	switch s.get("grant_type") {
	case "client_credentials":
		to.user = p.fixture.User(p.T, "service-account-"+to.client.ID)
		to.behind = &session.Session{Notes: map[string]string{"client_id": to.client.ID, "clientHost": "127.0.0.1", "clientAddress": "127.0.0.1"}}
	case "password":
		to.user = p.fixture.User(p.T, s.get("username"))
	case "refresh_token":
		to.user = p.tokens[variable(s.get("refresh_token"))].user
	default:
		to.user = p.tokens[variable(s.get("subject_token"))].user
	}
	use := mapper.Access
	if origin.Lightweight {
		use = mapper.Lightweight
	}
	told, _ := body["scope"].(string)
	if to.scope = s.get("scope"); to.scope == "" && sameWords(told+" openid", told) {
		to.scope = "openid" // as the session remembers
	}
	q := p.request(to, use, s.all("audience"), to.scope)
	if missing := q.For.Missing; len(missing) > 0 {
		p.Errorf("%s: missing %v", s.Name, missing)
	}
	made := mint.Access(q)
	if access["typ"] == "ID" {
		p.compare(s.Name, "ID token alone", access, mint.ID(q, "", "RS256").Claims)
		return
	}
	p.compare(s.Name, "access_token", access, made.Claims)
	if got := q.For.ScopeClaim(); !sameWords(got, told) {
		p.Errorf("%s: scope %q, want %q", s.Name, got, told)
	}
	if want := opened(body["id_token"]); want != nil {
		p.compare(s.Name, "id_token", want, mint.ID(q, "signed", "RS256").Claims)
	}
	if want := opened(body["refresh_token"]); want != nil {
		if want["exp"] == nil {
			q.Expires = time.Time{}
		}
		p.compare(s.Name, "refresh_token", want, mint.Refresh(q, &made.Claims).Claims)
	}
	var members token.Object
	if h, ok := body["h_resp"]; ok {
		members = token.Object{{Name: "h_resp", Value: h}}
	}
	if diff := cmp.Diff(members, mint.Response(q)); diff != "" {
		p.Errorf("%s: members of the answer (-want +got):\n%s", s.Name, diff)
	}
	to.claims = made.Claims
	for name, from := range s.Save {
		if from == "access_token" || from == "refresh_token" {
			p.tokens[name] = to
		}
	}
}

// request asks for a token of a session.
func (p *player) request(to issued, use mapper.Use, audiences []string, scope string) mint.Request {
	r := audience.Resolve(audience.Request{
		Realm: p.fixture.Realm, Issuer: p.issuer, Client: to.client, User: to.user,
		Session: to.behind, Scope: scope, Audiences: audiences, Use: use, Explain: true,
	})
	return mint.Request{For: &r, Base: base, ID: "id", Origin: to.origin, Now: noon, Expires: noon.Add(5 * time.Minute)}
}

func (p *player) client(s step) *realm.Client {
	id := s.get("client_id")
	if len(s.Basic) > 0 {
		id = s.Basic[0]
	}
	return p.fixture.Realm.Client(id)
}

// compare compares claims as people would: times and ids are any, and lists in any order.
func (p *player) compare(step, what string, want map[string]any, got any) {
	p.compared++
	var text []byte
	switch v := got.(type) {
	case token.Claims:
		text = v.AppendJSON(nil)
	case token.Object:
		text = v.AppendJSON(nil)
	}
	var have map[string]any
	if err := json.Unmarshal(text, &have); err != nil {
		p.Fatalf("%s: %s: %v", step, what, err)
	}
	delete(want, "exp-iat") // when tokens end is for who asks for them to say
	for name, value := range want {
		if (name == "aud" || name == "resource_access") && slices.Contains(differs, step) {
			delete(have, name)
			continue
		}
		if !p.equal(value, have[name]) {
			p.Errorf("%s: %s: %s is %v, want %v", step, what, name, have[name], value)
		}
		delete(have, name)
	}
	for name, value := range have {
		p.Errorf("%s: %s: has %s: %v", step, what, name, value)
	}
}

func (p *player) equal(want, got any) bool {
	switch w := want.(type) {
	case string:
		g, ok := got.(string)
		w = strings.ReplaceAll(w, "${base}", base)
		if id := strings.Index(w, "<id:"); id >= 0 {
			return ok && strings.HasPrefix(g, w[:id]) && g != ""
		}
		if _, time := got.(float64); time && w == "<time>" {
			return true
		}
		return ok && (g == w || sameWords(g, w))
	case []any:
		g, ok := got.([]any)
		return ok && len(g) == len(w) && !slices.ContainsFunc(w, func(a any) bool {
			return !slices.ContainsFunc(g, func(b any) bool { return p.equal(a, b) })
		})
	case map[string]any:
		g, ok := got.(map[string]any)
		if !ok || len(g) != len(w) {
			return false
		}
		for name, value := range w {
			if !p.equal(value, g[name]) {
				return false
			}
		}
		return true
	}
	return reflect.DeepEqual(want, got)
}

// sameWords tells whether two scopes name the same.
func sameWords(a, b string) bool { return reflect.DeepEqual(words(a), words(b)) }

func words(s string) []string { return slices.Compact(slices.Sorted(slices.Values(strings.Fields(s)))) }

// opened are the claims of a recorded token, or nil.
func opened(body any) map[string]any {
	if m, ok := body.(map[string]any); ok {
		if jwt, ok := m["jwt"].(map[string]any); ok {
			claims, _ := jwt["claims"].(map[string]any)
			return claims
		}
	}
	return nil
}

// variable is the name in ${name}.
func variable(s string) string { return strings.TrimSuffix(strings.TrimPrefix(s, "${"), "}") }
