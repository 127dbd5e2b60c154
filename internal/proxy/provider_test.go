package proxy_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// claims are claims of a token.
type claims map[string]any

// provider is an issuer that signs in alice, or whoever the test says, without asking.
type provider struct {
	testing.TB
	*httptest.Server
	url string // the issuer: a realm
	at  string // where servers find it

	mu       sync.Mutex
	signer   jose.Signer
	key      jose.JSONWebKey
	access   claims // what access tokens say beside what all do
	id       claims // likewise ID tokens
	life     time.Duration
	down     bool
	instead  map[string]http.HandlerFunc // what answers, by path; that of "" where a path has none
	codes    map[string]url.Values       // authorization requests, by code
	refresh  map[string]bool             // refresh tokens that are good
	asked    map[string]int              // how often, by path or grant
	forms    []url.Values                // what the token endpoint was sent, the last one last
	refuses  map[string]string           // error by grant, or "error: description"
	answerTo func(code, state string, q url.Values) url.Values
}

func newProvider(t testing.TB) *provider {
	t.Helper()
	p := &provider{TB: t, life: 5 * time.Minute, access: claims{"aud": []string{"my-app"}}, id: claims{}, codes: map[string]url.Values{},
		refresh: map[string]bool{}, asked: map[string]int{}, refuses: map[string]string{}}
	p.newKey("first")
	mux := http.NewServeMux()
	mux.HandleFunc("GET /realms/shop/.well-known/openid-configuration", p.discovery)
	mux.HandleFunc("GET /realms/shop/keys", p.keys)
	mux.HandleFunc("GET /realms/shop/auth", p.authorize)
	mux.HandleFunc("POST /realms/shop/token", p.token)
	mux.HandleFunc("POST /realms/shop/revoke", p.revoke)
	mux.HandleFunc("POST /admin/realms/shop/tokenhouse/explain/{kind}", p.explain)
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		p.asked[r.URL.Path]++
		down, instead := p.down, p.instead[r.URL.Path]
		if instead == nil {
			instead = p.instead[""]
		}
		p.mu.Unlock()
		switch {
		case down:
			http.Error(w, "", http.StatusServiceUnavailable)
		case instead != nil:
			instead(w, r)
		default:
			mux.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(p.Close)
	p.at = p.URL + "/realms/shop"
	p.url = p.at
	return p
}

func (p *provider) newKey(id string) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		p.Fatal(err)
	}
	p.signWith(id, jose.ES256, private)
}

// signWith has the provider sign with a key from now on, and publish that alone.
func (p *provider) signWith(id string, alg jose.SignatureAlgorithm, private crypto.Signer) {
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: jose.JSONWebKey{Key: private, KeyID: id}}, nil)
	if err != nil {
		p.Fatal(err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.signer, p.key = signer, jose.JSONWebKey{Key: private.Public(), KeyID: id, Algorithm: string(alg), Use: "sig"}
}

// set changes the provider while it may be asked.
func (p *provider) set(change func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	change()
}

func (p *provider) count(what string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.asked[what]
}

func (p *provider) sign(all ...claims) string {
	sum := claims{}
	for _, c := range all {
		maps.Copy(sum, c)
	}
	text, err := json.Marshal(sum)
	if err != nil {
		p.Error(err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	s, err := p.signer.Sign(text)
	if err != nil {
		p.Error(err)
	}
	compact, err := s.CompactSerialize()
	if err != nil {
		p.Error(err)
	}
	return compact
}

// bearer is an access token of alice, with other claims where they are given.
func (p *provider) bearer(other ...claims) string {
	p.mu.Lock()
	base := claims{"iss": p.url, "sub": "alice-id", "azp": "my-app", "typ": "Bearer", "preferred_username": "alice", "email": "alice@example.com",
		"jti": rand.Text(), "iat": time.Now().Unix(), "exp": time.Now().Add(p.life).Unix()}
	maps.Copy(base, p.access)
	p.mu.Unlock()
	return p.sign(append([]claims{base}, other...)...)
}

func (p *provider) discovery(w http.ResponseWriter, _ *http.Request) {
	p.json(w, 200, claims{"issuer": p.url, "authorization_endpoint": p.url + "/auth", "token_endpoint": p.at + "/token", "jwks_uri": p.at + "/keys",
		"revocation_endpoint": p.at + "/revoke", "end_session_endpoint": p.url + "/logout", "authorization_response_iss_parameter_supported": true})
}

func (p *provider) keys(w http.ResponseWriter, _ *http.Request) {
	p.mu.Lock()
	set := jose.JSONWebKeySet{Keys: []jose.JSONWebKey{p.key}}
	p.mu.Unlock()
	p.json(w, 200, set)
}

func (p *provider) json(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if err := json.NewEncoder(w).Encode(v); err != nil {
		p.Error(err)
	}
}

// authorize sends the browser back with a code at once.
func (p *provider) authorize(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	code := rand.Text()
	answer := url.Values{"code": {code}, "state": {q.Get("state")}, "iss": {p.url}}
	p.set(func() { p.codes[code] = q })
	if p.answerTo != nil {
		answer = p.answerTo(code, q.Get("state"), q)
	}
	w.Header().Set("Location", q.Get("redirect_uri")+"?"+answer.Encode())
	w.WriteHeader(http.StatusFound)
}

func (p *provider) token(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		p.Error(err)
	}
	form := r.PostForm
	id, secret, _ := r.BasicAuth()
	if id == "" {
		id, secret = form.Get("client_id"), form.Get("client_secret")
	}
	grant := form.Get("grant_type")
	p.mu.Lock()
	p.forms = append(p.forms, form)
	p.asked[grant]++
	begun, redeemed := p.codes[form.Get("code")], form.Get("code") != ""
	delete(p.codes, form.Get("code"))
	good, refusal := p.refresh[form.Get("refresh_token")], p.refuses[grant]
	if refusal == "" {
		delete(p.refresh, form.Get("refresh_token"))
	}
	p.mu.Unlock()
	refuse := func(refusal string) {
		code, text, given := strings.Cut(refusal, ": ")
		if !given {
			text = "refused by the provider"
		}
		p.json(w, 400, claims{"error": code, "error_description": text})
	}
	switch {
	case secret != "app-secret" && secret != "explain-secret":
		p.json(w, 401, claims{"error": "invalid_client"})
		return
	case refusal != "":
		refuse(refusal)
		return
	}
	answer := claims{"token_type": "Bearer", "expires_in": int(p.life.Seconds()), "issued_token_type": "urn:ietf:params:oauth:token-type:access_token"}
	switch grant {
	case "authorization_code":
		sum := sha256.Sum256([]byte(form.Get("code_verifier")))
		if !redeemed || begun == nil || begun.Get("code_challenge") != base64.RawURLEncoding.EncodeToString(sum[:]) || begun.Get("redirect_uri") != form.Get("redirect_uri") {
			refuse("invalid_grant")
			return
		}
		answer["id_token"] = p.sign(claims{"iss": p.url, "aud": "my-app", "azp": "my-app", "sub": "alice-id", "typ": "ID", "exp": time.Now().Add(time.Hour).Unix(),
			"nonce": begun.Get("nonce")}, p.id)
	case "refresh_token":
		if !good {
			refuse("invalid_grant")
			return
		}
	case "urn:ietf:params:oauth:grant-type:token-exchange":
		answer["access_token"] = p.bearer(claims{"aud": []string{form.Get("audience")}, "azp": id, "resource_access": claims{form.Get("audience"): claims{"roles": []string{"reader"}}}})
	case "client_credentials":
		answer["access_token"] = p.bearer(claims{"azp": id, "aud": []string{"realm-management"}})
	default:
		refuse("unsupported_grant_type")
		return
	}
	if answer["access_token"] == nil {
		renewal := rand.Text()
		p.set(func() { p.refresh[renewal] = true })
		answer["access_token"], answer["refresh_token"], answer["refresh_expires_in"] = p.bearer(), renewal, 1800
	}
	p.json(w, 200, answer)
}

func (p *provider) revoke(_ http.ResponseWriter, r *http.Request) {
	token := r.PostFormValue("token")
	p.set(func() { delete(p.refresh, token); p.forms = append(p.forms, r.PostForm) })
}

// explain answers as a Tokenhouse does.
func (p *provider) explain(w http.ResponseWriter, r *http.Request) {
	fix := []claims{{"sentence": "explained by the issuer", "command": "tokenhouse admin update clients/42 -r shop"}}
	if r.PathValue("kind") == "audience" {
		p.json(w, 200, claims{"wanted": []claims{{"audience": "my-app", "reached": false, "fixes": fix}}})
		return
	}
	p.json(w, 200, claims{"granted": false, "fixes": fix})
}
