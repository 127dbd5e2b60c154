package token_test

import (
	"encoding/json"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenhouse/tokenhouse/internal/core/token"
)

func ptr(s string) *string { return &s }

func TestAppendJSON(t *testing.T) {
	for _, c := range []struct {
		name   string
		claims token.Claims
		want   string
	}{
		{"nothing", token.Claims{}, `{}`},
		{"registered claims, in Keycloak's order", token.Claims{
			ID: "trrtcc:1", Type: token.TypBearer, Issuer: "https://id.example/realms/shop", Subject: "s", Audience: []string{"orders", "billing"},
			Client: "gateway", Session: "sid", Nonce: "n", ACR: "1", Expires: 300, IssuedAt: 1, NotBefore: 2, AuthTime: 3,
			AccessHash: "a", CodeHash: "c", StateHash: "s",
		}, `{"exp":300,"iat":1,"nbf":2,"auth_time":3,"jti":"trrtcc:1","iss":"https://id.example/realms/shop","aud":["orders","billing"],"sub":"s",` +
			`"typ":"Bearer","azp":"gateway","nonce":"n","sid":"sid","at_hash":"a","c_hash":"c","s_hash":"s","acr":"1"}`},
		{"one audience is a string", token.Claims{Audience: []string{"orders"}}, `{"aud":"orders"}`},
		{"an empty scope is written, none is not", token.Claims{Scope: ptr("")}, `{"scope":""}`},
		{"of a refresh token", token.Claims{
			Type: token.TypRefresh, Scope: ptr("openid"), ReuseID: "r", RequestedAudience: []string{"orders"}, AccessAudience: []string{"orders"}, Provider: "default",
		}, `{"typ":"Refresh","scope":"openid","reuse_id":"r","req-aud":["orders"],"aud_x":"orders","prov":"default"}`},
		{"bound to a DPoP key", token.Claims{Confirmation: &token.Confirmation{JKT: "k", JKTType: "DPoP"}}, `{"cnf":{"jkt":"k","kc-jkt-type":"DPoP"}}`},
		{"bound to a certificate", token.Claims{Confirmation: &token.Confirmation{Certificate: "x"}}, `{"cnf":{"x5t#S256":"x"}}`},
		{"actors and hops", token.Claims{
			Actor:  &token.Actor{Subject: "a", Token: "trrtcc:1", Session: "s", Other: token.Object{{"sub", "evil"}, {"x", "y"}}, Actor: &token.Actor{Client: "b", Issuer: "i"}},
			MayAct: &token.Actor{Subject: "m"},
			Path:   []token.Hop{{Issuer: "https://up.example", Client: "spa", JTI: "1", Session: "s"}, {Client: "gateway", JTI: "2"}, {Client: "desk", JTI: "trrtag:3", Subject: "a"}},
		}, `{"act":{"sub":"a","jti":"trrtcc:1","sid":"s","x":"y","act":{"client_id":"b","iss":"i"}},"may_act":{"sub":"m"},"exchange_path":[{"iss":"https://up.example","client":"spa","jti":"1","sid":"s"},` +
			`{"client":"gateway","jti":"2"},{"client":"desk","jti":"trrtag:3","sub":"a"}]}`},
		{"what mappers write, in its order", token.Claims{Subject: "s", Other: token.Object{
			{"realm_access", token.Object{{"roles", []string{"customer"}}}}, {"email_verified", true}, {"n", int64(-7)}, {"f", 0.5}, {"big", 1e21},
			{"exact", json.Number("1.50")}, {"list", []any{"a", int64(1), nil, token.Object{}}}, {"raw", json.RawMessage(`{"b": [1, "x"],"a":0}`)}, {"none", nil}, {"empty", []string{}},
		}}, `{"sub":"s","realm_access":{"roles":["customer"]},"email_verified":true,"n":-7,"f":0.5,"big":1e+21,"exact":1.50,"list":["a",1,null,{}],` +
			`"raw":{"b":[1,"x"],"a":0},"none":null,"empty":[]}`},
		{"a mapper cannot write a registered claim", token.Claims{Subject: "alice", Other: token.Object{{"sub", "admin"}, {"may_act", token.Object{{"sub", "m"}}}, {"name", "A"}}},
			`{"sub":"alice","name":"A"}`},
		{"what JSON cannot say", token.Claims{Other: token.Object{
			{"nan", math.NaN()}, {"inf", math.Inf(1)}, {"raw", json.RawMessage(`{"a":1,"a":2}`)}, {"open", json.RawMessage(`[1`)}, {"number", json.Number("1,2")},
		}}, `{"nan":null,"inf":null,"raw":null,"open":null,"number":null}`},
		{"escapes", token.Claims{Other: token.Object{{"a\"b\\c", "\n\r\t\x00\x1f</é€😀\u2028"}, {"bad", "a\xffb\xc3"}}},
			`{"a\"b\\c":"\n\r\t\u0000\u001f</é€😀` + "\u2028" + `","bad":"a` + "\ufffd" + `b` + "\ufffd" + `"}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := string(c.claims.AppendJSON([]byte("before")))
			if diff := cmp.Diff("before"+c.want, got); diff != "" {
				t.Error(diff)
			}
			if !json.Valid([]byte(c.want)) {
				t.Error("the test wants what is no JSON")
			}
		})
	}
}

func TestObjectMarshalJSON(t *testing.T) {
	got, err := json.Marshal(map[string]any{"o": token.Object{{"b", int64(1)}, {"a", "x"}}})
	if err != nil {
		t.Fatal(err)
	}
	if want := `{"o":{"b":1,"a":"x"}}`; string(got) != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func BenchmarkAppendJSON(b *testing.B) {
	claims := accessToken()
	buf := make([]byte, 0, 2048)
	b.ReportAllocs()
	for b.Loop() {
		buf = claims.AppendJSON(buf[:0])
	}
	b.SetBytes(int64(len(buf)))
}

// accessToken is an access token of usual size.
func accessToken() *token.Claims {
	return &token.Claims{
		ID: "onrtro:9dab03da-2247-7ab6-a905-69a5961bfbbc", Type: token.TypBearer, Issuer: "http://127.0.0.1:8180/realms/tokens", Subject: "edf51fcc-f3fe-4661-8a28-232c6d2ab1ee",
		Audience: []string{"gateway", "gateway-refresh", "gateway-es", "orders", "billing"}, Client: "spa", Session: "Uum8q78ZZhuZLkagbLDdvita", ACR: "1",
		Scope: ptr("openid email profile"), Expires: 1795252921, IssuedAt: 1795252621,
		Other: token.Object{
			{"allowed-origins", []string{"http://127.0.0.1:3000"}},
			{"realm_access", token.Object{{"roles", []string{"offline_access", "customer"}}}},
			{"resource_access", token.Object{{"orders", token.Object{{"roles", []string{"read", "write"}}}}, {"billing", token.Object{{"roles", []string{"read", "admin"}}}}}},
			{"email_verified", true}, {"name", "Alice Archer"}, {"preferred_username", "alice"}, {"given_name", "Alice"}, {"family_name", "Archer"}, {"email", "alice@shop.example"},
		},
	}
}
