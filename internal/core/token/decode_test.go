package token_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/tokenhouse/tokenhouse/internal/core/token"
)

func TestParse(t *testing.T) {
	for _, c := range []struct {
		name, payload string
		want          token.Claims
	}{
		{"nothing", ` {} `, token.Claims{}},
		{"null is absent", `{"sub":null,"aud":null,"exp":null,"scope":null,"cnf":null,"act":null,"exchange_path":null}`, token.Claims{}},
		{"audience as a string", `{"aud":"orders"}`, token.Claims{Audience: []string{"orders"}}},
		{"the same as an array", `{"aud":["orders"]}`, token.Claims{Audience: []string{"orders"}}},
		{"several audiences", `{"aud":["orders","billing"]}`, token.Claims{Audience: []string{"orders", "billing"}}},
		{"no audience", `{"aud":[]}`, token.Claims{}},
		{"times with a fraction", `{"exp":1795252921.9,"iat":1.7e9}`, token.Claims{Expires: 1795252921, IssuedAt: 1700000000}},
		{"scope, empty", `{"scope":""}`, token.Claims{Scope: ptr("")}},
		{"bound in a way that is unknown", `{"cnf":{"jwk":{"kty":"EC"}}}`, token.Claims{Confirmation: &token.Confirmation{}}},
		{"actors", `{"act":{"sub":"a","name":"Ann","act":{"client_id":"b"}},"may_act":{"iss":"i"}}`, token.Claims{
			Actor: &token.Actor{Subject: "a", Other: token.Object{{"name", "Ann"}}, Actor: &token.Actor{Client: "b"}}, MayAct: &token.Actor{Issuer: "i"}}},
		{"path", `{"exchange_path":[{"client":"spa","jti":"1"},{"jti":"2"}]}`, token.Claims{Path: []token.Hop{{Client: "spa", JTI: "1"}, {JTI: "2"}}}},
		{"other claims, in order", "\t{ \"z\" : 1 , \"a\" : [ ] , \"m\" : [ 1.50 , \"\\u00e9\\ud83d\\ude00\\/\" ], \"n\" : 99999999999999999999, \"o\": {\"p\":-0}}\n", token.Claims{Other: token.Object{
			{"z", int64(1)}, {"a", []string{}}, {"m", []any{json.Number("1.50"), "é😀/"}}, {"n", json.Number("99999999999999999999")}, {"o", token.Object{{"p", json.Number("-0")}}}}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := token.Parse([]byte(c.payload))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestParseRefuses(t *testing.T) {
	for _, c := range []struct{ name, payload, want string }{
		{"nothing", ``, "no object"},
		{"an array", `["sub"]`, "no object"},
		{"a second value", `{} {}`, "something after the value"},
		{"a registered name twice", `{"sub":"alice","sub":"admin"}`, "a name for the second time"},
		{"a registered name twice, once escaped", `{"sub":"alice","s\u0075b":"admin"}`, "a name for the second time"},
		{"any other name twice, deep inside", `{"a":{"b":[{"c":1,"c":2}]}}`, "a name for the second time"},
		{"a name twice among many", `{` + many(100) + `"n7":0}`, "a name for the second time"},
		{"a subject that is a number", `{"sub":7}`, "claim sub: json: no string"},
		{"an audience that is an object", `{"aud":{"orders":true}}`, "claim aud: json: no string"},
		{"an audience with a number", `{"aud":["orders",7]}`, "claim aud: json: no string"},
		{"an audience within an array", `{"aud":[["orders"]]}`, "claim aud: json: no string"},
		{"a time that is a string", `{"exp":"1795252921"}`, "claim exp: json: no time"},
		{"a time beyond all times", `{"exp":1e300}`, "claim exp: json: no time"},
		{"a time beyond exact floats", `{"exp":9007199254740993}`, "claim exp: json: no time"},
		{"a scope that is an array", `{"scope":["openid"]}`, "claim scope: json: no string"},
		{"an actor that is a string", `{"act":"ines"}`, "claim act: json: no object"},
		{"an actor twice", `{"act":{"sub":"a","sub":"b"}}`, "a name for the second time"},
		{"a confirmation that is a string", `{"cnf":"k"}`, "claim cnf: json: no object"},
		{"a path that is an object", `{"exchange_path":{}}`, "claim exchange_path: json: no array"},
		{"a depth bomb", `{"a":` + strings.Repeat(`[`, 100_000), "nested too deep"},
		{"a depth bomb of actors", strings.Repeat(`{"act":`, 30_000), "nested too deep"},
		{"a size bomb", `{"a":"` + strings.Repeat("a", token.MaxSize) + `"}`, "token is too long"},
		{"half a character", `{"sub":"\ud83d"}`, "half a character"},
		{"half a character and a whole one", `{"sub":"\ud83d\u0041"}`, "half a character"},
		{"bytes that are no UTF-8", "{\"sub\":\"\xff\"}", "no UTF-8"},
		{"bytes that are no UTF-8 after an escape", "{\"sub\":\"\\n\xff\"}", "no UTF-8"},
		{"a control character", "{\"sub\":\"a\nb\"}", "a control character"},
		{"a leading zero", `{"exp":0123}`, "no comma"},
		{"a number without digits", `{"exp":-}`, "no digit"},
		{"a fraction without digits", `{"exp":1.}`, "no digit"},
		{"a trailing comma", `{"sub":"a",}`, "no string"},
		{"a name without quotes", `{sub:"a"}`, "no string"},
		{"an unknown escape", `{"sub":"\x41"}`, "an unknown escape"},
		{"an open string", `{"sub":"a`, "no end of string"},
		{"an open escape", `{"sub":"\u00`, "no end of string"},
		{"a wrong word", `{"a":nul}`, "no value"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := token.Parse([]byte(c.payload))
			if err == nil {
				t.Fatalf("parsed as %+v", got)
			}
			if !strings.Contains(err.Error(), c.want) {
				t.Errorf("got error %q, want one with %q", err, c.want)
			}
			if diff := cmp.Diff(token.Claims{}, got); diff != "" {
				t.Errorf("claims came with the error: %s", diff)
			}
		})
	}
}

// many is n members n0, n1, …
func many(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `"n%d":0,`, i)
	}
	return b.String()
}

// recording is a file of tokens that Keycloak signed.
type recording struct {
	Tokens []struct {
		Name, Token string
		Claims      json.RawMessage
	}
}

func recorded(t testing.TB) (out recording) {
	t.Helper()
	text, err := os.ReadFile("testdata/tokens.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &out); err != nil {
		t.Fatal(err)
	}
	if len(out.Tokens) == 0 {
		t.Fatal("no tokens are recorded")
	}
	return out
}

func TestRecordedTokens(t *testing.T) {
	for _, rec := range recorded(t).Tokens {
		t.Run(rec.Name, func(t *testing.T) {
			jws, err := token.Open(rec.Token)
			if err != nil {
				t.Fatal(err)
			}
			if jws.Header.Typ != "JWT" || jws.Header.Kid == "" || jws.Header.Alg == "" {
				t.Errorf("header is %+v", jws.Header)
			}
			claims, err := token.Parse(jws.Payload)
			if err != nil {
				t.Fatal(err)
			}
			if claims.ID == "" || claims.Type == "" || claims.Expires != claims.IssuedAt+300 {
				t.Errorf("claims are %+v", claims)
			}
			if diff := cmp.Diff(generic(t, rec.Claims), generic(t, claims.AppendJSON(nil))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func generic(t testing.TB, text []byte) (out any) {
	t.Helper()
	if err := json.Unmarshal(text, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// FuzzParse: what Parse accepts is JSON to everybody, and survives being written and read again.
func FuzzParse(f *testing.F) {
	for _, rec := range recorded(f).Tokens {
		f.Add([]byte(rec.Claims))
	}
	f.Fuzz(func(t *testing.T, payload []byte) {
		claims, err := token.Parse(payload)
		if err != nil {
			return
		}
		var other map[string]any
		standard := json.NewDecoder(bytes.NewReader(payload))
		standard.UseNumber() // numbers may be longer than it can count with
		if err := standard.Decode(&other); err != nil || !json.Valid(payload) {
			t.Fatalf("accepted what encoding/json refuses: %v", err)
		}
		text := claims.AppendJSON(nil)
		again, err := token.Parse(text)
		if err != nil {
			t.Fatalf("wrote what it refuses: %v\n%s", err, text)
		}
		if diff := cmp.Diff(claims, again); diff != "" {
			t.Fatalf("changed by writing and reading: %s", diff)
		}
		if sub, ok := other["sub"].(string); ok && sub != claims.Subject {
			t.Fatalf("subject is %q, to encoding/json %q", claims.Subject, sub)
		}
	})
}

// FuzzValue: an object written by encoding/json is read as encoding/json reads it.
func FuzzValue(f *testing.F) {
	f.Add("é\u2028\x00", "<&>", 1.5e-7, int64(-9007199254740993))
	f.Fuzz(func(t *testing.T, a, b string, x float64, n int64) {
		text, err := json.Marshal(map[string]any{"o": map[string]any{"text": a, "list": []string{a, b}, "x": x, "n": n}})
		if err != nil {
			t.Skip() // NaN
		}
		claims, err := token.Parse(text)
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		if diff := cmp.Diff(generic(t, text), generic(t, claims.AppendJSON(nil))); diff != "" {
			t.Fatal(diff)
		}
	})
}

func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		claims := drawClaims(t)
		text := claims.AppendJSON(nil)
		got, err := token.Parse(text)
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		if diff := cmp.Diff(claims, got); diff != "" {
			t.Fatalf("%s\n%s", diff, text)
		}
	})
}

// TestAttackT32: a rule sees the same audience, however it was written.
func TestAttackT32(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.String().Draw(t, "audience")
		quoted, err := json.Marshal(name)
		if err != nil {
			t.Fatal(err)
		}
		single, err1 := token.Parse([]byte(`{"aud":` + string(quoted) + `}`))
		array, err2 := token.Parse([]byte(`{"aud":[` + string(quoted) + `]}`))
		if err1 != nil || err2 != nil {
			t.Fatal(err1, err2)
		}
		if !reflect.DeepEqual(single, array) || len(single.Audience) != 1 || single.Audience[0] != name {
			t.Fatalf("%q: %v and %v", name, single.Audience, array.Audience)
		}
	})
}

func drawClaims(t *rapid.T) token.Claims {
	text := rapid.String()
	texts := func(label string) []string {
		list := rapid.SliceOfN(text, 0, 4).Draw(t, label)
		if len(list) == 0 {
			return nil
		}
		return list
	}
	seconds := rapid.Int64Range(-1<<52, 1<<52)
	c := token.Claims{
		ID: text.Draw(t, "jti"), Type: text.Draw(t, "typ"), Issuer: text.Draw(t, "iss"), Subject: text.Draw(t, "sub"), Audience: texts("aud"),
		Client: text.Draw(t, "azp"), Session: text.Draw(t, "sid"), Nonce: text.Draw(t, "nonce"), ACR: text.Draw(t, "acr"),
		Expires: seconds.Draw(t, "exp"), IssuedAt: seconds.Draw(t, "iat"), NotBefore: seconds.Draw(t, "nbf"), AuthTime: seconds.Draw(t, "auth_time"),
		AccessHash: text.Draw(t, "at_hash"), CodeHash: text.Draw(t, "c_hash"), StateHash: text.Draw(t, "s_hash"),
		ReuseID: text.Draw(t, "reuse_id"), RequestedAudience: texts("req-aud"), AccessAudience: texts("aud_x"), Provider: text.Draw(t, "prov"),
		Actor: drawActor(t), MayAct: drawActor(t),
	}
	if rapid.Bool().Draw(t, "scoped") {
		c.Scope = ptr(text.Draw(t, "scope"))
	}
	if rapid.Bool().Draw(t, "bound") {
		c.Confirmation = &token.Confirmation{JKT: text.Draw(t, "jkt"), JKTType: text.Draw(t, "kc-jkt-type"), Certificate: text.Draw(t, "x5t")}
	}
	for range rapid.IntRange(0, 3).Draw(t, "hops") {
		c.Path = append(c.Path, token.Hop{Client: text.Draw(t, "client"), JTI: text.Draw(t, "hop")})
	}
	for i, name := range rapid.SliceOfNDistinct(text, 0, 30, rapid.ID).Draw(t, "names") {
		c.Other = append(c.Other, token.Member{Name: "x" + name, Value: drawValue(t, i%4)})
	}
	return c
}

func drawActor(t *rapid.T) (a *token.Actor) {
	for range rapid.IntRange(0, 3).Draw(t, "actors") {
		a = &token.Actor{Subject: rapid.String().Draw(t, "sub"), Client: rapid.String().Draw(t, "client_id"), Issuer: rapid.String().Draw(t, "iss"),
			Token: rapid.String().Draw(t, "jti"), Session: rapid.String().Draw(t, "sid"), Actor: a}
		if rapid.Bool().Draw(t, "more") {
			a.Other = token.Object{{Name: "x", Value: drawValue(t, 1)}}
		}
	}
	return a
}

// drawValue draws one of the values that Parse gives.
func drawValue(t *rapid.T, depth int) any {
	kinds := 6
	if depth > 0 {
		kinds = 8
	}
	switch rapid.IntRange(0, kinds-1).Draw(t, "kind") {
	case 0:
		return rapid.String().Draw(t, "text")
	case 1:
		return rapid.Bool().Draw(t, "bool")
	case 2:
		return rapid.Int64().Draw(t, "integer")
	case 3:
		return json.Number(rapid.StringMatching(`-?(0|[1-9][0-9]{0,30})(\.[0-9]{1,9}([eE][+-]?[0-9]{1,3})?|[eE][+-]?[0-9]{1,3})`).Draw(t, "number"))
	case 4:
		return rapid.SliceOfN(rapid.String(), 0, 3).Draw(t, "texts")
	case 5:
		return nil
	case 6:
		list := []any{int64(1)} // with something that is no string
		for range rapid.IntRange(0, 3).Draw(t, "items") {
			list = append(list, drawValue(t, depth-1))
		}
		return list
	}
	var o token.Object
	for _, name := range rapid.SliceOfNDistinct(rapid.String(), 0, 3, rapid.ID).Draw(t, "members") {
		o = append(o, token.Member{Name: name, Value: drawValue(t, depth-1)})
	}
	return o
}

func BenchmarkParse(b *testing.B) {
	payload := accessToken().AppendJSON(nil)
	b.ReportAllocs()
	b.SetBytes(int64(len(payload)))
	for b.Loop() {
		if _, err := token.Parse(payload); err != nil {
			b.Fatal(err)
		}
	}
}
