package server_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// signingIn is how many people sign in at once.
const signingIn = 200

// BenchmarkTokensBesideSignIns asks for tokens, every few milliseconds for one, over HTTP: while nobody else is there, and while a
// crowd signs in by browsers, with passwords of argon2id. It prints both latencies side by side, and what the slowest
// of a hundred take.
//
//	go test ./internal/server -run '^$' -bench TokensBesideSignIns -benchtime 3s
func BenchmarkTokensBesideSignIns(b *testing.B) {
	for _, db := range databases {
		b.Run(db.name, func(b *testing.B) {
			q := newTurnstile(b, db)
			q.tokens(b, 200*time.Millisecond) // connections are open and caches full
			idle := q.tokens(b, time.Second)
			ctx, stop := context.WithCancel(b.Context())
			var all sync.WaitGroup
			for range signingIn {
				all.Go(func() {
					for ctx.Err() == nil {
						q.signIn(ctx)
					}
				})
			}
			time.Sleep(500 * time.Millisecond) // the line has formed
			before := q.signedIn.Load()
			b.ResetTimer()
			start := time.Now()
			var busy []time.Duration
			for b.Loop() {
				busy = append(busy, q.token(b))
			}
			took := time.Since(start)
			n := q.signedIn.Load() - before
			stop()
			all.Wait()
			if failed := q.failed.Load(); failed > 0 {
				b.Errorf("%d sign-ins failed", failed)
			}
			slices.Sort(busy)
			report := func(name string, all []time.Duration, part float64) float64 {
				d := all[int(float64(len(all)-1)*part)].Seconds() * 1000
				b.ReportMetric(d, name)
				return d
			}
			median := report("idle-ms", idle, 0.5)
			b.ReportMetric(report("busy-ms", busy, 0.5)/median, "times-idle")
			report("idle-p99-ms", idle, 0.99)
			report("busy-p99-ms", busy, 0.99)
			b.ReportMetric(float64(n)/took.Seconds(), "sign-ins/s")
		})
	}
}

// turnstile is a server with the realm of TestAttackBrowser, whose passwords are hashed as by default.
type turnstile struct {
	base             string
	client           *http.Client
	signedIn, failed atomic.Int64
}

func newTurnstile(b *testing.B, db database) *turnstile {
	text, err := os.ReadFile("testdata/attack/desk.json")
	if err != nil {
		b.Fatal(err)
	}
	var file map[string]any
	if err := json.Unmarshal(text, &file); err != nil {
		b.Fatal(err)
	}
	delete(file, "passwordPolicy")
	delete(file, "smtpServer")
	file["eventsEnabled"] = false // what is measured is not the disk
	if text, err = json.Marshal(file); err != nil {
		b.Fatal(err)
	}
	where := db.open(b)
	if onePlace(where) {
		where = onDisk(b)
	}
	_, base := start(b, where, map[string][]byte{"desk.json": text})
	return &turnstile{base: base + "/realms/desk", client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: signingIn + 1},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// token asks for a token once, and tells how long that took. It comes after a pause, so that nobody who asks without
// end hides who has to wait.
func (r *turnstile) token(b *testing.B) time.Duration {
	time.Sleep(5 * time.Millisecond)
	begun := time.Now()
	resp, err := r.client.PostForm(r.base+"/protocol/openid-connect/token", pairs("grant_type", "client_credentials", "client_id", "machine", "client_secret", "machine-secret"))
	if err != nil {
		b.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, resp.Body)
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		b.Fatalf("no token: %s", resp.Status)
	}
	return time.Since(begun)
}

// tokens asks for tokens for a while, and gives what each took, sorted.
func (r *turnstile) tokens(b *testing.B, long time.Duration) (all []time.Duration) {
	for begun := time.Now(); time.Since(begun) < long; {
		all = append(all, r.token(b))
	}
	slices.Sort(all)
	return all
}

// signIn is a browser that is new, from the authorization request to the code.
func (r *turnstile) signIn(ctx context.Context) {
	cookies := map[string]string{}
	ask := func(method, address string, form url.Values) (page, location string) {
		q, err := http.NewRequestWithContext(ctx, method, address, strings.NewReader(form.Encode()))
		if err != nil {
			return "", ""
		}
		q.Header.Set("Content-Type", formType)
		for name, value := range cookies {
			q.AddCookie(&http.Cookie{Name: name, Value: value})
		}
		resp, err := r.client.Do(q)
		if err != nil {
			return "", ""
		}
		defer resp.Body.Close()
		text, _ := io.ReadAll(resp.Body)
		for _, c := range resp.Cookies() {
			cookies[c.Name] = c.Value
		}
		return string(text), resp.Header.Get("Location")
	}
	request := pairs("client_id", "web", "redirect_uri", callback("web"), "response_type", "code", "scope", "openid")
	page, _ := ask("GET", r.base+"/protocol/openid-connect/auth?"+request.Encode(), nil)
	form := formStart.FindStringSubmatch(page)
	if form == nil {
		r.count(ctx, false)
		return
	}
	_, location := ask("POST", strings.ReplaceAll(form[1], "&amp;", "&"), pairs("username", "alice", "password", "alice-password"))
	r.count(ctx, strings.Contains(location, "code="))
}

// count counts a sign-in, but not one that was broken off.
func (r *turnstile) count(ctx context.Context, good bool) {
	switch {
	case ctx.Err() != nil:
	case good:
		r.signedIn.Add(1)
	default:
		r.failed.Add(1)
	}
}
