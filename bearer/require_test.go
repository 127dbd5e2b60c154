package bearer_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenhouse/tokenhouse/bearer"
	"github.com/tokenhouse/tokenhouse/bearer/bearertest"
)

// algs is what challenges of DPoP name.
const algs = `algs="RS256 RS384 RS512 PS256 PS384 PS512 ES256 ES384 ES512 EdDSA"`

// answered is an answer in full.
type answered struct {
	Status     int
	Challenges []string
	Body       string
}

// call sends a request to a handler and gives the answer.
func call(h http.Handler, r *http.Request) answered {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return answered{w.Code, w.Result().Header.Values("WWW-Authenticate"), strings.TrimSpace(w.Body.String())}
}

// request is one with these headers, in pairs.
func request(header ...string) *http.Request {
	r := httptest.NewRequest("GET", "https://orders.example/orders/7?x=1", nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	return r
}

// hello tells who calls, by what the handler finds.
var hello = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	c, ok := bearer.FromContext(r.Context())
	token, also := bearer.TokenFromContext(r.Context())
	if !ok || !also || "Bearer "+token != r.Header.Get("Authorization") && "DPoP "+token != r.Header.Get("Authorization") {
		w.WriteHeader(http.StatusTeapot)
		return
	}
	_, _ = io.WriteString(w, "hello "+c.Subject)
})

// TestRequire: what callers are told, to the letter.
func TestRequire(t *testing.T) {
	issuer := bearertest.NewIssuer(t)
	var log bytes.Buffer
	v, err := bearer.Config{Issuer: issuer.URL, Log: slog.New(slog.NewTextHandler(&log, nil))}.NewVerifier(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	h := v.Require("orders", "orders:read", "orders:list")(hello)
	token := func(c bearertest.Claims) string {
		all := bearertest.Claims{"aud": "orders", "scope": "orders:list orders:read", "jti": "the-jti"}
		for name, v := range c {
			all[name] = v
		}
		return issuer.Token(all)
	}
	body := func(code, description string) string {
		return `{"error":"` + code + `","error_description":"` + description + `"}`
	}
	const scopes = `scope="orders:read orders:list"`
	good := token(nil)
	for name, tt := range map[string]struct {
		request *http.Request
		want    answered
		log     []string // what the log has to say; none: nothing at all
	}{
		"granted":            {request("Authorization", "Bearer "+good), answered{200, nil, "hello alice"}, nil},
		"scheme in capitals": {request("Authorization", "BEARER "+good), answered{418, nil, ""}, nil},
		"no token":           {request(), answered{401, []string{"Bearer " + scopes, "DPoP " + algs + ", " + scopes}, ""}, nil},
		"another scheme":     {request("Authorization", "Basic YTpi"), answered{401, []string{"Bearer " + scopes, "DPoP " + algs + ", " + scopes}, ""}, nil},
		"two headers": {request("Authorization", "Bearer "+good, "Authorization", "Bearer "+good),
			answered{400, []string{`Bearer error="invalid_request", error_description="Malformed Authorization header", ` + scopes,
				"DPoP " + algs + `, error="invalid_request", error_description="Malformed Authorization header", ` + scopes}, body("invalid_request", "Malformed Authorization header")}, []string{"invalid_request"}},
		"scheme alone": {request("Authorization", "Bearer"),
			answered{400, []string{`Bearer error="invalid_request", error_description="Malformed Authorization header", ` + scopes,
				"DPoP " + algs + `, error="invalid_request", error_description="Malformed Authorization header", ` + scopes}, body("invalid_request", "Malformed Authorization header")}, []string{"invalid_request"}},
		"no token at all": {request("Authorization", "Bearer nonsense"),
			answered{401, []string{`Bearer error="invalid_token", error_description="Malformed token", ` + scopes}, body("invalid_token", "Malformed token")}, []string{"three parts"}},
		"wrong audience": {request("Authorization", "Bearer "+token(bearertest.Claims{"aud": []string{"billing", "crm"}})),
			answered{401, []string{`Bearer error="invalid_token", error_description="Invalid audience", ` + scopes}, body("invalid_token", "Invalid audience")},
			[]string{`reason="Invalid audience"`, `aud="[billing crm]"`, "expected=orders", "client=a-client", "sub=alice", "jti=the-jti", "path=/orders/7"}},
		"one scope less": {request("Authorization", "Bearer "+token(bearertest.Claims{"scope": "orders:read"})),
			answered{403, []string{`Bearer error="insufficient_scope", error_description="Insufficient scope", ` + scopes}, body("insufficient_scope", "Insufficient scope")},
			[]string{"scope=[orders:read]", `expected="[orders:read orders:list]"`}},
		"no scope": {request("Authorization", "Bearer "+token(bearertest.Claims{"scope": nil})),
			answered{403, []string{`Bearer error="insufficient_scope", error_description="Insufficient scope", ` + scopes}, body("insufficient_scope", "Insufficient scope")}, []string{"scope=[]"}},
		"expired": {request("Authorization", "Bearer "+token(bearertest.Claims{"exp": 1700000000})),
			answered{401, []string{`Bearer error="invalid_token", error_description="Token is expired", ` + scopes}, body("invalid_token", "Token is expired")}, []string{"2023-11-14T22:13:20Z"}},
		"as DPoP": {request("Authorization", "DPoP "+good),
			answered{401, []string{"DPoP " + algs + `, error="invalid_token", error_description="Token is not bound to a key", ` + scopes}, body("invalid_token", "Token is not bound to a key")}, []string{"not bound"}},
		"in the query": {httptest.NewRequest("GET", "https://orders.example/?access_token="+good, nil),
			answered{401, []string{"Bearer " + scopes, "DPoP " + algs + ", " + scopes}, ""}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			log.Reset()
			if d := cmp.Diff(tt.want, call(h, tt.request)); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
			for _, want := range tt.log {
				if !strings.Contains(log.String(), want) {
					t.Errorf("the log lacks %s: %s", want, &log)
				}
			}
			if tt.log == nil && log.Len() > 0 {
				t.Errorf("log: %s", &log)
			}
			if token := strings.TrimPrefix(tt.request.Header.Get("Authorization"), "Bearer "); len(token) > 20 && strings.Contains(log.String(), token) {
				t.Errorf("the log has the token: %s", &log)
			}
		})
	}
	if _, ok := bearer.FromContext(t.Context()); ok {
		t.Error("claims out of nothing")
	}
	if _, ok := bearer.TokenFromContext(t.Context()); ok {
		t.Error("a token out of nothing")
	}
}

// TestRequireWithoutIssuer: nobody is let in because the issuer is down, and nobody is told that their token is bad.
func TestRequireWithoutIssuer(t *testing.T) {
	issuer := bearertest.NewIssuer(t)
	issuer.Down()
	v, err := bearer.Config{Issuer: issuer.URL, Log: quiet}.NewVerifier(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	v.Require("orders")(hello).ServeHTTP(w, request("Authorization", "Bearer "+issuer.Token(bearertest.Claims{"aud": "orders"})))
	if w.Code != 503 || w.Header().Get("Retry-After") == "" || w.Header().Get("WWW-Authenticate") != "" {
		t.Errorf("%d %v %s", w.Code, w.Header(), w.Body)
	}
}

// TestRefuse answers for handlers that judge by themselves, whatever they make of it.
func TestRefuse(t *testing.T) {
	v := newMint(t).verifier(t, bearer.Config{Log: quiet}, nil)
	for name, tt := range map[string]struct {
		err    error
		status int
	}{
		"bare":           {&bearer.Error{Code: bearer.InvalidToken}, 401},
		"bound to what":  {&bearer.Error{Code: bearer.InvalidToken, Reason: bearer.ErrBound}, 401},
		"bound, unknown": {&bearer.Error{Code: bearer.InvalidToken, Reason: bearer.ErrBound, Claims: &bearer.Claims{}}, 401},
		"scopes":         {&bearer.Error{Code: bearer.InsufficientScope, Reason: bearer.ErrScope, WantScopes: []string{"a"}}, 403},
		"wrapped":        {fmt.Errorf("orders: %w", &bearer.Error{Code: bearer.InsufficientScope, Description: "a \"role\" less"}), 403},
		"another error":  {context.DeadlineExceeded, 503},
	} {
		w := httptest.NewRecorder()
		v.Refuse(w, request("Authorization", "Bearer x"), tt.err)
		if w.Code != tt.status || strings.Count(w.Header().Get("WWW-Authenticate"), `"`)%2 != 0 {
			t.Errorf("%s: %d %v", name, w.Code, w.Header())
		}
	}
}

// TestMetadata: clients find the document of the resource by the challenge, and the issuer in it (RFC 9728).
func TestMetadata(t *testing.T) {
	issuer := bearertest.NewIssuer(t)
	for url, want := range map[string]string{
		"https://orders.example":         "https://orders.example/.well-known/oauth-protected-resource",
		"https://orders.example/":        "https://orders.example/.well-known/oauth-protected-resource",
		"https://api.example/orders":     "https://api.example/.well-known/oauth-protected-resource/orders",
		"https://api.example/orders?x=1": "https://api.example/.well-known/oauth-protected-resource/orders?x=1",
	} {
		v, err := bearer.Config{Issuer: issuer.URL, Log: quiet, Resource: bearer.Resource{URL: url, Scopes: []string{"orders:read"}, Name: "Orders",
			Documentation: "https://docs.example"}}.NewVerifier(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		mux := http.NewServeMux()
		mux.Handle(v.MetadataPath(), v.Metadata())
		mux.Handle("/", v.Require("orders")(hello))
		challenges := call(mux, request("Authorization", "Bearer x")).Challenges
		if len(challenges) != 1 || !strings.HasSuffix(challenges[0], `resource_metadata="`+want+`"`) {
			t.Errorf("%s: %v", url, challenges)
		}
		a := call(mux, httptest.NewRequest("GET", want, nil))
		var got map[string]any
		if err := json.Unmarshal([]byte(a.Body), &got); err != nil || a.Status != 200 {
			t.Fatalf("%s: %+v", url, a)
		}
		delete(got, "dpop_signing_alg_values_supported")
		if d := cmp.Diff(map[string]any{"resource": url, "authorization_servers": []any{issuer.URL}, "scopes_supported": []any{"orders:read"},
			"bearer_methods_supported": []any{"header"}, "resource_name": "Orders", "resource_documentation": "https://docs.example"}, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", url, d)
		}
		if a := call(mux, httptest.NewRequest("POST", want, nil)); a.Status != 405 {
			t.Errorf("POST: %d", a.Status)
		}
	}
	v, err := bearer.NewVerifier(t.Context(), issuer.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if recover() == nil {
			t.Error("metadata of no resource")
		}
	}()
	v.Metadata()
}
