package session

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/proxy/issuer"
)

// browser keeps the cookies of answers.
type browser map[string]string

func (b browser) request() *http.Request {
	r := httptest.NewRequest("GET", "https://gate.example/", nil)
	for name, value := range b {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	return r
}

func (b browser) take(w *httptest.ResponseRecorder) {
	for _, c := range w.Result().Cookies() {
		b[c.Name] = c.Value
	}
}

// TestCopiesOfEndedSessions: a session that was signed out stays so as long as any cookie of it could open, however long the issuer lets
// it live, and whichever copy was renewed.
func TestCopiesOfEndedSessions(t *testing.T) {
	const day = 24 * time.Hour
	for name, tt := range map[string]struct {
		renewed, late bool // the copy is, before the sign-out or after it
	}{"a copy": {}, "a copy that was renewed": {renewed: true}, "a copy whose renewal was under way": {late: true}} {
		t.Run(name, func(t *testing.T) {
			now := time.Unix(1_800_000_000, 0)
			k, err := New(Config{Key: strings.Repeat("k", 32), Cookie: "kc", Duration: day, Refresh: true}, "here")
			if err != nil {
				t.Fatal(err)
			}
			year := issuer.Tokens{Access: "a", Refresh: "r", ExpiresIn: issuer.Seconds(5 * time.Minute), RefreshExpiresIn: issuer.Seconds(365 * day)}
			victim, copied := browser{}, browser{}
			w := httptest.NewRecorder()
			if err := k.Begin(w, victim.request(), year, now); err != nil {
				t.Fatal(err)
			}
			victim.take(w)
			copied.take(w)
			s := k.Of(copied.request(), now)
			renew := func() {
				w := httptest.NewRecorder()
				if err := k.Keep(w, copied.request(), s, year, now); err != nil {
					t.Fatal(err)
				}
				copied.take(w)
			}
			now = now.Add(100 * day)
			if tt.renewed {
				renew()
			}
			k.End(httptest.NewRecorder(), victim.request(), k.Of(victim.request(), now), now)
			now = now.Add(100 * day)
			if tt.late {
				renew()
			}
			for range 5 {
				if k.Of(copied.request(), now) != nil {
					t.Fatalf("it opens at %s", now)
				}
				now = now.Add(100 * day)
			}
		})
	}
}
