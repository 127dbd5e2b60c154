package brokerclient_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/google/go-cmp/cmp"

	"github.com/tokenhouse/tokenhouse/brokerclient"
)

const grantExchange = "urn:ietf:params:oauth:grant-type:token-exchange"

// TestExchangeSends: what is asked for is sent, and what is not set is not.
func TestExchangeSends(t *testing.T) {
	for name, tt := range map[string]struct {
		request brokerclient.Request
		want    url.Values
	}{
		"little": {brokerclient.Request{SubjectToken: "s"},
			url.Values{"subject_token": {"s"}, "subject_token_type": {"urn:ietf:params:oauth:token-type:access_token"}}},
		"all": {brokerclient.Request{SubjectToken: "s", SubjectTokenType: brokerclient.JWT, SubjectIssuer: "partner", ActorToken: "a", ActorTokenType: brokerclient.IDToken,
			Audience: []string{"orders", "billing"}, Resource: []string{"https://a.example", "https://b.example"}, Scope: []string{"x", "y"},
			RequestedTokenType: brokerclient.RefreshToken, RequestedSubject: "alice", RequestedIssuer: "github"},
			url.Values{"subject_token": {"s"}, "subject_token_type": {"urn:ietf:params:oauth:token-type:jwt"}, "subject_issuer": {"partner"},
				"actor_token": {"a"}, "actor_token_type": {"urn:ietf:params:oauth:token-type:id_token"}, "audience": {"orders", "billing"},
				"resource": {"https://a.example", "https://b.example"}, "scope": {"x y"}, "requested_token_type": {"urn:ietf:params:oauth:token-type:refresh_token"},
				"requested_subject": {"alice"}, "requested_issuer": {"github"}}},
	} {
		s := &server{}
		token, err := s.client(t, brokerclient.Config{Auth: brokerclient.SecretBasic("gateway", "secret")}).Exchange(t.Context(), tt.request)
		if err != nil {
			t.Fatal(err)
		}
		tt.want.Set("grant_type", grantExchange)
		if d := cmp.Diff(tt.want, s.last().form); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
		if token.Access != "token-1" || token.Scheme != "Bearer" || token.Bound() || token.Type != brokerclient.AccessToken || cmp.Diff([]string{"a", "b"}, token.Scopes) != "" {
			t.Errorf("%s: %+v", name, *token)
		}
		if left := time.Until(token.Expires); left < 4*time.Minute || left > 5*time.Minute {
			t.Errorf("%s: expires in %s", name, left)
		}
	}
	s := &server{}
	c := s.client(t, brokerclient.Config{})
	if _, err := c.Exchange(t.Context(), brokerclient.Request{Audience: []string{"orders"}}); err == nil || s.count() != 0 {
		t.Errorf("without a subject: %v", err)
	}
	if _, err := c.NewSource().Exchange(t.Context(), brokerclient.Request{Audience: []string{"orders"}}); err == nil || s.count() != 0 {
		t.Errorf("without a subject, from a source: %v", err)
	}
	if _, err := c.ClientCredentials(t.Context(), brokerclient.Own{Scope: []string{"x"}, Resource: []string{"https://a.example"}}); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(url.Values{"grant_type": {"client_credentials"}, "scope": {"x"}, "resource": {"https://a.example"}}, s.last().form); d != "" {
		t.Errorf("client credentials (-want +got):\n%s", d)
	}
}

// TestAuth: each way for a client to prove itself, as it goes over the wire.
func TestAuth(t *testing.T) {
	file := filepath.Join(t.TempDir(), "token")
	write := func(text string) {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("from-a-file\n")
	const bearerType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
	fromFile := brokerclient.AssertionFile(file)
	for name, tt := range map[string]struct {
		auth   brokerclient.Auth
		header string
		want   url.Values
	}{
		"nobody":         {nil, "", url.Values{}},
		"basic":          {brokerclient.SecretBasic("gate way", "p:ä%"), "Basic Z2F0ZSt3YXk6cCUzQSVDMyVBNCUyNQ==", url.Values{}},
		"post":           {brokerclient.SecretPost("gateway", "secret"), "", url.Values{"client_id": {"gateway"}, "client_secret": {"secret"}}},
		"name alone":     {brokerclient.ClientID("gateway"), "", url.Values{"client_id": {"gateway"}}},
		"assertion":      {brokerclient.Assertion(func(context.Context) (string, error) { return "from-github", nil }), "", url.Values{"client_assertion": {"from-github"}, "client_assertion_type": {bearerType}}},
		"assertion file": {fromFile, "", url.Values{"client_assertion": {"from-a-file"}, "client_assertion_type": {bearerType}}},
	} {
		s := &server{}
		if _, err := s.client(t, brokerclient.Config{Auth: tt.auth}).ClientCredentials(t.Context(), brokerclient.Own{}); err != nil {
			t.Fatal(err)
		}
		tt.want.Set("grant_type", "client_credentials")
		if d := cmp.Diff(tt.want, s.last().form); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
		if got := s.last().header.Get("Authorization"); got != tt.header {
			t.Errorf("%s: Authorization %q", name, got)
		}
	}

	s := &server{}
	c := s.client(t, brokerclient.Config{Auth: fromFile})
	write("renewed")
	if _, err := c.ClientCredentials(t.Context(), brokerclient.Own{}); err != nil || s.last().form.Get("client_assertion") != "renewed" {
		t.Errorf("renewed file: %v, %v", err, s.last().form)
	}
	for name, auth := range map[string]brokerclient.Auth{
		"no file":     brokerclient.AssertionFile(file + "x"),
		"no token":    brokerclient.Assertion(func(context.Context) (string, error) { return "", nil }),
		"error":       brokerclient.Assertion(func(context.Context) (string, error) { return "x", errors.New("no workflow") }),
		"no key":      brokerclient.PrivateKeyJWT(issuer, "gateway", brokerclient.Key{}),
		"wrong curve": brokerclient.PrivateKeyJWT(issuer, "gateway", brokerclient.Key{Private: newEC(t, elliptic.P256()), Algorithm: "ES512"}),
	} {
		before := s.count()
		if _, err := s.client(t, brokerclient.Config{Auth: auth}).ClientCredentials(t.Context(), brokerclient.Own{}); err == nil || s.count() != before {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func newEC(t testing.TB, c elliptic.Curve) *ecdsa.PrivateKey {
	t.Helper()
	k, err := ecdsa.GenerateKey(c, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// TestPrivateKeyJWT: an assertion by any kind of key, new for each request, for the issuer alone.
func TestPrivateKeyJWT(t *testing.T) {
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	_, edKey, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		key brokerclient.Key
		alg jose.SignatureAlgorithm
	}{
		{brokerclient.Key{Private: newEC(t, elliptic.P256()), ID: "k"}, jose.ES256}, {brokerclient.Key{Private: newEC(t, elliptic.P384()), ID: "k"}, jose.ES384},
		{brokerclient.Key{Private: newEC(t, elliptic.P521()), ID: "k"}, jose.ES512}, {brokerclient.Key{Private: rsaKey, ID: "k"}, jose.RS256},
		{brokerclient.Key{Private: rsaKey, Algorithm: "PS256", ID: "k"}, jose.PS256}, {brokerclient.Key{Private: edKey, ID: "k"}, jose.EdDSA},
	} {
		s, seen := &server{}, map[string]bool{}
		c := s.client(t, brokerclient.Config{Auth: brokerclient.PrivateKeyJWT(issuer, "gateway", tt.key)})
		for range 2 {
			if _, err := c.ClientCredentials(t.Context(), brokerclient.Own{}); err != nil {
				t.Fatal(err)
			}
			jws, err := jose.ParseSignedCompact(s.last().form.Get("client_assertion"), []jose.SignatureAlgorithm{tt.alg})
			if err != nil {
				t.Fatal(err)
			}
			payload, err := jws.Verify(tt.key.Private.Public())
			if err != nil || jws.Signatures[0].Header.KeyID != "k" {
				t.Fatalf("%s: %v, header %+v", tt.alg, err, jws.Signatures[0].Header)
			}
			var claims struct {
				Iss, Sub, Aud, JTI string
				Iat, Exp           int64
			}
			if err := json.Unmarshal(payload, &claims); err != nil || claims.Iss != "gateway" || claims.Sub != "gateway" || claims.Aud != issuer || claims.Exp-claims.Iat != 60 {
				t.Errorf("%s: %+v, %v", tt.alg, claims, err)
			}
			seen[claims.JTI] = true
		}
		if len(seen) != 2 {
			t.Errorf("%s: jti %v", tt.alg, seen)
		}
	}
}

// TestRefusals arrive with the server's code and words, and without what was sent in secret.
func TestRefusals(t *testing.T) {
	for name, tt := range map[string]struct {
		answer func(http.ResponseWriter, asked)
		code   brokerclient.Code
		want   string
	}{
		"code and text": {refuse(403, `{"error":"access_denied","error_description":"Token exchange not permitted: client gateway may not exchange to payment"}`), brokerclient.AccessDenied,
			"brokerclient: access_denied: Token exchange not permitted: client gateway may not exchange to payment (HTTP 403 Forbidden)"},
		"code alone":   {refuse(400, `{"error":"invalid_grant"}`), brokerclient.InvalidGrant, "brokerclient: invalid_grant (HTTP 400 Bad Request)"},
		"too often":    {refuse(429, `{"error":"slow_down"}`, "Retry-After", "7"), brokerclient.SlowDown, "brokerclient: slow_down (HTTP 429 Too Many Requests)"},
		"no OAuth":     {refuse(502, "<html>the-subject-token"), "", "brokerclient: the token endpoint has no answer (HTTP 502 Bad Gateway)"},
		"a redirect":   {refuse(302, "", "Location", "https://evil.example"), "", "brokerclient: the token endpoint has no answer (HTTP 302 Found)"},
		"tells tokens": {refuse(400, `{"error":"invalid_request","error_description":"bad the-subject-token of the-actor-token by the-secret"}`), brokerclient.InvalidRequest, "brokerclient: invalid_request: bad … of … by … (HTTP 400 Bad Request)"},
	} {
		s := &server{answer: tt.answer}
		c := s.client(t, brokerclient.Config{Auth: brokerclient.SecretPost("gateway", "the-secret")})
		_, err := c.Exchange(t.Context(), brokerclient.Request{SubjectToken: "the-subject-token", ActorToken: "the-actor-token"})
		e, ok := errors.AsType[*brokerclient.Error](err)
		if !ok || err.Error() != tt.want || e.Code != tt.code || tt.code != "" && !errors.Is(fmt.Errorf("call orders: %w", err), tt.code) || errors.Is(err, brokerclient.InvalidScope) {
			t.Errorf("%s: %v, want %s", name, err, tt.want)
		}
		if name == "too often" && e.RetryAfter != 7*time.Second {
			t.Errorf("retry after %s", e.RetryAfter)
		}
	}
	if errors.Is(&brokerclient.Error{}, brokerclient.Code("")) {
		t.Error("no code is a code")
	}
}

// TestErrSubject: that a token ended is told apart from an exchange that may not be. Texts are those of Keycloak 26.7.
func TestErrSubject(t *testing.T) {
	for _, tt := range []struct {
		code brokerclient.Code
		text string
		want bool
	}{
		{brokerclient.InvalidRequest, "Invalid token", true},
		{brokerclient.InvalidToken, "", true},
		{brokerclient.InvalidGrant, "", true},
		{brokerclient.InvalidRequest, "Requested audience not available: orders", false},
		{brokerclient.InvalidRequest, "Invalid token type, must be access token", false},
		{brokerclient.AccessDenied, "Client is not within the token audience", false},
		{brokerclient.InvalidClient, "Audience not found", false},
		{"", "", false},
	} {
		if got := errors.Is(fmt.Errorf("call orders: %w", &brokerclient.Error{Code: tt.code, Description: tt.text}), brokerclient.ErrSubject); got != tt.want {
			t.Errorf("%s %q: %t", tt.code, tt.text, got)
		}
	}
}

// TestAnswersThatAreNoTokens are errors, and hold nothing of the answer.
func TestAnswersThatAreNoTokens(t *testing.T) {
	for name, body := range map[string]string{"empty": "", "no JSON": "the-token", "no token": `{"token_type":"Bearer"}`, "no scheme": `{"access_token":"the-token"}`,
		"no text": `{"access_token":7,"token_type":"Bearer"}`, "too long": strings.Repeat(" ", 1<<20+1)} {
		s := &server{answer: refuse(200, body)}
		if _, err := s.client(t, brokerclient.Config{}).ClientCredentials(t.Context(), brokerclient.Own{}); err == nil || strings.Contains(err.Error(), "the-token") {
			t.Errorf("%s: %v", name, err)
		}
	}
	s := &server{answer: refuse(200, `{"access_token":"the-token","token_type":"N_A"}`)}
	token, err := s.client(t, brokerclient.Config{}).ClientCredentials(t.Context(), brokerclient.Own{})
	if err != nil || !token.Expires.IsZero() || token.Scopes != nil {
		t.Errorf("%+v, %v", token, err)
	}
	for _, text := range []string{fmt.Sprint(token), fmt.Sprintf("%+v %#v %v %s", token, token, *token, *token)} {
		if strings.Contains(text, "the-token") {
			t.Errorf("printed: %s", text)
		}
	}
}

// TestNewRefuses settings that cannot be meant.
func TestNewRefuses(t *testing.T) {
	for name, c := range map[string]brokerclient.Config{
		"no issuer": {}, "no TLS": {Issuer: "http://id.example"}, "a password": {Issuer: "https://a:b@id.example"},
		"no TLS for tokens": {Issuer: issuer, TokenURL: "http://id.example/token"},
		"no TLS to find it": {Issuer: issuer, DiscoveryURL: "http://id.example/.well-known/openid-configuration"},
		"no curve":          {Issuer: issuer, Key: brokerclient.Key{Private: newEC(t, elliptic.P224())}},
	} {
		if _, err := c.NewClient(); err == nil {
			t.Errorf("%s passes", name)
		}
	}
	for _, c := range []brokerclient.Config{{Issuer: "http://localhost:8080"}, {Issuer: "http://id.example", InsecureHTTP: true}} {
		if _, err := c.NewClient(); err != nil {
			t.Errorf("%s: %v", c.Issuer, err)
		}
	}
}

// TestDiscoveryElsewhere: the document may be at another address of the issuer, and is the issuer's all the same.
func TestDiscoveryElsewhere(t *testing.T) {
	const inside = "https://id.cluster.example/realms/shop/.well-known/openid-configuration"
	s := &server{}
	c, err := brokerclient.Config{Issuer: issuer, DiscoveryURL: inside, HTTPClient: &http.Client{Transport: roundTrip(func(q *http.Request) (*http.Response, error) {
		if q.URL.String() == inside {
			q = q.Clone(q.Context())
			q.URL, _ = url.Parse(issuer + "/.well-known/openid-configuration") // it is one
		} else if q.URL.String() != issuer+"/token" {
			t.Errorf("%s is asked", q.URL)
		}
		return s.RoundTrip(q)
	})}}.NewClient()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.ClientCredentials(t.Context(), brokerclient.Own{}); err != nil {
		t.Error(err)
	}
}

// TestDiscovery: the endpoint is what the issuer's own document says.
func TestDiscovery(t *testing.T) {
	for name, tt := range map[string]struct {
		status     int
		body, want string
	}{
		"another issuer": {200, `{"issuer":"https://other.example","token_endpoint":"https://id.example/token"}`, `is of issuer "https://other.example"`},
		"without TLS":    {200, `{"issuer":"` + issuer + `","token_endpoint":"http://id.example/token"}`, "InsecureHTTP"},
		"no endpoint":    {200, `{"issuer":"` + issuer + `"}`, "no URL"},
		"no document":    {200, `x`, "no JSON"},
		"not there":      {404, `{}`, "404"},
	} {
		c, err := brokerclient.Config{Issuer: issuer, HTTPClient: &http.Client{Transport: roundTrip(func(*http.Request) (*http.Response, error) {
			w := httptest.NewRecorder()
			w.WriteHeader(tt.status)
			_, _ = io.WriteString(w, tt.body)
			return w.Result(), nil
		})}}.NewClient()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.ClientCredentials(t.Context(), brokerclient.Own{}); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestCancelled: who gives up does not wait, and learns that it was they who gave up.
func TestCancelled(t *testing.T) {
	s := &server{}
	c := s.client(t, brokerclient.Config{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.Exchange(ctx, brokerclient.Request{SubjectToken: "the-subject-token"}); !errors.Is(err, context.Canceled) || strings.Contains(err.Error(), "the-subject-token") {
		t.Errorf("%v", err)
	}
}

// TestProofs: each token request carries a new proof by the key, which names the nonce that the server said last.
func TestProofs(t *testing.T) {
	key, err := brokerclient.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	var nonces []string
	seen := map[string]bool{}
	s := &server{}
	s.answer = func(w http.ResponseWriter, q asked) {
		nonce := checkProof(t, key, q.header.Get("DPoP"), "POST", issuer+"/token", "", seen)
		nonces = append(nonces, nonce)
		w.Header().Set("DPoP-Nonce", fmt.Sprintf("n%d", len(nonces)))
		if nonce == "" {
			refuse(400, `{"error":"use_dpop_nonce"}`)(w, q)
			return
		}
		issue(w, "bound", "DPoP", 300)
	}
	c := s.client(t, brokerclient.Config{Key: key})
	for range 2 {
		token, err := c.ClientCredentials(t.Context(), brokerclient.Own{})
		if err != nil || !token.Bound() {
			t.Fatalf("%+v, %v", token, err)
		}
	}
	if d := cmp.Diff([]string{"", "n1", "n2"}, nonces); d != "" {
		t.Errorf("nonces (-want +got):\n%s", d)
	}
	s.answer = refuse(400, `{"error":"use_dpop_nonce"}`, "DPoP-Nonce", "n")
	before := s.count()
	if _, err := c.ClientCredentials(t.Context(), brokerclient.Own{}); !errors.Is(err, brokerclient.UseDPoPNonce) || s.count() != before+2 {
		t.Errorf("%v, asked %d times", err, s.count()-before)
	}
}

// TestUnboundIsRefused: a client with a key does not take an access token that is good without it.
func TestUnboundIsRefused(t *testing.T) {
	key, err := brokerclient.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	bearer := func(w http.ResponseWriter, _ asked) { issue(w, "a-token", "Bearer", 300) }
	for name, tt := range map[string]struct {
		key     brokerclient.Key
		answer  func(http.ResponseWriter, asked)
		request brokerclient.Request
		want    error
	}{
		"unbound":           {key, bearer, brokerclient.Request{}, brokerclient.ErrUnbound},
		"of no type":        {key, refuse(200, `{"access_token":"a-token","token_type":"bearer"}`), brokerclient.Request{}, brokerclient.ErrUnbound},
		"bound":             {key, func(w http.ResponseWriter, _ asked) { issue(w, "a-token", "dpop", 300) }, brokerclient.Request{}, nil},
		"without a key":     {brokerclient.Key{}, bearer, brokerclient.Request{}, nil},
		"of another issuer": {key, bearer, brokerclient.Request{RequestedIssuer: "calendar"}, nil},
		"that is no access": {key, refuse(200, `{"access_token":"a-token","token_type":"N_A","issued_token_type":"urn:ietf:params:oauth:token-type:id_token"}`), brokerclient.Request{}, nil},
	} {
		tt.request.SubjectToken = "the-subject-token"
		s := &server{answer: tt.answer}
		token, err := s.client(t, brokerclient.Config{Key: tt.key}).Exchange(t.Context(), tt.request)
		if !errors.Is(err, tt.want) || (token == nil) != (tt.want != nil) {
			t.Errorf("%s: %v, %v", name, token, err)
		}
	}
}

// TestRefusalsKeepSecrets: not even where a server repeats what it was sent in the header.
func TestRefusalsKeepSecrets(t *testing.T) {
	s := &server{answer: refuse(401, `{"error":"invalid_client","error_description":"no client gateway by the secret/ or the+secret%2F","error_uri":"https://id.example/?by=the+secret%2F"}`)}
	_, err := s.client(t, brokerclient.Config{Auth: brokerclient.SecretBasic("gateway", "the secret/")}).ClientCredentials(t.Context(), brokerclient.Own{})
	refused, ok := errors.AsType[*brokerclient.Error](err)
	if !ok || refused.Description != "no client gateway by … or …" || refused.URI != "https://id.example/?by=…" {
		t.Errorf("%+v", err)
	}
}

// checkProof checks a proof, and gives its nonce.
func checkProof(t *testing.T, key brokerclient.Key, proof, method, address, hash string, seen map[string]bool) string {
	t.Helper()
	jws, err := jose.ParseSignedCompact(proof, []jose.SignatureAlgorithm{jose.ES256})
	if err != nil {
		t.Fatalf("proof %q: %v", proof, err)
	}
	header := jws.Signatures[0].Header
	payload, err := jws.Verify(key.Private.Public())
	if err != nil || header.JSONWebKey == nil || !header.JSONWebKey.IsPublic() || header.ExtraHeaders[jose.HeaderType] != "dpop+jwt" {
		t.Fatalf("%v, header %+v", err, header)
	}
	var claims struct{ JTI, HTM, HTU, Ath, Nonce string }
	if err := json.Unmarshal(payload, &claims); err != nil || claims.HTM != method || claims.HTU != address || claims.Ath != hash || seen[claims.JTI] {
		t.Errorf("claims %s", payload)
	}
	seen[claims.JTI] = true
	return claims.Nonce
}
