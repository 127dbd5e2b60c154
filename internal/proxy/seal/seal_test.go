package seal_test

import (
	"bytes"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/proxy/seal"
)

var (
	now  = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	hour = now.Add(time.Hour)
)

const key = "0123456789abcdef0123456789abcdef"

func jar(t *testing.T, c seal.Config) *seal.Jar {
	t.Helper()
	if c.Key == "" {
		c.Key = key
	}
	j, err := seal.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return j
}

// set are the cookies that a value makes.
func set(t *testing.T, j *seal.Jar, name string, value []byte) []*http.Cookie {
	t.Helper()
	w := httptest.NewRecorder()
	if err := j.Set(w, httptest.NewRequest("GET", "/", nil), name, value, now, hour, false); err != nil {
		t.Fatal(err)
	}
	return w.Result().Cookies()
}

func with(cookies ...*http.Cookie) *http.Request {
	r := httptest.NewRequest("GET", "/", nil)
	for _, c := range cookies {
		r.AddCookie(&http.Cookie{Name: c.Name, Value: c.Value})
	}
	return r
}

func TestValuesComeBack(t *testing.T) {
	j := jar(t, seal.Config{})
	for _, size := range []int{0, 1, 2700, 2900, 5600, 20000} {
		value := bytes.Repeat([]byte("x"), size)
		cookies := set(t, j, "kc", value)
		for _, c := range cookies {
			if n := len(c.Name) + len(c.Value); n > 4000 {
				t.Errorf("%d bytes: a cookie of %d", size, n)
			}
			if strings.Contains(c.Value, "xxxx") {
				t.Errorf("%d bytes: the value can be read", size)
			}
		}
		got, ok := j.Get(with(cookies...), "kc", now)
		if !ok || !bytes.Equal(got, value) {
			t.Errorf("%d bytes: %v, %d come back", size, ok, len(got))
		}
	}
	w := httptest.NewRecorder()
	if err := j.Set(w, with(), "kc", make([]byte, 50000), now, hour, false); !errors.Is(err, seal.ErrTooLarge) || len(w.Result().Cookies()) > 0 {
		t.Errorf("50000 bytes: %v and %d cookies", err, len(w.Result().Cookies()))
	}
}

func TestWhatWasNotSealedDoesNotOpen(t *testing.T) {
	j := jar(t, seal.Config{For: "shop"})
	alice := set(t, j, "kc", bytes.Repeat([]byte("alice"), 1500))
	bob := set(t, j, "kc", bytes.Repeat([]byte("bobby"), 1500))
	if len(alice) != 3 || len(bob) != 3 {
		t.Fatalf("%d and %d pieces", len(alice), len(bob))
	}
	renamed := func(c *http.Cookie, name, value string) *http.Cookie { return &http.Cookie{Name: name, Value: value} }
	counted := strings.Replace(alice[0].Value, "3.", "2.", 1)
	for name, tt := range map[string]struct {
		jar     *seal.Jar
		at      time.Time
		cookies []*http.Cookie
	}{
		"nothing":               {j, now, nil},
		"ended":                 {j, hour, alice},
		"a piece is missing":    {j, now, alice[:2]},
		"first is missing":      {j, now, alice[1:]},
		"a piece of another":    {j, now, []*http.Cookie{alice[0], bob[1], alice[2]}},
		"the last of another":   {j, now, []*http.Cookie{alice[0], alice[1], bob[2]}},
		"the first of another":  {j, now, []*http.Cookie{bob[0], alice[1], alice[2]}},
		"pieces out of order":   {j, now, []*http.Cookie{alice[0], renamed(nil, alice[1].Name, alice[2].Value), renamed(nil, alice[2].Name, alice[1].Value)}},
		"fewer are claimed":     {j, now, []*http.Cookie{renamed(nil, alice[0].Name, counted), alice[1]}},
		"too many are claimed":  {j, now, []*http.Cookie{renamed(nil, alice[0].Name, strings.Replace(alice[0].Value, "3.", "13.", 1)), alice[1], alice[2]}},
		"no number":             {j, now, []*http.Cookie{renamed(nil, alice[0].Name, alice[0].Value[2:]), alice[1], alice[2]}},
		"another name":          {j, now, []*http.Cookie{renamed(nil, "__Host-kc", set(t, j, "login", []byte("a"))[0].Value)}},
		"another key":           {jar(t, seal.Config{Key: strings.ToUpper(key), For: "shop"}), now, alice},
		"another gatekeeper":    {jar(t, seal.Config{For: "other"}), now, alice},
		"without the prefix":    {jar(t, seal.Config{For: "shop", Insecure: true}), now, alice},
		"empty":                 {j, now, []*http.Cookie{renamed(nil, "__Host-kc", "")}},
		"a number alone":        {j, now, []*http.Cookie{renamed(nil, "__Host-kc", "1.")}},
		"no base64":             {j, now, []*http.Cookie{renamed(nil, "__Host-kc", "1.!!!!")}},
		"shorter than sealings": {j, now, []*http.Cookie{renamed(nil, "__Host-kc", "1.AAAA")}},
	} {
		if _, ok := tt.jar.Get(with(tt.cookies...), "kc", tt.at); ok {
			t.Errorf("%s: it opens", name)
		}
	}
	short := set(t, j, "kc", []byte("alice"))[0]
	for i := range short.Value {
		for _, c := range []byte("AB.") {
			if short.Value[i] == c {
				continue
			}
			changed := short.Value[:i] + string(c) + short.Value[i+1:]
			if _, ok := j.Get(with(&http.Cookie{Name: short.Name, Value: changed}), "kc", now); ok {
				t.Errorf("opens with byte %d changed", i)
			}
		}
	}
}

func TestAttributes(t *testing.T) {
	for name, tt := range map[string]struct {
		config seal.Config
		want   string // after the value
		prefix string
	}{
		"of a host":     {seal.Config{SameSite: http.SameSiteLaxMode}, "; Path=/; Max-Age=3600; HttpOnly; Secure; SameSite=Lax", "__Host-kc=1."},
		"of a domain":   {seal.Config{Domain: "shop.example", SameSite: http.SameSiteStrictMode}, "; Path=/; Domain=shop.example; Max-Age=3600; HttpOnly; Secure; SameSite=Strict", "__Secure-kc=1."},
		"without TLS":   {seal.Config{Insecure: true, SameSite: http.SameSiteLaxMode}, "; Path=/; Max-Age=3600; HttpOnly; SameSite=Lax", "kc=1."},
		"of many sites": {seal.Config{SameSite: http.SameSiteNoneMode}, "; Path=/; Max-Age=3600; HttpOnly; Secure; SameSite=None", "__Host-kc=1."},
	} {
		w := httptest.NewRecorder()
		if err := jar(t, tt.config).Set(w, with(), "kc", nil, now, hour, false); err != nil {
			t.Fatal(err)
		}
		got := w.Header().Get("Set-Cookie")
		if !strings.HasPrefix(got, tt.prefix) || !strings.HasSuffix(got, tt.want) {
			t.Errorf("%s: %s, want %s…%s", name, got, tt.prefix, tt.want)
		}
	}
	w := httptest.NewRecorder()
	if err := jar(t, seal.Config{}).Set(w, with(), "kc", nil, now, hour, true); err != nil || strings.Contains(w.Header().Get("Set-Cookie"), "Max-Age") {
		t.Errorf("%v: %s, want one that ends with the browser", err, w.Header().Get("Set-Cookie"))
	}
}

func TestOldPiecesGo(t *testing.T) {
	j := jar(t, seal.Config{})
	long := set(t, j, "kc", make([]byte, 9000))
	w := httptest.NewRecorder()
	if err := j.Set(w, with(long...), "kc", []byte("short"), now, hour, false); err != nil {
		t.Fatal(err)
	}
	dropped := 0
	for _, c := range w.Result().Cookies() {
		if c.MaxAge < 0 {
			dropped++
		}
	}
	if dropped != len(long)-1 {
		t.Errorf("%d of %d cookies dropped", dropped, len(long))
	}
	w = httptest.NewRecorder()
	j.Clear(w, with(long...), "kc")
	if got := len(w.Result().Cookies()); got != len(long) {
		t.Errorf("%d of %d cookies cleared", got, len(long))
	}
}

func TestKeysAreLong(t *testing.T) {
	if _, err := seal.New(seal.Config{Key: key[1:]}); err == nil {
		t.Error("a key of 31 bytes is taken")
	}
}

func TestOwns(t *testing.T) {
	j := jar(t, seal.Config{})
	for name, want := range map[string]bool{"__Host-kc": true, "__Host-kc-1": true, "__Host-kc-login-x": true, "kc": false, "__Host-kcx": false, "__Host-k": false, "": false} {
		if got := j.Owns(name, "kc"); got != want {
			t.Errorf("%q: %v", name, got)
		}
	}
}

func FuzzGet(f *testing.F) {
	f.Add("1.AAAA", "")
	f.Add("2.AAAA", "BBBB")
	j, err := seal.New(seal.Config{Key: key})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, first, second string) {
		r := with(&http.Cookie{Name: "__Host-kc", Value: first}, &http.Cookie{Name: "__Host-kc-1", Value: second})
		if _, ok := j.Get(r, "kc", now); ok {
			t.Error("something opens that was not sealed")
		}
	})
}
