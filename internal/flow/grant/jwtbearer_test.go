package grant_test

import (
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"maps"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/go-jose/go-jose/v4"
	"github.com/google/go-cmp/cmp"

	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
	"github.com/tokenhouse/tokenhouse/internal/core/token/tokentest"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/flow/broker"
	"github.com/tokenhouse/tokenhouse/internal/flow/grant"
	"github.com/tokenhouse/tokenhouse/internal/flow/police"
	"github.com/tokenhouse/tokenhouse/internal/flow/verify"
	"github.com/tokenhouse/tokenhouse/internal/store"
	"github.com/tokenhouse/tokenhouse/internal/store/storetest"
	"github.com/tokenhouse/tokenhouse/internal/upstream"
)

const partner = "https://partner.example"

// partnerKey and strangerKey sign assertions; the first is the provider's.
var (
	partnerKey  = ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))
	strangerKey = ed25519.NewKeyFromSeed([]byte("a stranger's seed of 32 octets.."))
)

// abroad is a world with a provider whose assertions client gateway redeems, and to whose account p-alice alice is linked.
func abroad(t *testing.T, st *store.Store) *world {
	w := newWorldOn(t, st)
	w.Foreigners = broker.Foreigners{Realms: st, Own: w.Verifier.(*verify.Verifier), Users: st, Upstream: upstream.New(upstream.Config{Now: w.clock})}
	set, err := json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: partnerKey.Public(), KeyID: "p", Algorithm: "EdDSA", Use: "sig"}}})
	if err != nil {
		t.Fatal(err)
	}
	w.edit(func(d *realm.Draft) {
		d.PutProvider(&realm.Provider{Key: "partner-key", Alias: "partner", Kind: "jwt-authorization-grant", Enabled: true,
			Config: map[string]string{"issuer": partner, "publicKeySignatureVerifier": string(set)}})
	})
	w.client("gateway", func(c *realm.Client) {
		c.Assertions.Enabled, c.Assertions.Providers = true, []string{"partner"}
	})
	w.user("alice", func(u *user.User) { u.Links = []user.Link{{Provider: "partner", Subject: "p-alice", Username: "a"}} })
	return w
}

// provider changes the provider.
func (w *world) provider(change func(*realm.Provider)) {
	w.t.Helper()
	w.edit(func(d *realm.Draft) {
		p := *d.Realm().Provider("partner")
		p.Config = maps.Clone(p.Config)
		change(&p)
		d.PutProvider(&p)
	})
}

// claimsOf are those of a good assertion, changed.
func claimsOf(change map[string]any) map[string]any {
	c := map[string]any{"iss": partner, "sub": "p-alice", "aud": base + "/realms/shop", "jti": "j",
		"iat": noon.Unix() - 1, "exp": noon.Unix() + 60}
	for name, value := range change {
		if c[name] = value; value == nil {
			delete(c, name)
		}
	}
	return c
}

func vouched(t *testing.T, key ed25519.PrivateKey, typ string, claims map[string]any) string {
	t.Helper()
	header := map[string]any{"kid": "p"}
	if typ != "" {
		header["typ"] = typ
	}
	return tokentest.Sign(t, "EdDSA", key, header, claims)
}

// redeem hands an assertion in, and is "" or why it is refused.
func (w *world) redeem(compact, scope string) (*grant.Response, string) {
	w.t.Helper()
	q := grant.JWTBearerRequest{Call: as("gateway"), Assertion: &compact}
	if scope != "" {
		q.Scope = &scope
	}
	resp, err := w.JWTBearer(w.t.Context(), q)
	if no, ok := errors.AsType[*oauth.Error](err); ok {
		return nil, no.Description
	}
	if err != nil {
		w.t.Fatal(err)
	}
	return resp, ""
}

const (
	noProvider  = "No Identity Provider for provided issuer"
	badKey      = "Invalid signature"
	wrongFor    = "Invalid token audience"
	unreadable  = "The provided assertion is not a valid JWT"
	wrongClient = "client id in assertion : "
)

// notBefore ends alice's older tokens, as of so many seconds after noon.
func notBefore(seconds int64) func(w *world) {
	return func(w *world) { w.user("alice", func(u *user.User) { u.NotBefore = noon.Unix() + seconds }) }
}

// TestAssertions: what an assertion says, which state its provider and its user are in (T04, T05, T22, T23, T32). Each
// refusal stands beside the assertion that is taken.
func TestAssertions(t *testing.T) {
	idJAG := map[string]any{"client_id": "gateway"}
	for name, c := range map[string]struct {
		claims map[string]any
		typ    string
		scope  string
		before func(w *world)
		want   string
	}{
		"good":                     {},
		"audience in a list":       {claims: map[string]any{"aud": []string{base + "/realms/shop"}}},
		"token endpoint":           {claims: map[string]any{"aud": base + "/realms/shop/protocol/openid-connect/token"}},
		"no iss":                   {claims: map[string]any{"iss": nil}, want: "Missing claim: iss"},
		"empty iss":                {claims: map[string]any{"iss": ""}, want: noProvider},
		"other iss":                {claims: map[string]any{"iss": partner + "/"}, want: noProvider},
		"no sub":                   {claims: map[string]any{"sub": nil}, want: "Missing claim: sub"},
		"empty sub":                {claims: map[string]any{"sub": ""}, want: "User not found"},
		"number as sub":            {claims: map[string]any{"sub": 7}, want: unreadable},
		"somebody else's sub":      {claims: map[string]any{"sub": "alice"}, want: "User not found"},
		"no aud":                   {claims: map[string]any{"aud": nil}, want: wrongFor},
		"empty aud":                {claims: map[string]any{"aud": ""}, want: wrongFor},
		"other aud":                {claims: map[string]any{"aud": base + "/realms/shop/"}, want: wrongFor},
		"two aud":                  {claims: map[string]any{"aud": []string{base + "/realms/shop", "x"}}, want: "Multiple audiences not allowed"},
		"the same aud twice":       {claims: map[string]any{"aud": []string{base + "/realms/shop", base + "/realms/shop"}}, want: "Multiple audiences not allowed"},
		"no exp":                   {claims: map[string]any{"exp": nil}, want: "Token exp claim is required"},
		"issued before not-before": {before: notBefore(0), want: "Token is not active"},
		"issued since not-before":  {before: notBefore(-1)},
		"no iat, and it may be older than not-before":    {claims: map[string]any{"iat": nil}, before: notBefore(60 - 299), want: "Token is not active"},
		"no iat, and it cannot be older than not-before": {claims: map[string]any{"iat": nil}, before: notBefore(60 - 300)},
		"expired":                {claims: map[string]any{"exp": noon.Unix()}, want: "Token is not active"},
		"no iat":                 {claims: map[string]any{"iat": nil}},
		"no iat, long":           {claims: map[string]any{"iat": nil, "exp": noon.Unix() + 301}, want: "Token expiration is too far in the future and iat claim not present in token"},
		"issued later":           {claims: map[string]any{"iat": noon.Unix() + 1}, want: "Token was issued in the future"},
		"issued long ago":        {claims: map[string]any{"iat": noon.Unix() - 301}, want: "Token was issued too far in the past to be used now"},
		"not yet":                {claims: map[string]any{"nbf": noon.Unix() + 1}, want: "Token is not active"},
		"no jti":                 {claims: map[string]any{"jti": nil}, want: "Token jti claim is required"},
		"bound to a key":         {claims: map[string]any{"cnf": map[string]any{"jkt": "k"}}, want: "DPoP proof is missing"},
		"bound to a certificate": {claims: map[string]any{"cnf": map[string]any{"x5t#S256": "c"}}, want: "Client certificate missing, or its thumbprint and one in the refresh token did NOT match"},
		"scope":                  {scope: "no-such-scope", want: "Invalid scopes: no-such-scope"},

		"provider off": {before: func(w *world) { w.provider(func(p *realm.Provider) { p.Enabled = false }) }, want: noProvider},
		"provider for sign-in alone": {before: func(w *world) { w.provider(func(p *realm.Provider) { p.Kind = "oidc" }) },
			want: noProvider},
		"provider without issuer": {before: func(w *world) { w.provider(func(p *realm.Provider) { delete(p.Config, "issuer") }) }, want: noProvider},
		"provider without key": {before: func(w *world) { w.provider(func(p *realm.Provider) { delete(p.Config, "publicKeySignatureVerifier") }) },
			want: "Error validating JWT with identity provider"},
		"provider of another algorithm": {before: func(w *world) {
			w.provider(func(p *realm.Provider) { p.Config["jwtAuthorizationGrantAssertionSignatureAlg"] = "ES256" })
		}, want: "Invalid signature algorithm"},
		"two providers": {before: func(w *world) {
			w.edit(func(d *realm.Draft) {
				p := *d.Realm().Provider("partner")
				p.Key, p.Alias = "twin", "twin"
				d.PutProvider(&p)
			})
		}},
		"two providers, both listed": {before: func(w *world) {
			w.edit(func(d *realm.Draft) {
				p := *d.Realm().Provider("partner")
				p.Key, p.Alias = "twin", "twin"
				d.PutProvider(&p)
			})
			w.client("gateway", func(c *realm.Client) { c.Assertions.Providers = []string{"partner", "twin"} })
		}, want: noProvider},
		"provider not listed": {before: func(w *world) { w.client("gateway", func(c *realm.Client) { c.Assertions.Providers = nil }) },
			want: "Identity Provider is not allowed for the client"},
		"client without the grant": {before: func(w *world) { w.client("gateway", func(c *realm.Client) { c.Assertions.Enabled = false }) },
			want: "JWT Authorization Grant is not supported for the requested client"},

		"user off": {before: func(w *world) { w.user("alice", func(u *user.User) { u.Enabled = false }) }, want: "User is not enabled"},
		"user with something to do": {before: func(w *world) {
			w.user("alice", func(u *user.User) { u.RequiredActions = []string{"UPDATE_PASSWORD"} })
		}, want: "Account is not fully set up"},
		"user not linked any more": {before: func(w *world) { w.user("alice", func(u *user.User) { u.Links = nil }) }, want: "User not found"},

		"identity assertion":                   {typ: oauth.HeaderIdentity, claims: idJAG},
		"identity assertion, no client":        {typ: oauth.HeaderIdentity, want: wrongClient + "null and client id in request header/body : gateway"},
		"identity assertion, other client":     {typ: oauth.HeaderIdentity, claims: map[string]any{"client_id": "spa"}, want: wrongClient + "spa and client id in request header/body : gateway"},
		"identity assertion, no iat":           {typ: oauth.HeaderIdentity, claims: map[string]any{"client_id": "gateway", "iat": nil}, want: "Token iat claim is required"},
		"identity assertion of another scope":  {typ: oauth.HeaderIdentity, claims: map[string]any{"client_id": "gateway", "scope": "x"}, scope: "openid", want: "Scope not in the Identity Assertion JWT: openid"},
		"identity assertion of the scope":      {typ: oauth.HeaderIdentity, claims: map[string]any{"client_id": "gateway", "scope": "x openid"}, scope: "openid"},
		"identity assertion that means little": {typ: oauth.HeaderIdentity, before: func(w *world) { w.provider(func(p *realm.Provider) { p.Config["tokenhouse.id-jag"] = "ignore" }) }},
		"no identity assertion where one must be": {before: func(w *world) { w.provider(func(p *realm.Provider) { p.Config["tokenhouse.id-jag"] = "require" }) },
			want: "Identity Provider takes identity assertions only"},
	} {
		t.Run(name, func(t *testing.T) {
			w := abroad(t, storetest.SQLite(t))
			if c.before != nil {
				c.before(w)
			}
			if why := w.explained(claimsOf(c.claims), c.typ, c.scope); why != c.want && c.claims["cnf"] == nil { // what could be proved is taken to be
				t.Errorf("explained as %q", why)
			}
			resp, refused := w.redeem(vouched(t, partnerKey, c.typ, claimsOf(c.claims)), c.scope)
			if refused != c.want {
				t.Fatalf("%q, want %q", refused, c.want)
			}
			e := w.last()
			if e.Kind != "JWT_AUTHORIZATION_GRANT" && e.Kind != "JWT_AUTHORIZATION_GRANT_ERROR" || (e.Error == "") != (c.want == "") {
				t.Errorf("event %s %q", e.Kind, e.Error)
			}
			if c.want == "" && (resp.RefreshToken != "" || resp.Session != "" || e.UserID != "alice") {
				t.Errorf("a refresh token, a session, or somebody else: %+v of %s", resp, e.UserID)
			}
			if c.want != "" && len(e.Trace.Denials()) == 0 {
				t.Error("the trace does not show what refused")
			}
		})
	}
}

// TestAssertionBytes: no other text is the assertion (T06, T25), and who does not have the key uses no jti up.
func TestAssertionBytes(t *testing.T) {
	w := abroad(t, storetest.SQLite(t))
	good := vouched(t, partnerKey, "", claimsOf(nil))
	if _, refused := w.redeem(vouched(t, strangerKey, "", claimsOf(nil)), ""); refused != badKey {
		t.Errorf("a stranger's: %q", refused)
	}
	for i := 1; i < len(good); i += 7 {
		b := []byte(good)
		b[i] ^= 1
		for _, text := range []string{string(b), good[:i], good[i:]} {
			if _, refused := w.redeem(text, ""); refused == "" {
				t.Fatalf("changed at byte %d, it is taken", i)
			}
		}
	}
	if _, refused := w.redeem(good, ""); refused != "" {
		t.Errorf("the one that is right: %q", refused)
	}
}

// TestAssertionOnce: of many who bring it at once one is first, on each database (T14, T31).
func TestAssertionOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		w := abroad(t, st)
		good := vouched(t, partnerKey, "", claimsOf(nil))
		var taken atomic.Int32
		var wg sync.WaitGroup
		for range 20 {
			wg.Go(func() {
				_, err := w.JWTBearer(t.Context(), grant.JWTBearerRequest{Call: as("gateway"), Assertion: &good})
				if err == nil {
					taken.Add(1)
				} else if no, ok := errors.AsType[*oauth.Error](err); !ok || no.Description != "Token reuse detected" {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if taken.Load() != 1 {
			t.Errorf("%d were first", taken.Load())
		}
	})
}

// TestAssertionKeepsActors: who acts by an assertion acts by what comes of it, under the issuer that named them (T11).
func TestAssertionKeepsActors(t *testing.T) {
	w := abroad(t, storetest.SQLite(t))
	resp, refused := w.redeem(vouched(t, partnerKey, "", claimsOf(map[string]any{"act": map[string]any{"sub": "agent"}})), "")
	if refused != "" {
		t.Fatal(refused)
	}
	held, err := w.keys.Verify(w.realm(), resp.AccessToken)
	if err != nil || held.Actor == nil || !cmp.Equal(*held.Actor, token.Actor{Subject: "agent", Issuer: partner}) {
		t.Errorf("act %+v, %v", held.Actor, err)
	}
	ours := func(realm string) map[string]any {
		return map[string]any{"sub": "agent", "iss": base + "/realms/" + realm}
	}
	for name, act := range map[string]map[string]any{"acts": ours("shop"), "acted": {"sub": "agent", "act": ours("shop")}, "would act": ours("gone")} {
		claims := claimsOf(map[string]any{"jti": name, "act": act})
		_, refused := w.redeem(vouched(t, partnerKey, "", claims), "")
		if explained := w.explained(claims, "", ""); refused != "Somebody of this server is said to act by the assertion" || explained != refused {
			t.Errorf("somebody of the realm %s, as only the realm can say: %q, explained as %q", name, refused, explained)
		}
	}
}

// TestAssertionForAnotherAudience: a client policy lets assertions of a client be for one audience more than its realm, or
// rather than it. Whose key signed it, and of how many audiences it may be, no policy changes; nor whom an identity
// assertion is for.
func TestAssertionForAnotherAudience(t *testing.T) {
	const other = "https://legacy.example"
	allows := func(client string) []realm.PolicyPart {
		return []realm.PolicyPart{{Kind: "jwt-authorization-grant-audience",
			Config: map[string][]string{"allowed-audience": {`[{"key":"` + client + `","value":"` + other + `"}]`}}}}
	}
	reject := realm.PolicyPart{Kind: "reject-request"}
	for name, c := range map[string]struct {
		executors []realm.PolicyPart
		aud       any
		key       ed25519.PrivateKey
		typ       string
		want      string
	}{
		"allowed":                       {executors: allows("gateway"), aud: other},
		"not allowed":                   {aud: other, want: wrongFor},
		"allowed to another client":     {executors: allows("spa"), aud: other, want: wrongFor},
		"another audience":              {executors: allows("gateway"), aud: other + "/", want: wrongFor},
		"the realm's, which is not it":  {executors: allows("gateway"), aud: base + "/realms/shop", want: wrongFor},
		"the realm's, of other clients": {executors: allows("spa"), aud: base + "/realms/shop"},
		"beside the realm's":            {executors: allows("gateway"), aud: []string{other, base + "/realms/shop"}, want: "Multiple audiences not allowed"},
		"signed by somebody else":       {executors: allows("gateway"), aud: other, key: strangerKey, want: badKey},
		"refused for another reason":    {executors: append(allows("gateway"), reject), aud: other, want: wrongFor},
		"an identity assertion":         {executors: allows("gateway"), aud: other, typ: "oauth-id-jag+jwt", want: wrongFor},
	} {
		w := abroad(t, storetest.SQLite(t))
		w.Policies = police.Judge{Kept: w.store}
		w.provider(func(p *realm.Provider) { p.Config["tokenhouse.id-jag"] = "accept" })
		if c.executors != nil {
			w.edit(func(d *realm.Draft) {
				s := d.Realm().Settings
				s.Policies = []realm.ClientPolicy{{Name: "p", Conditions: []realm.PolicyPart{{Kind: "any-client"}}, Executors: c.executors}}
				d.PutSettings(s)
			})
		}
		if c.key == nil {
			c.key = partnerKey
		}
		resp, no := w.redeem(vouched(t, c.key, c.typ, claimsOf(map[string]any{"aud": c.aud, "client_id": "gateway"})), "")
		if no != c.want || (resp == nil) != (c.want != "") {
			t.Errorf("%s: refused %q, want %q", name, no, c.want)
		}
	}
}
