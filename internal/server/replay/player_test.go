package replay

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// echo answers a form with its fields as JSON, and says who asked.
func echo(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	fields := map[string]any{"method": r.Method, "authorization": r.Header.Get("Authorization")}
	for name := range r.Form {
		fields[name] = r.Form.Get(name)
	}
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(fields)
}

func play(t *testing.T, steps string) [][]Difference {
	t.Helper()
	issuer := NewIssuer()
	t.Cleanup(issuer.Close)
	files := fstest.MapFS{"scenarios/x/y.json": {Data: []byte(`{"about":"","realms":[],"steps":` + steps + `}`)}}
	scenario, err := Recordings{Files: files, Issuer: issuer}.Scenario("x/y")
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(http.HandlerFunc(echo))
	t.Cleanup(server.Close)
	player := NewPlayer(server.URL, issuer, Administrator{})
	var out [][]Difference
	for _, step := range scenario.Steps {
		differences, err := player.Play(t.Context(), step)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, differences)
	}
	return out
}

func TestPlayKeepsWhatLaterStepsNeed(t *testing.T) {
	got := play(t, `[
		{"name":"first","path":"/a","form":[["token","t&1"]],"save":{"kept":"token"},
		 "want":{"status":200,"header":{"Content-Type":"application/json"},"body":{"method":"POST","authorization":"","token":"t&1"}}},
		{"name":"second","path":"/a","query":[["q","${kept}"]],"bearer":"${kept}",
		 "want":{"status":200,"header":{"Content-Type":"application/json"},"body":{"method":"GET","authorization":"Bearer t&1","q":"t&1"}}},
		{"name":"third","path":"/a","query":[["q","${kept}"]],
		 "want":{"status":201,"header":{"Content-Type":"application/json"},"body":{"method":"GET","authorization":"","q":"other"}}}]`)
	var paths []string
	for _, d := range got[2] {
		paths = append(paths, d.Path)
	}
	if len(got[0]) > 0 || len(got[1]) > 0 {
		t.Errorf("differences where none are: %v %v", got[0], got[1])
	}
	if want := []string{"status", "body.q"}; !slices.Equal(paths, want) {
		t.Errorf("third step differs at %q, want %q", paths, want)
	}
}

func TestStepWithoutAnAddressIsNotTaken(t *testing.T) {
	got := play(t, `[{"name":"nowhere","path":"${form}","want":{"status":200}},
		{"name":"in the middle","path":"/a/${id}","want":{"status":200,"header":{"Content-Type":"application/json"},"body":{"method":"GET","authorization":""}}}]`)
	if len(got[0]) != 1 || got[0][0].Path != "request" || len(got[1]) > 0 {
		t.Errorf("differences %v", got)
	}
}

func TestMembersThatAreIdentifiersAreNumbered(t *testing.T) {
	got := open(map[string]any{"clients": map[string]any{"9d1f7c1e-2d55-4f55-8f5c-1c2b3a4d5e6f": "b", "0a1f7c1e-2d55-4f55-8f5c-1c2b3a4d5e6f": "a", "name": "c"}})
	want := map[string]any{"clients": map[string]any{"<key 1>": "a", "<key 2>": "b", "name": "c"}}
	if show(got) != show(want) {
		t.Errorf("%s, want %s", show(got), show(want))
	}
}

// TestAnswersAreOpened plays tokens that the scenario signs back to itself, which opens them.
func TestAnswersAreOpened(t *testing.T) {
	got := play(t, `[
		{"name":"sign","jwt":{"save":"t","alg":"none","key":"","header":{"typ":"JWT"},"claims":{"iat":"-10","exp":"+50","aud":["a"],"jti":"${random}"}}},
		{"name":"send","path":"/a","query":[["t","${t}"]],
		 "want":{"status":200,"header":{"Content-Type":"application/json"},"body":{"method":"GET","authorization":"",
		 "t":{"jwt":{"header":{"alg":"none","typ":"JWT"},"claims":{"iat":"<time>","exp":"<time>","exp-iat":60,"aud":["a"],"jti":"<id:1>"}}}}}}]`)
	if len(got[1]) > 0 {
		t.Error(got[1])
	}
}

func TestFind(t *testing.T) {
	const body = `{"a":{"b":[{"c":"text"},{"c":7},{"c":"a.b","d":8}]}}`
	for path, want := range map[string]string{"a.b[0].c": "text", "a.b[1].c": "7", "a.b[3].c": "", "a.x": "", "a.b.c": "",
		"a.b[c=a.b].d": "8", "a.b[c=x].d": "", "a[c=x].d": ""} {
		if got := find([]byte(body), path); got != want {
			t.Errorf("%s is %q, want %q", path, got, want)
		}
	}
	if got := find([]byte("no JSON"), "a"); got != "" {
		t.Errorf("found %q in what is no JSON", got)
	}
}

func TestUnknownFieldsAreAnError(t *testing.T) {
	files := fstest.MapFS{"scenarios/x/y.json": {Data: []byte(`{"steps":[{"name":"a","expect":{}}]}`)}}
	if _, err := (Recordings{Files: files}).Scenario("x/y"); err == nil || !strings.Contains(err.Error(), "expect") {
		t.Errorf("error %v, want one that names the field", err)
	}
}

func TestSign(t *testing.T) {
	issuer := NewIssuer()
	t.Cleanup(issuer.Close)
	expand := func(s string) string {
		return strings.ReplaceAll(s, "${secret}", "a-secret-that-is-long-enough-for-it")
	}
	for _, alg := range []jose.SignatureAlgorithm{jose.RS256, jose.ES256, jose.HS256} {
		t.Run(string(alg), func(t *testing.T) {
			d := Draft{Alg: string(alg), Key: "of-" + string(alg), Claims: map[string]any{"sub": "me", "exp": "+60"}}
			var public any
			if alg == jose.HS256 {
				d.Key, public = "${secret}", []byte(expand("${secret}"))
			} else {
				key, err := issuer.key(d.Key, d.Alg)
				if err != nil {
					t.Fatal(err)
				}
				public = key.Public()
			}
			signed, err := d.sign(issuer, expand)
			if err != nil {
				t.Fatal(err)
			}
			token, err := jwt.ParseSigned(signed, []jose.SignatureAlgorithm{alg})
			if err != nil {
				t.Fatal(err)
			}
			var claims jwt.Claims
			if err := token.Claims(public, &claims); err != nil {
				t.Fatal(err)
			}
			if left := time.Until(claims.Expiry.Time()); claims.Subject != "me" || left < 50*time.Second || left > 61*time.Second {
				t.Errorf("claims %+v", claims)
			}
		})
	}
}

func TestConsentIsSentWithItsCode(t *testing.T) {
	c := consents{}
	c.take([]byte(`<form action="/consent?tab=1"><input type="hidden" name="code" value="c-1"><button name="accept"></button></form>`))
	c.take([]byte(`<form action="/sign-in"><input name="code" value="c-2"></form>`))
	for _, tt := range []struct {
		address string
		form    []Pair
		want    string
	}{
		{"/consent?tab=1", []Pair{{"accept", "Yes"}}, "c-1"},
		{"/consent?tab=1", []Pair{{"accept", "Yes"}, {"code", "other"}}, "other"},
		{"/consent?tab=1", nil, ""},
		{"/sign-in", []Pair{{"a", "b"}}, ""},
	} {
		got := ""
		for _, p := range c.fill(tt.address, tt.form) {
			if p[0] == "code" {
				got += p[1]
			}
		}
		if got != tt.want {
			t.Errorf("%v to %s has the code %q, want %q", tt.form, tt.address, got, tt.want)
		}
	}
}
