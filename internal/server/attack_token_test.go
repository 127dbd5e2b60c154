package server_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"hash"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/google/go-cmp/cmp"

	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
	"github.com/tokenhouse/tokenhouse/internal/flow/keyring"
)

// sign signs with the realm's own key what the server would not: so that one claim alone is wrong.
func (a *arena) sign(alg string, c token.Claims) string {
	a.Helper()
	compact, err := keyring.New(nil, time.Now).Sign(a.Context(), a.current(), alg, "JWT", &c)
	if err != nil {
		a.Fatal(err)
	}
	return compact
}

// open reads what a token says.
func (a *arena) open(compact string) token.Claims {
	a.Helper()
	jws, err := token.Open(compact)
	if err != nil {
		a.Fatal(err)
	}
	c, err := token.Parse(jws.Payload)
	if err != nil {
		a.Fatal(err)
	}
	return c
}

// published is the public key that tokens are signed with, and its id.
func (a *arena) published() jose.JSONWebKey {
	a.Helper()
	q, err := http.NewRequestWithContext(a.Context(), "GET", a.base+"/realms/"+a.realm+"/protocol/openid-connect/certs", nil)
	if err != nil {
		a.Fatal(err)
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
	var set jose.JSONWebKeySet
	if err := json.Unmarshal(text, &set); err != nil || len(set.Keys) != 1 {
		a.Fatalf("%d keys: %v", len(set.Keys), err)
	}
	return set.Keys[0]
}

// fallsEverywhere shows a text that is no good token to every reader of tokens. That a reader takes the good one
// is attackUses' to say.
func (a *arena) fallsEverywhere(name, compact string) {
	a.Helper()
	for _, use := range uses {
		if use.granted(a, holding{compact: compact, client: "app"}) {
			a.Errorf("%s: granted at %s", name, use.name)
		}
	}
	for _, hint := range []string{"access_token", "refresh_token", "requesting_party_token"} {
		q := a.post("token/introspect", as("gateway", "token", compact, "token_type_hint", hint))
		if strings.TrimSpace(q.text) != `{"active":false}` {
			a.Errorf("%s: introspection with hint %s: %s", name, hint, q.text)
		}
	}
	anonymous := pairs("grant_type", grantExchange, "subject_token", compact, "subject_token_type", typeAccess, "audience", "orders")
	if q := a.post("token", anonymous); q.status != 401 {
		a.Errorf("%s: exchange without a client: %v", name, q)
	}
}

// endsNothing shows a text to the endpoints that ask less of tokens: to leave one may be late.
func (a *arena) endsNothing(name, compact string) {
	a.Helper()
	if q := a.post("revoke", as("app", "token", compact)); q.text == "" {
		a.Errorf("%s: revoked: %v", name, q)
	}
	if q := a.post("logout", as("app", "refresh_token", compact)); q.status != 400 {
		a.Errorf("%s: signs out: %v", name, q)
	}
}

// forge puts a header before a payload, and signs as sign does.
func forge(header map[string]any, payload string, sign func(signed string) []byte) string {
	text, err := json.Marshal(header)
	if err != nil {
		panic(err)
	}
	signed := base64.RawURLEncoding.EncodeToString(text) + "." + payload
	return signed + "." + base64.RawURLEncoding.EncodeToString(sign(signed))
}

func mac(digest func() hash.Hash, key []byte) func(string) []byte {
	return func(signed string) []byte {
		m := hmac.New(digest, key)
		m.Write([]byte(signed))
		return m.Sum(nil)
	}
}

func attackForgeries(t *testing.T) {
	a := newArena(t)
	got := a.signIn("app", "alice", "openid")
	good, refresh := got.get("access_token"), got.get("refresh_token")
	parts := strings.Split(good, ".")
	public := a.published()
	der, err := x509.MarshalPKIXPublicKey(public.Key)
	if err != nil {
		t.Fatal(err)
	}
	jwk, err := json.Marshal(public)
	if err != nil {
		t.Fatal(err)
	}
	own, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	byOwn := func(signed string) []byte {
		sum := sha256.Sum256([]byte(signed))
		r, s, err := ecdsa.Sign(rand.Reader, own, sum[:])
		if err != nil {
			t.Fatal(err)
		}
		return append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...)
	}
	nothing := func(string) []byte { return nil }
	header := func(p ...any) map[string]any {
		h := map[string]any{"alg": "ES256", "typ": "JWT", "kid": public.KeyID}
		for i := 0; i < len(p); i += 2 {
			h[p[i].(string)] = p[i+1]
		}
		return h
	}
	refreshKid := ""
	for _, k := range a.current().Keys() {
		if k.Algorithm == "HS512" {
			refreshKid = k.Kid
		}
	}
	ownJWK := jose.JSONWebKey{Key: own.Public(), KeyID: public.KeyID}

	forged := map[string]string{
		"empty": "", "blank": " ", "dots": "..", "garbage": "garbage", "three parts of garbage": "a.b.c",
		"none": forge(header("alg", "none"), parts[1], nothing), "None": forge(header("alg", "None"), parts[1], nothing),
		"no alg": forge(map[string]any{"typ": "JWT", "kid": public.KeyID}, parts[1], nothing), "alg null": forge(header("alg", nil), parts[1], nothing),
		"no signature":         parts[0] + "." + parts[1] + ".",
		"no signature part":    parts[0] + "." + parts[1],
		"zero signature":       forge(header(), parts[1], func(string) []byte { return make([]byte, 64) }),
		"MAC by PEM":           forge(header("alg", "HS256"), parts[1], mac(sha256.New, pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))),
		"MAC by DER":           forge(header("alg", "HS256"), parts[1], mac(sha256.New, der)),
		"MAC by JWK":           forge(header("alg", "HS512"), parts[1], mac(sha512.New, jwk)),
		"MAC by nothing":       forge(header("alg", "HS512", "kid", refreshKid), parts[1], mac(sha512.New, nil)),
		"MAC by a secret":      forge(header("alg", "HS256"), parts[1], mac(sha256.New, []byte("gateway-secret"))),
		"key by jwk":           forge(header("jwk", ownJWK), parts[1], byOwn),
		"key by jwk alone":     forge(map[string]any{"alg": "ES256", "jwk": ownJWK}, parts[1], byOwn),
		"key by jku":           forge(header("jku", "http://127.0.0.1:1/keys"), parts[1], byOwn),
		"key by x5u":           forge(header("x5u", "http://127.0.0.1:1/certificate"), parts[1], byOwn),
		"key by x5c":           forge(header("x5c", []string{base64.StdEncoding.EncodeToString(der)}), parts[1], byOwn),
		"kid of the other key": forge(header("kid", refreshKid), parts[1], byOwn),
		"kid of a file":        forge(header("alg", "HS256", "kid", "../../../../dev/null"), parts[1], mac(sha256.New, nil)),
		"kid of a statement":   forge(header("alg", "HS256", "kid", "' UNION SELECT 'x"), parts[1], mac(sha256.New, []byte("x"))),
		"kid no text":          forge(header("kid", 1), parts[1], byOwn),
		"kid with NUL":         forge(header("kid", public.KeyID+"\x00"), parts[1], byOwn),
		"crit":                 forge(header("crit", []string{"exp"}), parts[1], byOwn),
		"b64 false":            forge(header("b64", false, "crit", []string{"b64"}), parts[1], byOwn),
		"signature of another": parts[0] + "." + strings.Split(refresh, ".")[1] + "." + parts[2],
		"blank behind":         good + " ", "line behind": good + "\n", "padding": good + "=", "blank before": " " + good,
		"twice": good + "." + good, "five parts": good + ".a.b", "quoted": `"` + good + `"`, "named": "Bearer " + good,
		"as JSON":       fmt.Sprintf(`{"protected":%q,"payload":%q,"signature":%q}`, parts[0], parts[1], parts[2]),
		"deep":          forge(header(), base64.RawURLEncoding.EncodeToString([]byte(strings.Repeat(`{"a":`, 5000)+"1"+strings.Repeat("}", 5000))), byOwn),
		"not canonical": parts[0] + "." + parts[1] + "." + parts[2][:len(parts[2])-1] + string(respelled(parts[2][len(parts[2])-1])),
	}
	for i := 0; i < len(good); i += 1 + len(good)/25 { // every 25th byte or so: package keyring tries all
		changed := []byte(good)
		changed[i] ^= 1
		forged[fmt.Sprintf("byte %d changed", i)] = string(changed)
		forged[fmt.Sprintf("cut at %d", i)] = good[:i]
		forged[fmt.Sprintf("byte %d left out", i)] = good[:i] + good[i+1:]
	}
	for name, compact := range forged {
		a.fallsEverywhere(name, compact)
		a.endsNothing(name, compact)
	}
	for _, h := range a.hold()[:1] { // and the good one is good after all that
		if q := a.exchange("gateway", h.compact); q.status != 200 {
			t.Errorf("a good token: %v", q)
		}
	}
}

// respelled is a letter of base64url that ends a text of 64 bytes with the same bits, and others behind them.
func respelled(last byte) byte {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	return letters[strings.IndexByte(letters, last)|1]
}

// attackRequiredClaims: signed by the realm, and yet not what it signs.
func attackRequiredClaims(t *testing.T) {
	a := newArena(t)
	got := a.signIn("app", "alice", "openid")
	access, refresh := a.open(got.get("access_token")), a.open(got.get("refresh_token"))
	now := time.Now().Unix()
	for name, change := range map[string]func(c *token.Claims){
		"as it should be":        func(*token.Claims) {},
		"no exp":                 func(c *token.Claims) { c.Expires = 0 },
		"no iat":                 func(c *token.Claims) { c.IssuedAt = 0 },
		"no iss":                 func(c *token.Claims) { c.Issuer = "" },
		"no typ":                 func(c *token.Claims) { c.Type = "" },
		"no azp":                 func(c *token.Claims) { c.Client = "" },
		"no sid":                 func(c *token.Claims) { c.Session = "" },
		"exp in the past":        func(c *token.Claims) { c.Expires = now - 1 },
		"exp now":                func(c *token.Claims) { c.Expires = now },
		"exp negative":           func(c *token.Claims) { c.Expires = -1 },
		"nbf in the future":      func(c *token.Claims) { c.NotBefore = now + 60 },
		"iat before 1970":        func(c *token.Claims) { c.IssuedAt = -1 },
		"iat before the session": func(c *token.Claims) { c.IssuedAt -= 60 },
		"iss of another realm":   func(c *token.Claims) { c.Issuer = strings.Replace(c.Issuer, "/shop", "/master", 1) },
		"iss with a slash":       func(c *token.Claims) { c.Issuer += "/" },
		"iss of another host":    func(c *token.Claims) { c.Issuer = "https://evil.example/realms/shop" },
		"azp of nobody":          func(c *token.Claims) { c.Client = "nobody" },
		"azp of another":         func(c *token.Claims) { c.Client = "light" },
		"sid of nobody":          func(c *token.Claims) { c.Session = "nobody" },
		"sid of another":         func(c *token.Claims) { c.Session = a.open(a.signIn("spa", "bob", "").get("access_token")).Session },
		"typ of a logout":        func(c *token.Claims) { c.Type = "Logout" },
		"typ of an ID token":     func(c *token.Claims) { c.Type = "ID" },
		"jti of an unknown kind": func(c *token.Claims) { c.ID = "xxrtro:1" },
		"jti of a short kind":    func(c *token.Claims) { c.ID = "on:1" },
	} {
		for kind, was := range map[string]token.Claims{"access": access, "refresh": refresh} {
			c, alg := was, "ES256"
			change(&c)
			if kind == "refresh" {
				alg = "HS512"
			}
			compact := a.sign(alg, c)
			if name != "as it should be" {
				a.fallsEverywhere(name+" of "+kind, compact)
				continue
			}
			for _, use := range uses {
				if slices.Contains(map[string][]string{"access": {"exchange", "introspection", "userinfo"}, "refresh": {"refresh"}}[kind], use.name) &&
					!use.granted(a, holding{compact: compact, client: "app"}) {
					t.Errorf("%s: refused at %s", kind, use.name)
				}
			}
		}
	}
	// A refresh token is one by its algorithm too, and no other token has that.
	a.fallsEverywhere("refresh token by the key of access tokens", a.sign("ES256", refresh))
	offline := refresh
	offline.Type, offline.Expires = token.TypOffline, 0
	a.fallsEverywhere("offline token of an online session", a.sign("HS512", offline))
}

// attackAudienceForms: aud as a text or a list means the same to every reader.
func attackAudienceForms(t *testing.T) {
	a := newArena(t)
	c := a.open(a.signIn("app", "alice", "openid").get("access_token"))
	for name, tt := range map[string]struct {
		aud  []string
		for_ bool
	}{
		"alone": {[]string{"gateway"}, true}, "first": {[]string{"gateway", "orders"}, true}, "last": {[]string{"orders", "gateway"}, true},
		"nobody": {nil, false}, "another": {[]string{"orders"}, false}, "others": {[]string{"orders", "billing"}, false},
		"joined": {[]string{"orders gateway"}, false}, "listed in a text": {[]string{`["gateway"]`}, false},
		"part": {[]string{"gatewa"}, false}, "more": {[]string{"gateways"}, false}, "case": {[]string{"Gateway"}, false}, "empty": {[]string{""}, false},
	} {
		c.Audience = tt.aud
		compact := a.sign("ES256", c)
		if got := a.exchange("gateway", compact).status == 200; got != tt.for_ {
			t.Errorf("%s: exchange granted %v", name, got)
		}
		// Where there is no aud, what mappers give counts (docs of RFC 7662 leave it open): gateway, by its scope.
		if got := a.introspect("gateway", compact).members["active"] == true; got != (tt.for_ || tt.aud == nil) {
			t.Errorf("%s: introspection granted %v", name, got)
		}
	}
}

func attackBound(t *testing.T) {
	a := newArena(t)
	own, others := a.open(a.service("gateway").get("access_token")), a.open(a.signIn("app", "alice", "openid").get("access_token"))
	for name, cnf := range map[string]*token.Confirmation{
		"not": nil, "to a key": {JKT: "thumbprint"}, "to a certificate": {Certificate: "thumbprint"}, "in an unknown way": {},
	} {
		for _, c := range []token.Claims{own, others} {
			c.Confirmation = cnf
			compact := a.sign("ES256", c)
			if got := a.exchange("gateway", compact).status == 200; got != (cnf == nil) {
				t.Errorf("bound %s: exchange granted %v", name, got)
			}
			if got := a.userinfo(compact).status == 200; got != (cnf == nil) {
				t.Errorf("bound %s: userinfo granted %v", name, got)
			}
			if cnf != nil && a.introspect("gateway", compact).members["cnf"] == nil {
				t.Errorf("bound %s: introspection does not tell", name)
			}
		}
	}
	// Who wants bound tokens gets none that are not.
	first := a.signIn("gateway", "alice", "")
	for name, bind := range map[string]func(c *realm.Client, on bool){
		"DPoP": func(c *realm.Client, on bool) { c.Tokens.BindDPoP = on }, "mTLS": func(c *realm.Client, on bool) { c.Tokens.BindTLS = on },
	} {
		for _, on := range []bool{true, false} {
			a.client("gateway", func(c *realm.Client) { bind(c, on) })
			for grant, q := range map[string]answer{
				"client credentials": a.post("token", as("gateway", "grant_type", "client_credentials")),
				"password":           a.post("token", as("gateway", "grant_type", "password", "username", "alice", "password", "alice-password")),
				"refresh":            a.refresh("gateway", first.get("refresh_token")),
				"exchange":           a.exchange("gateway", first.get("access_token")),
			} {
				if (q.status == 200) == on {
					t.Errorf("%s on %v, %s: %v", name, on, grant, q)
				}
			}
		}
	}
}

func attackIntrospection(t *testing.T) {
	a := newArena(t)
	for _, id := range []string{"gateway", "outsider"} {
		a.client(id, func(c *realm.Client) { c.Tokens.IntrospectJWT = true })
	}
	for _, h := range a.hold() {
		for _, accept := range []string{"*/*", "application/json", "application/jwt", "application/token-introspection+jwt"} {
			head := http.Header{"Accept": {accept}}
			if q := a.send("token/introspect", as("outsider", "token", h.compact).Encode(), head); q.text != `{"active":false}` {
				t.Errorf("%s to a client that it is not for: %s", h.name, q.text)
			}
			q := a.send("token/introspect", as("gateway", "token", h.compact).Encode(), head)
			if active := slices.Contains(h.uses, "introspection"); active != (q.members["active"] == true) || !active && q.text != `{"active":false}` {
				t.Errorf("%s to gateway: %s", h.name, q.text)
			}
		}
		for _, caller := range []string{"spa", "front"} {
			if q := a.introspect(caller, h.compact); q.status != 403 || q.members["active"] != nil {
				t.Errorf("%s to a public client: %v", h.name, q)
			}
		}
		if q := a.post("token/introspect", pairs("client_id", "gateway", "client_secret", "wrong", "token", h.compact)); q.status != 401 || q.members["active"] != nil {
			t.Errorf("%s to who is not gateway: %v", h.name, q)
		}
		if q := a.send("token/introspect", pairs("token", h.compact).Encode(), http.Header{"Authorization": {"Bearer " + h.compact}}); q.status != 401 {
			t.Errorf("%s to its own holder: %v", h.name, q)
		}
	}
}

// attackIntrospectionParity: introspection tells no audience and no role that the token has not.
func attackIntrospectionParity(t *testing.T) {
	a := newArena(t)
	a.client("gateway", func(c *realm.Client) { c.Tokens.IntrospectJWT = true })
	first := a.signIn("app", "alice", "openid").get("access_token")
	compacts := map[string]string{
		"narrowed":           a.want(a.exchange("gateway", first, "audience", "gateway")).get("access_token"),
		"narrowed to two":    a.want(a.exchange("gateway", first, "audience", "gateway", "audience", "orders")).get("access_token"),
		"narrowed by a list": "",
	}
	long := a.want(a.exchange("gateway", first, "audience", "gateway", "requested_token_type", typeRefresh))
	compacts["narrowed and refreshed"] = a.want(a.refresh("gateway", long.get("refresh_token"))).get("access_token")
	a.client("gateway", func(c *realm.Client) { c.Exchange.Permitted = &[]string{"orders"} })
	compacts["narrowed by a list"] = a.want(a.exchange("gateway", first)).get("access_token")
	a.client("gateway", func(c *realm.Client) { c.Exchange.Permitted = nil })
	for _, h := range a.hold() {
		if slices.Contains(h.uses, "introspection") {
			compacts[h.name] = h.compact
		}
	}
	for name, compact := range compacts {
		q := a.send("token/introspect", as("gateway", "token", compact).Encode(), http.Header{"Accept": {"application/jwt"}})
		if q.members["active"] != true {
			t.Fatalf("%s: %s", name, q.text)
		}
		says := claims(t, compact)
		for form, told := range map[string]map[string]any{"JSON": q.members, "JWT": claims(t, q.get("jwt"))} {
			for _, claim := range []string{"aud", "resource_access", "realm_access", "scope", "azp", "sub", "sid", "exp", "iat", "jti", "iss"} {
				if name == "lightweight access" && (says[claim] == nil || claim == "aud") {
					continue // what it leaves out is for introspection to tell
				}
				if says[claim] == "" {
					says[claim] = nil // a blank scope is not told
				}
				sortLists(says)
				sortLists(told)
				if d := cmp.Diff(says[claim], told[claim]); d != "" {
					t.Errorf("%s, %s: %s (-token +introspection):\n%s", name, form, claim, d)
				}
			}
		}
	}
}

func attackFence(t *testing.T) {
	arenas := newArenas(t, databases[0], nil, "shop", "rival")
	shop, rival := arenas[0], arenas[1]
	for _, keys := range []string{"keys of its own", "the same keys"} {
		if keys == "the same keys" { // as of a realm file that was copied: then the issuer alone tells them apart
			theirs := rival.current().Keys()
			shop.edit(func(d *realm.Draft) {
				for _, k := range d.Realm().Keys() {
					d.Delete(realm.KindKey, k.Key)
				}
				for _, k := range theirs {
					same := *k
					same.Key = "copy-of-" + k.Key
					d.PutKey(&same)
				}
			})
		}
		held := rival.hold()
		for _, h := range held {
			shop.fallsEverywhere(h.name+" of another realm with "+keys, h.compact)
			shop.endsNothing(h.name+" of another realm with "+keys, h.compact)
			for _, use := range uses {
				if got := use.granted(rival, h); got != slices.Contains(h.uses, use.name) {
					t.Errorf("%s at home, %s: %v", h.name, use.name, got)
				}
			}
		}
	}
}

func attackBinding(t *testing.T) {
	a := newArena(t)
	for _, h := range a.hold() {
		if !slices.Contains(h.uses, "refresh") {
			continue
		}
		for _, other := range []string{"outsider", "spa", "front", "orders"} {
			if q := a.refresh(other, h.compact); q.status != 400 || q.members["error"] != "invalid_grant" {
				t.Errorf("%s at %s: %v", h.name, other, q)
			}
			if q := a.post("logout", as(other, "refresh_token", h.compact)); q.status != 400 {
				t.Errorf("%s signs out at %s: %v", h.name, other, q)
			}
			if q := a.post("revoke", as(other, "token", h.compact)); q.status != 400 {
				t.Errorf("%s revoked by %s: %v", h.name, other, q)
			}
		}
		if q := a.refresh(h.client, h.compact); q.status != 200 {
			t.Errorf("%s at home, after all that: %v", h.name, q)
		}
	}
}
