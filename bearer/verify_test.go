package bearer_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/google/go-cmp/cmp"

	"github.com/tokenhouse/tokenhouse/bearer"
	"github.com/tokenhouse/tokenhouse/bearer/bearertest"
)

const minute = int64(60)

// mint is an issuer whose tokens a test writes byte by byte.
type mint struct {
	key *ecdsa.PrivateKey
	now int64
}

const minted = "https://id.example/realms/shop"

func newMint(t testing.TB) mint {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return mint{k, time.Now().Unix()}
}

// verifier is one of the mint's, whose key is published with these members beside its own.
func (m mint) verifier(t testing.TB, c bearer.Config, more map[string]any) *bearer.Verifier {
	t.Helper()
	text, err := jose.JSONWebKey{Key: m.key.Public(), KeyID: "k"}.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	jwk := map[string]any{}
	if err := json.Unmarshal(text, &jwk); err != nil {
		t.Fatal(err)
	}
	for name, v := range more {
		jwk[name] = v
	}
	body, _ := json.Marshal(map[string]any{"keys": []any{map[string]any{"kty": "new", "kid": "k"}, jwk}})
	c.Issuer, c.Keys.URL = minted, minted+"/keys"
	c.HTTPClient = &http.Client{Transport: roundTrip(func(*http.Request) (*http.Response, error) {
		w := httptest.NewRecorder()
		_, _ = w.Write(body)
		return w.Result(), nil
	})}
	v, err := c.NewVerifier(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// sign signs a header and a payload, whatever they are.
func (m mint) sign(header, payload string) string {
	encode := base64.RawURLEncoding.EncodeToString
	signed := encode([]byte(header)) + "." + encode([]byte(payload))
	sum := sha256.Sum256([]byte(signed))
	r, s, err := ecdsa.Sign(rand.Reader, m.key, sum[:])
	if err != nil {
		panic(err)
	}
	return signed + "." + encode(append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...))
}

// body is a payload with members after those that every token needs; "-name" leaves one of these out.
func (m mint) body(more ...string) string {
	members := []string{`"iss":"` + minted + `"`, `"aud":"orders"`, `"typ":"Bearer"`, `"sub":"alice"`,
		fmt.Sprintf(`"iat":%d`, m.now), fmt.Sprintf(`"exp":%d`, m.now+5*minute)}
	var out []string
	for _, member := range members {
		name, _, _ := strings.Cut(strings.TrimPrefix(member, `"`), `"`)
		keep := true
		for _, other := range more {
			keep = keep && other != "-"+name && !strings.HasPrefix(other, `"`+name+`":`)
		}
		if keep {
			out = append(out, member)
		}
	}
	for _, other := range more {
		if !strings.HasPrefix(other, "-") {
			out = append(out, other)
		}
	}
	return "{" + strings.Join(out, ",") + "}"
}

const es256 = `{"alg":"ES256","typ":"JWT","kid":"k"}`

func TestVerify(t *testing.T) {
	m := newMint(t)
	v := m.verifier(t, bearer.Config{}, map[string]any{"use": "sig", "alg": "ES256"})
	for name, tt := range map[string]struct {
		header, payload string
		want            error
	}{
		"good":                       {es256, m.body(), nil},
		"several audiences":          {es256, m.body(`"aud":["billing","orders"]`), nil},
		"no key id":                  {`{"alg":"ES256","typ":"JWT"}`, m.body(), nil},
		"no header type":             {`{"alg":"ES256","kid":"k"}`, m.body(), nil},
		"RFC 9068":                   {`{"alg":"ES256","typ":"at+jwt","kid":"k"}`, m.body("-typ"), nil},
		"RFC 9068 in full":           {`{"alg":"ES256","typ":"application/AT+JWT","kid":"k"}`, m.body("-typ"), nil},
		"bound to a key":             {es256, m.body(`"typ":"DPoP"`, `"cnf":{"jkt":"x"}`), bearer.ErrBound},
		"bound to a certificate":     {es256, m.body(`"cnf":{"x5t#S256":"x"}`), bearer.ErrBound},
		"bound to who knows what":    {es256, m.body(`"cnf":{"jwk":{}}`), bearer.ErrBound},
		"cnf null":                   {es256, m.body(`"cnf":null`), nil},
		"issued in a moment":         {es256, m.body(fmt.Sprintf(`"iat":%d`, m.now+10)), nil},
		"expired":                    {es256, m.body(fmt.Sprintf(`"exp":%d`, m.now-1)), bearer.ErrExpired},
		"expires now":                {es256, m.body(fmt.Sprintf(`"exp":%d`, m.now)), bearer.ErrExpired},
		"not yet":                    {es256, m.body(fmt.Sprintf(`"nbf":%d`, m.now+minute)), bearer.ErrNotYet},
		"issued in the future":       {es256, m.body(fmt.Sprintf(`"iat":%d`, m.now+2*minute)), bearer.ErrNotYet},
		"no exp":                     {es256, m.body("-exp"), bearer.ErrMalformed},
		"no iat":                     {es256, m.body("-iat"), bearer.ErrMalformed},
		"exp null":                   {es256, m.body(`"exp":null`), bearer.ErrMalformed},
		"exp a text":                 {es256, m.body(fmt.Sprintf(`"exp":"%d"`, m.now+minute)), bearer.ErrMalformed},
		"exp without end":            {es256, m.body(`"exp":1e300`), bearer.ErrMalformed},
		"nbf 0":                      {es256, m.body(`"nbf":0`, `"auth_time":0`), nil}, // as old versions of Keycloak write that there is none
		"exp 0":                      {es256, m.body(`"exp":0`), bearer.ErrExpired},
		"exp negative":               {es256, m.body(`"exp":-1`), bearer.ErrMalformed},
		"exp in capitals":            {es256, m.body("-exp", fmt.Sprintf(`"EXP":%d`, m.now+minute)), bearer.ErrMalformed},
		"no issuer":                  {es256, m.body("-iss"), bearer.ErrIssuer},
		"issuer with a slash":        {es256, m.body(`"iss":"` + minted + `/"`), bearer.ErrIssuer},
		"issuer in capitals":         {es256, m.body(`"iss":"` + strings.ToUpper(minted) + `"`), bearer.ErrIssuer},
		"no audience":                {es256, m.body("-aud"), bearer.ErrAudience},
		"audience null":              {es256, m.body(`"aud":null`), bearer.ErrAudience},
		"audience empty":             {es256, m.body(`"aud":[]`), bearer.ErrAudience},
		"other audience":             {es256, m.body(`"aud":"orders2"`), bearer.ErrAudience},
		"audience in capitals":       {es256, m.body(`"aud":"Orders"`), bearer.ErrAudience},
		"audiences in one":           {es256, m.body(`"aud":"orders billing"`), bearer.ErrAudience},
		"audience within":            {es256, m.body(`"aud":[["orders"]]`), bearer.ErrMalformed},
		"audience an object":         {es256, m.body(`"aud":{"orders":1}`), bearer.ErrMalformed},
		"audience with null":         {es256, m.body(`"aud":["orders",null]`), bearer.ErrMalformed},
		"audience twice":             {es256, m.body(`"aud":"orders","aud":"billing"`), bearer.ErrMalformed},
		"a name twice inside":        {es256, m.body(`"x":[{"y":{"z":1,"z":1}}]`), bearer.ErrMalformed},
		"a name twice by escape":     {es256, m.body(`"jti":"1","jt\u0069":"2"`), bearer.ErrMalformed},
		"ID token":                   {es256, m.body(`"typ":"ID"`), bearer.ErrType},
		"ID token as at+jwt":         {`{"alg":"ES256","typ":"at+jwt","kid":"k"}`, m.body(`"typ":"ID"`), bearer.ErrType},
		"refresh token":              {es256, m.body(`"typ":"Refresh"`), bearer.ErrType},
		"offline token":              {es256, m.body(`"typ":"Offline"`), bearer.ErrType},
		"logout token":               {`{"alg":"ES256","typ":"logout+jwt","kid":"k"}`, m.body(), bearer.ErrType},
		"proof":                      {`{"alg":"ES256","typ":"dpop+jwt","kid":"k"}`, m.body(), bearer.ErrType},
		"no type":                    {es256, m.body("-typ"), bearer.ErrType},
		"type no text":               {`{"alg":"ES256","typ":"at+jwt","kid":"k"}`, m.body(`"typ":["Bearer"]`), bearer.ErrType},
		"another key's id":           {`{"alg":"ES256","typ":"JWT","kid":"other"}`, m.body(), bearer.ErrUnknownKey},
		"an algorithm of other keys": {`{"alg":"RS256","typ":"JWT","kid":"k"}`, m.body(), bearer.ErrUnknownKey},
		"another curve's algorithm":  {`{"alg":"ES384","typ":"JWT","kid":"k"}`, m.body(), bearer.ErrUnknownKey},
		"algorithm none":             {`{"alg":"none","typ":"JWT","kid":"k"}`, m.body(), bearer.ErrAlgorithm},
		"algorithm None":             {`{"alg":"None","typ":"JWT","kid":"k"}`, m.body(), bearer.ErrAlgorithm},
		"algorithm in small letters": {`{"alg":"es256","typ":"JWT","kid":"k"}`, m.body(), bearer.ErrAlgorithm},
		"no algorithm":               {`{"typ":"JWT","kid":"k"}`, m.body(), bearer.ErrAlgorithm},
		"algorithm twice":            {`{"alg":"none","alg":"ES256","kid":"k"}`, m.body(), bearer.ErrMalformed},
		"critical parameter":         {`{"alg":"ES256","kid":"k","crit":["b64"],"b64":true}`, m.body(), bearer.ErrMalformed},
		"its own key":                {`{"alg":"ES256","kid":"mine","jwk":` + jwk(t, newMint(t)) + `}`, m.body(), bearer.ErrUnknownKey},
		"header no object":           {`["ES256"]`, m.body(), bearer.ErrMalformed},
		"payload no object":          {es256, `"x"`, bearer.ErrMalformed},
		"payload and more":           {es256, m.body() + "{}", bearer.ErrMalformed},
		"payload no UTF-8":           {es256, m.body("\"x\":\"\xff\""), bearer.ErrMalformed},
		"payload too deep":           {es256, m.body(`"x":` + strings.Repeat("[", 100) + strings.Repeat("]", 100)), bearer.ErrMalformed},
		"path no list":               {es256, m.body(`"exchange_path":{}`), bearer.ErrMalformed},
		"act no object":              {es256, m.body(`"act":"gateway"`), bearer.ErrMalformed},
		"too long":                   {es256, m.body(`"x":"` + strings.Repeat("x", 64<<10) + `"`), bearer.ErrTooLong},
	} {
		t.Run(name, func(t *testing.T) {
			token := m.sign(tt.header, tt.payload)
			for range 2 { // the second time from memory
				c, err := v.Verify(t.Context(), token, "orders")
				if !errors.Is(err, tt.want) || (err == nil) != (tt.want == nil) || (c == nil) != (err != nil) {
					t.Fatalf("%v, %v; want %v", c, err, tt.want)
				}
				if err != nil && strings.Contains(err.Error(), token) {
					t.Errorf("the token is in %q", err)
				}
			}
		})
	}
}

func jwk(t *testing.T, m mint) string {
	t.Helper()
	text, err := jose.JSONWebKey{Key: m.key.Public(), KeyID: "mine"}.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestVerifyRefusesOtherSignatures: what is no signature by the issuer's key, however it is made of that key.
func TestVerifyRefusesOtherSignatures(t *testing.T) {
	m := newMint(t)
	v := m.verifier(t, bearer.Config{}, nil)
	der, err := x509.MarshalPKIXPublicKey(m.key.Public())
	if err != nil {
		t.Fatal(err)
	}
	encode := base64.RawURLEncoding.EncodeToString
	mac := func(alg string, secret []byte) string {
		signed := encode([]byte(`{"alg":"`+alg+`","kid":"k"}`)) + "." + encode([]byte(m.body()))
		h := hmac.New(sha256.New, secret)
		h.Write([]byte(signed))
		return signed + "." + encode(h.Sum(nil))
	}
	good := m.sign(es256, m.body())
	head, rest, _ := strings.Cut(good, ".")
	body, signature, _ := strings.Cut(rest, ".")
	other := newMint(t).sign(es256, m.body())
	sum := sha256.Sum256([]byte(head + "." + body))
	asn1, err := ecdsa.SignASN1(rand.Reader, m.key, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	for name, token := range map[string]string{
		"HMAC by the public key":   mac("HS256", pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})),
		"HMAC by its DER":          mac("HS256", der),
		"HMAC by its JWK":          mac("HS256", []byte(jwk(t, m))),
		"HMAC said to be ES256":    mac("ES256", der),
		"another key":              other,
		"signature of another":     head + "." + body + "." + other[strings.LastIndex(other, ".")+1:],
		"no signature":             head + "." + body + ".",
		"signature cut off":        head + "." + body,
		"ASN.1":                    head + "." + body + "." + encode(asn1),
		"zero":                     head + "." + body + "." + encode(make([]byte, 64)),
		"padded":                   good + "==",
		"with a line break":        good[:10] + "\n" + good[10:],
		"four parts":               good + "." + signature,
		"payload of another":       head + "." + encode([]byte(m.body(`"sub":"mallory"`))) + "." + signature,
		"empty":                    "",
		"dots":                     "..",
		"JWE":                      good + ".." + signature,
		"JWS as JSON":              `{"payload":"` + body + `","protected":"` + head + `","signature":"` + signature + `"}`,
		"two tokens":               good + " " + good,
		"in another base64 letter": strings.ReplaceAll(strings.ReplaceAll(good, "-", "+"), "_", "/") + "/",
	} {
		if c, err := v.Verify(t.Context(), token, "orders"); err == nil || errors.Is(err, bearer.ErrAudience) {
			t.Errorf("%s passes: %v, %v", name, c, err)
		}
	}
	if _, err := v.Verify(t.Context(), good, "orders"); err != nil {
		t.Errorf("the good one: %v", err)
	}
}

// TestKeysAreForWhatTheIssuerSays: a key's own members decide whether it may sign, and by what.
func TestKeysAreForWhatTheIssuerSays(t *testing.T) {
	m := newMint(t)
	for name, tt := range map[string]struct {
		key  map[string]any
		want error
	}{
		"for signatures": {map[string]any{"use": "sig"}, nil}, "for whatever": {nil, nil}, "for its algorithm": {map[string]any{"alg": "ES256"}, nil},
		"for encryption":        {map[string]any{"use": "enc"}, bearer.ErrUnknownKey},
		"for another algorithm": {map[string]any{"alg": "ECDH-ES"}, bearer.ErrUnknownKey},
		"not on its curve":      {map[string]any{"x": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}, bearer.ErrUnknownKey},
	} {
		_, err := m.verifier(t, bearer.Config{}, tt.key).Verify(t.Context(), m.sign(es256, m.body()), "orders")
		if !errors.Is(err, tt.want) || (err == nil) != (tt.want == nil) {
			t.Errorf("%s: %v, want %v", name, err, tt.want)
		}
	}
}

// TestVerifyAsConfigured: each setting lets pass, or refuses, what the default does not.
func TestVerifyAsConfigured(t *testing.T) {
	m := newMint(t)
	late := time.Unix(m.now+5*minute+20, 0)
	for name, tt := range map[string]struct {
		config  bearer.Config
		payload string
		want    error
	}{
		"leeway":                 {bearer.Config{Now: func() time.Time { return late }, Leeway: 30 * time.Second}, m.body(), nil},
		"too little leeway":      {bearer.Config{Now: func() time.Time { return late }, Leeway: 20 * time.Second}, m.body(), bearer.ErrExpired},
		"no skew":                {bearer.Config{Skew: -1}, m.body(fmt.Sprintf(`"iat":%d`, m.now+10)), bearer.ErrNotYet},
		"algorithm allowed":      {bearer.Config{Algorithms: []string{"ES256"}}, m.body(), nil},
		"algorithm not allowed":  {bearer.Config{Algorithms: []string{"RS256", "EdDSA"}}, m.body(), bearer.ErrAlgorithm},
		"short":                  {bearer.Config{MaxSize: 100}, m.body(), bearer.ErrTooLong},
		"untyped":                {bearer.Config{AcceptUntyped: true}, m.body("-typ"), nil},
		"untyped, nonce":         {bearer.Config{AcceptUntyped: true}, m.body("-typ", `"nonce":"n"`), bearer.ErrType},
		"untyped, at_hash":       {bearer.Config{AcceptUntyped: true}, m.body("-typ", `"at_hash":"h"`), bearer.ErrType},
		"untyped, logout":        {bearer.Config{AcceptUntyped: true}, m.body("-typ", `"events":{}`), bearer.ErrType},
		"untyped, but of a kind": {bearer.Config{AcceptUntyped: true}, m.body(`"typ":"Refresh"`), bearer.ErrType},
		"bound wanted":           {bearer.Config{DPoP: bearer.DPoP{Require: true}}, m.body(), bearer.ErrUnbound},
		"nothing remembered":     {bearer.Config{Remember: -1}, m.body(), nil},
	} {
		v := m.verifier(t, tt.config, nil)
		for range 2 {
			_, err := v.Verify(t.Context(), m.sign(es256, tt.payload), "orders")
			if !errors.Is(err, tt.want) || (err == nil) != (tt.want == nil) {
				t.Errorf("%s: %v, want %v", name, err, tt.want)
			}
		}
	}
}

// TestNewVerifierRefuses settings that cannot be meant, and documents of others.
func TestNewVerifierRefuses(t *testing.T) {
	issuer := bearertest.NewIssuer(t)
	for name, tt := range map[string]struct {
		config bearer.Config
		want   string
	}{
		"no issuer":               {bearer.Config{}, "is no URL"},
		"no TLS":                  {bearer.Config{Issuer: "http://id.example"}, "InsecureHTTP"},
		"introspection by nobody": {bearer.Config{Issuer: issuer.URL, Introspection: &bearer.Introspection{Always: true}}, "neither ClientID nor Authenticate"},
		"introspection without TLS": {bearer.Config{Issuer: issuer.URL, Introspection: &bearer.Introspection{ClientID: "orders", URL: "http://id.example/introspect"}},
			"InsecureHTTP"},
		"keys without TLS":     {bearer.Config{Issuer: issuer.URL, Keys: bearer.Keys{URL: "http://id.example/keys"}}, "InsecureHTTP"},
		"a password":           {bearer.Config{Issuer: "https://a:b@id.example"}, "is no URL"},
		"HMAC":                 {bearer.Config{Issuer: issuer.URL, Algorithms: []string{"HS256"}}, `"HS256"`},
		"none":                 {bearer.Config{Issuer: issuer.URL, Algorithms: []string{"none"}}, `"none"`},
		"another issuer":       {bearer.Config{Issuer: issuer.URL + "/", DiscoveryURL: issuer.URL + "/.well-known/openid-configuration"}, "is of issuer"},
		"no discovery":         {bearer.Config{Issuer: issuer.URL + "/realms/none"}, "404"},
		"no key set":           {bearer.Config{Issuer: issuer.URL, Keys: bearer.Keys{URL: issuer.URL + "/.well-known/openid-configuration"}}, "no keys"},
		"short nonce key":      {bearer.Config{Issuer: issuer.URL, DPoP: bearer.DPoP{NonceKey: []byte("short")}}, "32 bytes"},
		"no room for proofs":   {bearer.Config{Issuer: issuer.URL, DPoP: bearer.DPoP{Remember: 1}}, "no room"},
		"resource without TLS": {bearer.Config{Issuer: issuer.URL, Resource: bearer.Resource{URL: "http://orders.example"}}, "Resource.URL"},
		"resource with a fragment": {bearer.Config{Issuer: issuer.URL, Resource: bearer.Resource{URL: "https://orders.example#x"}},
			"Resource.URL"},
	} {
		if v, err := tt.config.NewVerifier(t.Context()); v != nil || err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", name, err, tt.want)
		}
	}
	if _, err := (bearer.Config{Issuer: "http://id.example", InsecureHTTP: true, HTTPClient: issuer.Client()}).NewVerifier(t.Context()); err == nil || !strings.Contains(err.Error(), "is of issuer") {
		t.Errorf("insecure: %v", err)
	}
}

// TestRedirectsAreNotFollowed: keys come from where they are said to be.
func TestRedirectsAreNotFollowed(t *testing.T) {
	issuer := bearertest.NewIssuer(t)
	web := httptest.NewServer(http.RedirectHandler(issuer.URL+"/keys", http.StatusFound))
	t.Cleanup(web.Close)
	if _, err := (bearer.Config{Issuer: issuer.URL, Keys: bearer.Keys{URL: web.URL}}).NewVerifier(t.Context()); err == nil || !strings.Contains(err.Error(), "302") {
		t.Errorf("got %v", err)
	}
}

func TestClaims(t *testing.T) {
	m := newMint(t)
	v := m.verifier(t, bearer.Config{}, nil)
	token := m.sign(es256, m.body(`"jti":"1","azp":"spa","sid":"s","acr":"1","auth_time":1700000000,"scope":"openid orders:read"`, `"aud":["orders","billing"]`,
		`"preferred_username":"alice","name":"Alice","email":"alice@example.org","email_verified":true,"tenant":{"id":7}`,
		`"realm_access":{"roles":["customer"]},"resource_access":{"orders":{"roles":["read"]},"odd":7},"groups":["/staff"]`,
		`"act":{"sub":"a2","client_id":"agent2","act":{"sub":"a1","iss":"https://other.example"}},"may_act":{"client_id":"agent"}`,
		`"exchange_path":[{"client":"spa","jti":"0"},{"iss":"https://other.example","client":"x","jti":"9"}]`))
	c, err := v.Verify(t.Context(), token, "orders", "openid", "orders:read")
	if err != nil {
		t.Fatal(err)
	}
	want := &bearer.Claims{ID: "1", Issuer: minted, Subject: "alice", Audience: []string{"orders", "billing"}, Client: "spa", Session: "s",
		Scopes: []string{"openid", "orders:read"}, ACR: "1", Expires: time.Unix(m.now+5*minute, 0), IssuedAt: time.Unix(m.now, 0), AuthTime: time.Unix(1700000000, 0),
		Username: "alice", Name: "Alice", Email: "alice@example.org", EmailVerified: true,
		RealmRoles: []string{"customer"}, ClientRoles: map[string][]string{"orders": {"read"}}, Groups: []string{"/staff"},
		Actor:  &bearer.Actor{Subject: "a2", Client: "agent2", Actor: &bearer.Actor{Subject: "a1", Issuer: "https://other.example"}},
		MayAct: &bearer.Actor{Client: "agent"}, Path: []bearer.Hop{{Client: "spa", ID: "0"}, {Issuer: "https://other.example", Client: "x", ID: "9"}}}
	if d := cmp.Diff(want, c, cmp.FilterPath(func(p cmp.Path) bool { return p.Last().String() == ".payload" }, cmp.Ignore())); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if !c.HasScope("openid") || c.HasScope("open") || !c.HasRealmRole("customer") || c.HasRealmRole("read") || !c.HasClientRole("orders", "read") || c.HasClientRole("billing", "read") {
		t.Error("scopes and roles")
	}
	var more struct{ Tenant struct{ ID int } }
	if err := c.Unmarshal(&more); err != nil || more.Tenant.ID != 7 {
		t.Errorf("tenant %+v, %v", more, err)
	}
	// The claims are the caller's own: what is done to them is not done to the next caller's.
	c.Subject, c.Username = "mallory", "root"
	if again, err := v.Verify(t.Context(), token, "orders"); err != nil || again.Subject != "alice" || again.Username != "alice" {
		t.Errorf("again: %+v, %v", again, err)
	}
	for range 2 {
		_, err := v.Verify(t.Context(), token, "billing", "orders:write")
		if e, ok := errors.AsType[*bearer.Error](err); !ok || e.Claims.Subject != "alice" {
			t.Errorf("refused: %v", err)
		} else {
			e.Claims.Subject = "mallory"
		}
	}
	_, err = v.Verify(t.Context(), token, "orders", "openid", "orders:write")
	if e, ok := errors.AsType[*bearer.Error](err); !ok || e.Reason != bearer.ErrScope || e.Code != bearer.InsufficientScope || e.Code.Status() != 403 || e.Claims.Subject != "alice" {
		t.Errorf("scope: %v", err)
	}
}

// TestSigned: tokens of any kind are proven to be the issuer's, and stay what they are.
func TestSigned(t *testing.T) {
	m := newMint(t)
	v := m.verifier(t, bearer.Config{Log: quiet}, nil)
	id := m.sign(es256, m.body(`"typ":"ID"`, `"aud":"spa"`, `"nonce":"n"`))
	if err := v.Signed(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	if _, err := v.Verify(t.Context(), id, "spa"); !errors.Is(err, bearer.ErrType) {
		t.Errorf("an ID token that was proven passes for an access token: %v", err)
	}
	other, letter := newMint(t), "A"
	if id[len(id)-9] == 'A' {
		letter = "B"
	}
	for name, tt := range map[string]struct {
		token string
		want  error
	}{
		"of another issuer": {other.sign(es256, m.body()), bearer.ErrSignature},
		"altered":           {id[:len(id)-9] + letter + id[len(id)-8:], bearer.ErrSignature},
		"without signature": {id[:strings.LastIndex(id, ".")+1], bearer.ErrSignature},
		"none":              {m.sign(`{"alg":"none"}`, m.body()), bearer.ErrAlgorithm},
		"no token":          {"x", bearer.ErrMalformed},
		"too long":          {strings.Repeat("x", 1<<17), bearer.ErrTooLong},
	} {
		if err := v.Signed(t.Context(), tt.token); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", name, err, tt.want)
		}
	}
}

// TestReadClaims: claims that somebody else has proven are read by the same rules.
func TestReadClaims(t *testing.T) {
	payload := []byte(`{"sub":"alice","aud":"orders","groups":["/staff"],"tenant":7,"exp":1}`)
	c, err := bearer.ReadClaims(payload)
	if err != nil {
		t.Fatal(err)
	}
	clear(payload) // it is the caller's
	var more struct{ Tenant int }
	if err := c.Unmarshal(&more); err != nil || more.Tenant != 7 || c.Subject != "alice" || !slices.Equal(c.Audience, []string{"orders"}) || !slices.Equal(c.Groups, []string{"/staff"}) {
		t.Errorf("%+v, %d, %v", c, more.Tenant, err)
	}
	for _, wrong := range []string{``, `[]`, `{"aud":"a","aud":"b"}`, `{"sub":1}`} {
		if c, err := bearer.ReadClaims([]byte(wrong)); err == nil {
			t.Errorf("%s: %+v", wrong, c)
		}
	}
}

// TestNoAudienceNoVerifier: nothing is verified for nobody.
func TestNoAudienceNoVerifier(t *testing.T) {
	v := newMint(t).verifier(t, bearer.Config{}, nil)
	for name, f := range map[string]func(){
		"Require":                   func() { v.Require("") },
		"Require, blank":            func() { v.Require(" ") },
		"Verify":                    func() { _, _ = v.Verify(t.Context(), "x", "") },
		"VerifyRequest":             func() { _, _ = v.VerifyRequest(httptest.NewRequest("GET", "/", nil), "") },
		"Require, scopes in one":    func() { v.Require("orders", "a b") },
		"Require, scope of nothing": func() { v.Require("orders", "") },
		"Require, scope with quote": func() { v.Require("orders", `a"b`) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s does not panic", name)
				}
			}()
			f()
		}()
	}
}
