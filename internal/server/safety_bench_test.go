package server_test

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/google/go-cmp/cmp"

	"github.com/tokenhouse/tokenhouse/internal/core/proof/prooftest"
	"github.com/tokenhouse/tokenhouse/internal/core/token/tokentest"
)

// BenchmarkSafety measures what makes an exchange safe beside an exchange without it. The two take turns, some hundred
// requests each, so that whatever else the machine does hits both alike. "req/cpu-s" and "allocs" are those of the case,
// "without" and "allocs-without" of what stands beside it; "cost-%" is how much more CPU time the case takes, in the median
// of the turns.
//
//	go test ./internal/server -run '^$' -bench 'Safety/sqlite' -benchtime 5s
func BenchmarkSafety(b *testing.B) {
	for _, db := range databases {
		b.Run(db.name, func(b *testing.B) {
			where := db.open(b)
			if onePlace(where) {
				where = onDisk(b)
			}
			files := map[string][]byte{}
			for name, file := range besideRealms(b) {
				files[name+".json"] = encode(b, file)
			}
			s, _ := start(b, where, files)
			in := func(realm string) *bench { return &bench{s.Handler(), realm} }
			plain := func(b *testing.B) load { return in("open").again(b) }
			for _, c := range []struct {
				name          string
				without, with func(b *testing.B) load
				same          bool // both get the same token
			}{
				{"policy", plain, func(b *testing.B) load { return in("strict").again(b) }, true},
				{"fifth_hop", func(b *testing.B) load { return in("open").hop(b, 1) }, func(b *testing.B) load { return in("open").hop(b, 5) }, true},
				{"dpop", plain, func(b *testing.B) load { return in("open").bound(b) }, true},
				{"log", plain, func(b *testing.B) load { return in("logged").again(b) }, true},
				{"durable_log", plain, func(b *testing.B) load { return in("durable").again(b) }, true},
				{"client_policy", plain, func(b *testing.B) load { return in("policed").again(b) }, true},
				{"jwt_grant", plain, func(b *testing.B) load { return in("open").asserted(b) }, false},
			} {
				b.Run(c.name, func(b *testing.B) {
					without, with := c.without(b), c.with(b)
					if c.same {
						sameToken(b, s.Handler(), without(1)[0], with(1)[0])
					}
					beside(b, s.Handler(), without, with)
				})
			}
		})
	}
}

// load makes so many requests, each of which works once.
type load func(n int) []request

// turnSize is how many requests one turn has.
const turnSize = 512

// beside sends both loads by turns.
func beside(b *testing.B, handler http.Handler, without, with load) {
	defer debug.SetGCPercent(debug.SetGCPercent(400)) // as Run has it while little memory is in use
	var spent [2]time.Duration
	var allocs [2]uint64
	var costs []float64
	turns := 0
	for b.Loop() {
		var took [2]time.Duration
		for _, i := range [][]int{{0, 1}, {1, 0}}[turns%2] {
			requests := []load{without, with}[i](turnSize)
			runtime.GC() // of what was made to send
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			begin := cpu(b)
			send(b, handler, requests)
			took[i] = cpu(b) - begin
			runtime.ReadMemStats(&after)
			spent[i], allocs[i] = spent[i]+took[i], allocs[i]+after.Mallocs-before.Mallocs
		}
		costs = append(costs, 100*(took[1].Seconds()/took[0].Seconds()-1))
		turns++
	}
	slices.Sort(costs)
	sent := float64(turns * turnSize)
	b.ReportMetric(sent/spent[1].Seconds(), "req/cpu-s")
	b.ReportMetric(sent/spent[0].Seconds(), "without")
	b.ReportMetric(costs[len(costs)/2], "cost-%")
	b.ReportMetric(float64(allocs[1])/sent, "allocs")
	b.ReportMetric(float64(allocs[0])/sent, "allocs-without")
}

// send has 16 callers per core send each of the requests once. All must be granted.
func send(b *testing.B, handler http.Handler, requests []request) {
	var next atomic.Int64
	var all sync.WaitGroup
	for range 16 * runtime.GOMAXPROCS(0) {
		all.Go(func() {
			c := newCaller()
			for i := next.Add(1) - 1; int(i) < len(requests); i = next.Add(1) - 1 {
				if c.call(handler, requests[i]); c.status/100 != 2 {
					b.Errorf("status %d: %s", c.status, c.body.String())
					return
				}
			}
		})
	}
	all.Wait()
	if b.Failed() {
		b.FailNow()
	}
}

// sameToken sees that both requests get the same authority, so that it is not the size of tokens that is compared.
func sameToken(b *testing.B, handler http.Handler, without, with request) {
	b.Helper()
	said := func(q request) (out map[string]any) {
		compact := (&bench{handler: handler}).tokens(b, q).AccessToken
		text, err := base64.RawURLEncoding.DecodeString(strings.Split(compact, ".")[1])
		if err != nil {
			b.Fatal(err)
		}
		if err := json.Unmarshal(text, &out); err != nil {
			b.Fatal(err)
		}
		return map[string]any{"aud": out["aud"], "scope": out["scope"], "roles": out["resource_access"], "azp": out["azp"]}
	}
	if diff := cmp.Diff(said(without), said(with)); diff != "" {
		b.Fatalf("they get different tokens (-without +with):\n%s", diff)
	}
}

// besideRealms are the shop with nothing that an exchange is asked beyond Keycloak's own checks, and with each of
// what BenchmarkSafety measures. Their tokens are signed with ES256.
func besideRealms(b *testing.B) map[string]map[string]any {
	open := map[string]string{"tokenhouse.exchange.chain-limit": "-1", "tokenhouse.exchange.refuse-cycles": "false", "tokenhouse.exchange.cap-lifetime": "false"}
	with := func(more map[string]string) map[string]string {
		out := maps.Clone(open)
		maps.Copy(out, more)
		return out
	}
	realms := map[string]map[string]any{}
	for name, attributes := range map[string]map[string]string{
		"open":    open,
		"policed": open,
		"logged":  with(map[string]string{"tokenhouse.log": "on"}),
		"durable": with(map[string]string{"tokenhouse.log": "durable"}),
		"strict": {"tokenhouse.exchange.chain-limit": "5", "tokenhouse.exchange.refuse-cycles": "true", "tokenhouse.exchange.cap-lifetime": "true",
			"tokenhouse.exchange.downscope": "true", "tokenhouse.exchange.unlisted": "deny"},
	} {
		file := benchFile(b, name, attributes)
		components := file["components"].(map[string]any)
		keys := components["org.keycloak.keys.KeyProvider"].([]any)
		components["org.keycloak.keys.KeyProvider"] = keys[1:] // no RSA key: finding one takes a while
		file["defaultSignatureAlgorithm"] = "ES256"
		realms[name] = file
	}
	listed := map[string]map[string]string{"gateway-es": {"tokenhouse.exchange.permitted": "orders"}, "orders": {"tokenhouse.exchange.accepts": "gateway-es"}}
	for _, c := range realms["strict"]["clients"].([]any) {
		c := c.(map[string]any)
		for name, value := range listed[c["clientId"].(string)] {
			setAttribute(c, name, value)
		}
	}
	policed := realms["policed"]
	policed["clientProfiles"] = map[string]any{"profiles": []any{map[string]any{"name": "narrow", "executors": []any{
		map[string]any{"executor": "downscope-assertion-grant-enforcer"}, map[string]any{"executor": "confidential-client"}}}}}
	policed["clientPolicies"] = map[string]any{"policies": []any{map[string]any{"name": "exchanges", "enabled": true, "profiles": []string{"narrow"},
		"conditions": []any{map[string]any{"condition": "client-access-type", "configuration": map[string]any{"type": []string{"confidential"}}}}}}}
	addHops(realms["open"])
	addPartner(b, realms["open"])
	return realms
}

func setAttribute(client map[string]any, name, value string) {
	attributes, ok := client["attributes"].(map[string]any)
	if !ok {
		attributes = map[string]any{}
	}
	attributes[name] = value
	client["attributes"] = attributes
}

// hops are how many clients may exchange each other's tokens: hop1 and on.
const hops = 5

// addHops adds them, each in the audience of all tokens of the others and of spa-es.
func addHops(file map[string]any) {
	var all []string
	clients := file["clients"].([]any)
	for i := range hops {
		id := fmt.Sprint("hop", i+1)
		all = append(all, id)
		clients = append(clients, map[string]any{"clientId": id, "secret": "hop-secret", "attributes": map[string]any{"standard.token.exchange.enabled": "true"},
			"defaultClientScopes": []string{"basic", "hops"}, "optionalClientScopes": []string{}})
	}
	for _, c := range clients {
		if c := c.(map[string]any); c["clientId"] == "spa-es" {
			c["defaultClientScopes"] = append(slices.Clone(c["defaultClientScopes"].([]any)), "hops")
		}
	}
	file["clients"] = clients
	file["clientScopes"] = append(file["clientScopes"].([]any), map[string]any{"name": "hops", "protocol": "openid-connect",
		"attributes": map[string]any{"include.in.token.scope": "false"}, "protocolMappers": []any{map[string]any{
			"name": "hops", "protocol": "openid-connect", "protocolMapper": "oidc-audience-mapper",
			"config": map[string]string{"included.client.audience": strings.Join(all, "##"), "access.token.claim": "true"}}}})
}

// again is one exchange, again and again, by a token that has all that gateway's own have.
func (s *bench) again(b *testing.B) load {
	q := s.exchange("ES256", s.signIn(b, "ES256", "profile orders-api").AccessToken)
	return func(n int) []request { return slices.Repeat([]request{q}, n) }
}

// bound is the same exchange, by a caller who proves a key, so that the token is bound to it. Its proofs are made before
// they are measured.
func (s *bench) bound(b *testing.B) load {
	q, key := s.exchange("ES256", s.signIn(b, "ES256", "profile orders-api").AccessToken), prooftest.New(b)
	return func(n int) []request {
		out := slices.Repeat([]request{q}, n)
		for i := range out {
			out[i].proof = key.Prove(q.method, "http://127.0.0.1:8080"+q.path, time.Now(), nil)
		}
		return out
	}
}

// hop is an exchange by the last of the hops, so many exchanges after the sign-in.
func (s *bench) hop(b *testing.B, depth int) load {
	held := s.signIn(b, "ES256", "profile").AccessToken
	swap := func(i int) request {
		return s.form("token", []string{"client_id", fmt.Sprint("hop", i), "client_secret", "hop-secret"}, "grant_type", "urn:ietf:params:oauth:grant-type:token-exchange",
			"subject_token", held, "subject_token_type", "urn:ietf:params:oauth:token-type:access_token")
	}
	for i := 1; i < depth; i++ {
		held = s.tokens(b, swap(i)).AccessToken
	}
	q := swap(hops)
	return func(n int) []request { return slices.Repeat([]request{q}, n) }
}

// partner is an identity provider whose assertions gateway-es redeems, and partnerKey is what it signs them with.
const partner = "https://partner.example"

var partnerKey = ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))

// addPartner adds it, and links alice to p-alice there.
func addPartner(b *testing.B, file map[string]any) {
	set, err := json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: partnerKey.Public(), KeyID: "p", Algorithm: "EdDSA", Use: "sig"}}})
	if err != nil {
		b.Fatal(err)
	}
	file["identityProviders"] = []any{map[string]any{"alias": "partner", "providerId": "jwt-authorization-grant", "enabled": true,
		"config": map[string]string{"issuer": partner, "publicKeySignatureVerifier": string(set)}}}
	for _, c := range file["clients"].([]any) {
		if c := c.(map[string]any); c["clientId"] == "gateway-es" {
			setAttribute(c, "oauth2.jwt.authorization.grant.enabled", "true")
			setAttribute(c, "oauth2.jwt.authorization.grant.idp", "partner")
		}
	}
	for _, u := range file["users"].([]any) {
		if u := u.(map[string]any); u["username"] == "alice" {
			u["federatedIdentities"] = []any{map[string]any{"identityProvider": "partner", "userId": "p-alice", "userName": "alice"}}
		}
	}
}

// asserted is the JWT authorization grant (RFC 7523): each assertion works once, and is signed before it is measured.
func (s *bench) asserted(b *testing.B) load {
	made := 0
	return func(n int) []request {
		out := make([]request, n)
		for i := range out {
			made++
			now := time.Now().Unix()
			compact := tokentest.Sign(b, "EdDSA", partnerKey, map[string]any{"kid": "p"}, map[string]any{"iss": partner, "sub": "p-alice",
				"aud": "http://127.0.0.1:8080/realms/" + s.realm, "iat": now, "exp": now + 60, "jti": fmt.Sprint(b.Name(), now, made)})
			out[i] = s.form("token", gateway("ES256"), "grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion", compact)
		}
		return out
	}
}
