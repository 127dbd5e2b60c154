package token_test

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenhouse/tokenhouse/internal/core/token"
)

// compact joins the base64url of its parts.
func compact(parts ...string) string {
	for i, part := range parts {
		parts[i] = base64.RawURLEncoding.EncodeToString([]byte(part))
	}
	return strings.Join(parts, ".")
}

func TestOpen(t *testing.T) {
	got, err := token.Open(compact(`{"alg":"ES256","typ" : "JWT","kid":"k","x5c":["…"]}`, `{}`, "sig"))
	if err != nil {
		t.Fatal(err)
	}
	want := token.Compact{
		Header: token.Header{Alg: "ES256", Typ: "JWT", Kid: "k"}, Payload: []byte(`{}`), Signature: []byte("sig"),
		Signed: compact(`{"alg":"ES256","typ" : "JWT","kid":"k","x5c":["…"]}`, `{}`),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestOpenRefuses(t *testing.T) {
	head, body := `{"alg":"HS256"}`, `{}`
	good := compact(head, body, "signed")
	if _, err := token.Open(good); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, compact, want string }{
		{"nothing", "", "three parts"},
		{"one part", "e30", "three parts"},
		{"two parts", compact(head, body), "three parts"},
		{"four parts", good + ".e30", "three parts"},
		{"an encrypted token", "a.b.c.d.e", "three parts"},
		{"padding", good + "=", "base64url"},
		{"a line break", good + "\n", "base64url"},
		{"a line break within", good[:8] + "\r\n" + good[8:], "base64url"},
		{"base64 of the other alphabet", compact(head, body) + ".+/++", "base64url"},
		{"bits beyond the last byte", compact(head, body) + ".AB", "base64url"},
		{"critical extensions", compact(`{"alg":"HS256","crit":["b64"],"b64":false}`, body, "signed"), "critical"},
		{"an algorithm twice", compact(`{"alg":"HS256","alg":"none"}`, body, "signed"), "second time"},
		{"an algorithm that is no string", compact(`{"alg":["HS256"]}`, body, "signed"), "no string"},
		{"a header that is no object", compact(`[]`, body, "signed"), "no object"},
		{"something after the header", compact(`{}{}`, body, "signed"), "something after"},
		{"too much", good + strings.Repeat("a", token.MaxSize), "too long"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := token.Open(c.compact)
			if err == nil {
				t.Fatalf("opened as %+v", got)
			}
			if !strings.Contains(err.Error(), c.want) {
				t.Errorf("got error %q, want one with %q", err, c.want)
			}
		})
	}
}

func FuzzOpen(f *testing.F) {
	for _, rec := range recorded(f).Tokens {
		f.Add(rec.Token)
	}
	f.Add("..")
	f.Fuzz(func(t *testing.T, text string) {
		c, err := token.Open(text)
		if err != nil {
			return
		}
		if again := c.Signed + "." + base64.RawURLEncoding.EncodeToString(c.Signature); again != text {
			t.Fatalf("%q has another spelling: %q", text, again)
		}
	})
}
