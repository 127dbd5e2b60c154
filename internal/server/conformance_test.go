package server_test

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/google/go-cmp/cmp"

	"github.com/tokenhouse/tokenhouse/internal/server"
)

// module is a module of the OpenID Foundation's certification suite, by its name there. docs/conformance.md
// says what each checks.
type module struct {
	name string
	play func(x *trial)
}

// plans are the certification profiles for OpenID providers: with which client and response mode their modules
// are played.
var plans = []struct {
	name, client, mode string
	modules            []module
}{
	{"basic", "party", "", basicModules},
	{"form-post", "party", "form_post", basicModules},
	{"config", "party", "", configModules},
	{"rp-initiated-logout", "party", "", logoutModules},
	{"front-channel-logout", "framed", "", frontChannelModules},
	{"back-channel-logout", "called", "", backChannelModules},
	{"session-management", "watching", "", sessionModules},
}

// TestConformanceIsDocumented: the page names each test that there is, and no other.
func TestConformanceIsDocumented(t *testing.T) {
	page, err := os.ReadFile("../../docs/conformance.md")
	if err != nil {
		t.Fatal(err)
	}
	var documented, played []string
	for _, line := range strings.Split(string(page), "\n") {
		if !strings.HasPrefix(line, "| `oidcc-") {
			continue
		}
		for _, m := range regexp.MustCompile("`(TestConformance/[^`]+)`").FindAllStringSubmatch(line, -1) {
			documented = append(documented, m[1])
		}
	}
	for _, plan := range plans {
		for _, m := range plan.modules {
			played = append(played, "TestConformance/"+plan.name+"/"+m.name)
		}
	}
	slices.Sort(documented)
	slices.Sort(played)
	if d := cmp.Diff(played, documented); d != "" {
		t.Errorf("the tests (-) and docs/conformance.md (+):\n%s", d)
	}
}

// TestConformance plays the modules.
func TestConformance(t *testing.T) {
	t.Parallel()
	s := newSuite(t)
	for _, plan := range plans {
		t.Run(plan.name, func(t *testing.T) {
			for _, m := range plan.modules {
				t.Run(m.name, func(t *testing.T) {
					m.play(&trial{person: newPerson(t, s.web), suite: s, party: s.partyOf(plan.client), mode: plan.mode})
				})
			}
		})
	}
}

// suite is where modules are played: a server, whose clock stands unless a module moves it.
type suite struct {
	web      *httptest.Server
	ctx      context.Context // with the HTTP client that trusts the server
	issuer   string
	metadata metadata
	keys     oidc.KeySet
	elapsed  atomic.Int64 // time.Duration that modules let pass
	began    time.Time
	called   chan url.Values // what the back channel of the client "called" is told
	watching string          // where the site of the client "watching" is
}

// metadata are the members of the discovery document that clients need.
type metadata struct {
	Authorization string `json:"authorization_endpoint"`
	Token         string `json:"token_endpoint"`
	UserInfo      string `json:"userinfo_endpoint"`
	EndSession    string `json:"end_session_endpoint"`
	CheckSession  string `json:"check_session_iframe"`
	Keys          string `json:"jwks_uri"`
}

func newSuite(t *testing.T) *suite {
	t.Helper()
	s := &suite{began: time.Now(), called: make(chan url.Values, 10)}
	backChannel := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := r.ParseForm(); err != nil {
			t.Error(err)
		}
		s.called <- r.PostForm
	}))
	t.Cleanup(backChannel.Close)
	watching := httptest.NewTLSServer(http.HandlerFunc(watchingSite))
	t.Cleanup(watching.Close)
	s.watching = watching.URL
	text, err := os.ReadFile("testdata/conformance/certified.json")
	if err != nil {
		t.Fatal(err)
	}
	text = bytes.ReplaceAll(text, []byte("${called}"), []byte(backChannel.URL))
	text = bytes.ReplaceAll(text, []byte("${watching}"), []byte(watching.URL))
	s.web = secure(t, server.Config{Now: s.now}, map[string][]byte{"certified.json": text})
	s.ctx = oidc.ClientContext(t.Context(), s.web.Client())
	s.issuer = s.web.URL + "/realms/certified"
	provider, err := oidc.NewProvider(s.ctx, s.issuer)
	if err != nil {
		t.Fatal(err)
	}
	if err := provider.Claims(&s.metadata); err != nil {
		t.Fatal(err)
	}
	s.keys = oidc.NewRemoteKeySet(s.ctx, s.metadata.Keys)
	return s
}

func (s *suite) now() time.Time { return s.began.Add(time.Duration(s.elapsed.Load())) }

// wait lets time pass.
func (s *suite) wait(d time.Duration) { s.elapsed.Add(int64(d)) }

// party is a client that relies on the server.
type party struct{ id, secret, callback, goodbye string }

func (s *suite) partyOf(id string) party {
	site := "https://" + id + ".example"
	if id == "watching" {
		site = s.watching
	}
	return party{id: id, secret: id + "-secret", callback: site + "/callback", goodbye: site + "/goodbye"}
}

// trial is one module's: somebody at a browser of their own, and the client that they use.
type trial struct {
	*person
	*suite
	party
	mode string // response_mode; empty: that of the response type

	state, nonce string // of the last request
}

// request is an authorization request, with pairs of name and value added or changed. A value of "" is left out.
func (x *trial) request(pairs ...string) url.Values {
	x.state, x.nonce = "state-"+oneTime(), "nonce-"+oneTime()
	q := url.Values{"client_id": {x.id}, "redirect_uri": {x.callback}, "response_type": {"code"}, "scope": {"openid"},
		"state": {x.state}, "nonce": {x.nonce}, "response_mode": {x.mode}}
	for i := 0; i < len(pairs); i += 2 {
		q.Set(pairs[i], pairs[i+1])
	}
	maps.DeleteFunc(q, func(_ string, v []string) bool { return v[0] == "" })
	x.nonce = q.Get("nonce")
	return q
}

var count atomic.Int64

// oneTime is another text each time.
func oneTime() string { return time.Duration(count.Add(1)).String() }

// authorize goes where a client sends people to sign in.
func (x *trial) authorize(pairs ...string) {
	x.Helper()
	x.open(x.metadata.Authorization + "?" + x.request(pairs...).Encode())
}

// signIn fills in the form for name and password; the name is fixed where the form does not ask for it.
func (x *trial) signIn() {
	x.Helper()
	x.sees(200, `name="password"`)
	x.submit("username", "alice", "password", "alice-password")
}

// code is the code that the client was sent, in an answer as it must be.
func (x *trial) code() string {
	x.Helper()
	x.answered()
	if x.told.Get("error") != "" || x.told.Get("code") == "" {
		x.Fatalf("the client was told %v", x.told)
	}
	return x.told.Get("code")
}

// refusedWith expects this error at the client.
func (x *trial) refusedWith(code string) {
	x.Helper()
	x.answered()
	if x.told.Get("error") != code || x.told.Has("code") {
		x.Fatalf("the client was told %v instead of %s", x.told, code)
	}
}

// answered expects an answer at the client, in the mode that was asked for, with state and issuer.
func (x *trial) answered() {
	x.Helper()
	x.leaves(x.callback)
	want := byQuery
	if x.mode == "form_post" {
		want = byForm
	}
	if x.by != want || x.told.Get("state") != x.state || x.told.Get("iss") != x.issuer {
		x.Fatalf("by %s: %v; want state %s", x.by, x.told, x.state)
	}
}

// grantedTokens are what a client got, the ID token opened.
type grantedTokens struct {
	ID      string `json:"id_token"`
	Access  string `json:"access_token"`
	Refresh string `json:"refresh_token"`
	Kind    string `json:"token_type"`
	Expires int    `json:"expires_in"`
	Error   string `json:"error"`

	status int
	head   jose.Header // of the ID token
	token  *oidc.IDToken
	claims idClaims
}

type idClaims struct {
	AuthTime int64  `json:"auth_time"`
	ACR      string `json:"acr"`
	Party    string `json:"azp"`
	Session  string `json:"sid"`
	Name     string `json:"name"`
}

// post sends a form to an endpoint, authenticated as the client by client_secret_basic, and gives the status and
// the body of the answer.
func (x *trial) post(address string, form url.Values, who party) (status int, body []byte) {
	x.Helper()
	q, err := http.NewRequestWithContext(x.Context(), "POST", address, strings.NewReader(form.Encode()))
	if err != nil {
		x.Fatal(err)
	}
	q.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if who.id != "" {
		q.SetBasicAuth(who.id, who.secret)
	}
	return x.do(q)
}

// do sends a request of the client's, not of the browser's.
func (x *trial) do(q *http.Request) (status int, body []byte) {
	x.Helper()
	resp, err := x.web.Client().Do(q)
	if err != nil {
		x.Fatal(err)
	}
	defer resp.Body.Close()
	var b bytes.Buffer
	if _, err := b.ReadFrom(resp.Body); err != nil {
		x.Fatal(err)
	}
	return resp.StatusCode, b.Bytes()
}

// ask sends a form to the token endpoint.
func (x *trial) ask(who party, form url.Values) *grantedTokens {
	x.Helper()
	status, body := x.post(x.metadata.Token, form, who)
	out := &grantedTokens{status: status}
	if err := json.Unmarshal(body, out); err != nil {
		x.Fatalf("%d %s", status, body)
	}
	return out
}

// redeem exchanges a code, and checks the answer and its ID token (OpenID Connect Core §3.1.3.7).
func (x *trial) redeem(code string, pairs ...string) *grantedTokens {
	x.Helper()
	form := url.Values{"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {x.callback}}
	for i := 0; i < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	out := x.ask(x.party, form)
	x.verify(out)
	if out.token.Nonce != x.nonce {
		x.Errorf("nonce %q, want %q", out.token.Nonce, x.nonce)
	}
	return out
}

// verify checks a token answer and opens its ID token.
func (x *trial) verify(out *grantedTokens) {
	x.Helper()
	if out.status != http.StatusOK || out.Access == "" || !strings.EqualFold(out.Kind, "Bearer") || out.Expires <= 0 {
		x.Fatalf("token answer %d %s, %s, expires in %d", out.status, out.Error, out.Kind, out.Expires)
	}
	verifier := oidc.NewVerifier(x.issuer, x.keys, &oidc.Config{ClientID: x.id, Now: x.now})
	token, err := verifier.Verify(x.ctx, out.ID)
	if err != nil {
		x.Fatal(err)
	}
	if err := token.Claims(&out.claims); err != nil {
		x.Fatal(err)
	}
	parsed, err := jwt.ParseSigned(out.ID, []jose.SignatureAlgorithm{jose.RS256})
	if err != nil {
		x.Fatal(err)
	}
	out.token, out.head = token, parsed.Headers[0]
	if out.claims.Party != x.id || token.Subject == "" || len(token.Subject) > 255 || token.IssuedAt.After(x.now().Add(time.Second)) {
		x.Errorf("ID token %+v %+v", token, out.claims)
	}
	if err := token.VerifyAccessToken(out.Access); err != nil {
		x.Errorf("at_hash: %v", err)
	}
}

// signedIn signs in with these parameters in the request, and gives the tokens.
func (x *trial) signedIn(pairs ...string) *grantedTokens {
	x.Helper()
	x.authorize(pairs...)
	x.signIn()
	return x.redeem(x.code())
}

// again asks once more, with these parameters, in a browser that is signed in: no page may come.
func (x *trial) again(pairs ...string) *grantedTokens {
	x.Helper()
	x.authorize(pairs...)
	return x.redeem(x.code())
}

// userinfo is what the endpoint says of a token's subject.
func (x *trial) userinfo(access string) map[string]any {
	x.Helper()
	q, err := http.NewRequestWithContext(x.Context(), "GET", x.metadata.UserInfo, nil)
	if err != nil {
		x.Fatal(err)
	}
	q.Header.Set("Authorization", "Bearer "+access)
	return x.information(x.do(q))
}

func (x *trial) information(status int, body []byte) map[string]any {
	x.Helper()
	var out map[string]any
	if status != http.StatusOK || json.Unmarshal(body, &out) != nil || out["sub"] == nil {
		x.Fatalf("userinfo: %d %s", status, body)
	}
	return out
}

// has expects members of a JSON object.
func (x *trial) has(object map[string]any, names ...string) {
	x.Helper()
	for _, name := range names {
		if v := object[name]; v == nil || v == "" {
			x.Errorf("%s is missing among %v", name, slices.Sorted(maps.Keys(object)))
		}
	}
}
