package bearer_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/tokenhouse/tokenhouse/bearer"
	"github.com/tokenhouse/tokenhouse/bearer/bearertest"
)

var quiet = slog.New(slog.DiscardHandler)

// clocked runs a test with a clock of its own, at an issuer that is reached without the network.
func clocked(t *testing.T, c bearer.Config, test func(t *testing.T, issuer *bearertest.Issuer, v *bearer.Verifier)) {
	t.Helper()
	issuer := bearertest.NewIssuer(t)
	synctest.Test(t, func(t *testing.T) {
		c.Issuer, c.HTTPClient, c.Log = issuer.URL, issuer.Client(), quiet
		v, err := c.NewVerifier(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		test(t, issuer, v)
	})
}

// verify verifies a token, and tells whether that came out as it should.
func verify(t *testing.T, v *bearer.Verifier, token string, want error) {
	t.Helper()
	_, err := v.Verify(t.Context(), token, "orders")
	if !errors.Is(err, want) || (err == nil) != (want == nil) {
		t.Errorf("%v, want %v", err, want)
	}
}

var day = bearertest.Claims{"aud": "orders", "exp": 1 << 33}

// TestRotation: a key that is new is fetched when the first token names it, also where keys were fetched a moment ago.
func TestRotation(t *testing.T) {
	clocked(t, bearer.Config{}, func(t *testing.T, issuer *bearertest.Issuer, v *bearer.Verifier) {
		verify(t, v, issuer.Token(day), nil)
		for i, alg := range []string{"EdDSA", "RS256", "ES384", "PS256"} {
			time.Sleep(2 * time.Second)
			issuer.Rotate(alg)
			for range 20 {
				verify(t, v, issuer.Token(day), nil)
			}
			if n := issuer.Asked("/keys"); n != i+2 {
				t.Errorf("%d fetches after %d rotations", n, i+1)
			}
		}
		if n := issuer.Asked("/.well-known/openid-configuration"); n != 1 {
			t.Errorf("%d discoveries", n)
		}
	})
}

// TestRotationSeenLate: a server of the issuer that does not know of the new key yet is asked again a second later.
func TestRotationSeenLate(t *testing.T) {
	issuer := bearertest.NewIssuer(t)
	synctest.Test(t, func(t *testing.T) {
		client := issuer.Client()
		direct := client.Transport
		var old *http.Response // what a server that is behind answers once more
		client.Transport = roundTrip(func(q *http.Request) (*http.Response, error) {
			if behind := old; behind != nil && q.URL.Path == "/keys" {
				old = nil
				return behind, nil
			}
			return direct.RoundTrip(q)
		})
		v, err := bearer.Config{Issuer: issuer.URL, HTTPClient: client, Log: quiet}.NewVerifier(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		q, err := http.NewRequestWithContext(t.Context(), http.MethodGet, issuer.URL+"/keys", nil)
		if err != nil {
			t.Fatal(err)
		}
		if old, err = direct.RoundTrip(q); err != nil {
			t.Fatal(err)
		}
		issuer.Rotate("ES256")
		token := issuer.Token(day)
		verify(t, v, token, bearer.ErrUnknownKey)
		verify(t, v, token, bearer.ErrUnknownKey)
		time.Sleep(time.Second)
		verify(t, v, token, nil)
	})
}

// TestRotationWithoutNames: where keys or tokens have no names, a token that none of the keys signed may be by a new one.
func TestRotationWithoutNames(t *testing.T) {
	for name, kid := range map[string]string{"of keys and tokens": "", "of tokens": "k"} {
		t.Run(name, func(t *testing.T) {
			before, after := newMint(t), newMint(t)
			published, fetches := before, 0
			client := &http.Client{Transport: roundTrip(func(*http.Request) (*http.Response, error) {
				fetches++
				set, err := json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: published.key.Public(), KeyID: kid}}})
				return respond(string(set)), err
			})}
			v, err := bearer.Config{Issuer: minted, Keys: bearer.Keys{URL: minted + "/keys"}, HTTPClient: client, Log: quiet}.NewVerifier(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			const header = `{"alg":"ES256","typ":"JWT"}`
			verify(t, v, before.sign(header, before.body()), nil)
			published = after
			verify(t, v, after.sign(header, after.body()), nil)
			for range 20 {
				verify(t, v, before.sign(header, before.body()), bearer.ErrSignature)
			}
			if fetches != 2 { // the last one for tokens like these was a moment ago
				t.Errorf("%d fetches", fetches)
			}
		})
	}
}

// TestFloodOfUnknownKeys: strangers who make up names of keys make the issuer answer five times, and then once in MinInterval; one
// name makes it answer twice, and then once in MinInterval too.
func TestFloodOfUnknownKeys(t *testing.T) {
	stranger := newMint(t)
	send := func(t *testing.T, v *bearer.Verifier, kid string) {
		t.Helper()
		verify(t, v, stranger.sign(`{"alg":"ES256","typ":"JWT","kid":"`+kid+`"}`, stranger.body()), bearer.ErrUnknownKey)
	}
	fetched := func(t *testing.T, issuer *bearertest.Issuer, want int) {
		t.Helper()
		if n := issuer.Asked("/keys"); n != want {
			t.Errorf("%d fetches, want %d", n, want)
		}
	}
	t.Run("one name", func(t *testing.T) {
		clocked(t, bearer.Config{}, func(t *testing.T, issuer *bearertest.Issuer, v *bearer.Verifier) {
			for range 1000 {
				send(t, v, "made up")
			}
			fetched(t, issuer, 1+1)
			issuer.Rotate("ES256")
			verify(t, v, issuer.Token(day), nil) // which nobody else's name hinders
			time.Sleep(time.Second)
			for i := range 5 {
				for range 1000 {
					send(t, v, "made up")
				}
				fetched(t, issuer, 1+1+1+1+i)
				time.Sleep(9 * time.Second)
				send(t, v, "made up")
				fetched(t, issuer, 1+1+1+1+i)
				time.Sleep(time.Second)
			}
		})
	})
	t.Run("many names", func(t *testing.T) {
		clocked(t, bearer.Config{}, func(t *testing.T, issuer *bearertest.Issuer, v *bearer.Verifier) {
			known, n := issuer.Token(day), 0
			many := func() {
				for range 100 {
					n++
					send(t, v, fmt.Sprint("made up ", n))
				}
			}
			many()
			fetched(t, issuer, 5)
			issuer.Rotate("ES256")
			fresh := issuer.Token(day)
			verify(t, v, fresh, bearer.ErrUnknownKey) // the price of it, for MinInterval
			verify(t, v, known, nil)
			for i := range 6 {
				time.Sleep(10 * time.Second)
				many()
				fetched(t, issuer, 5+i+1)
				verify(t, v, fresh, nil)
			}
			time.Sleep(2 * time.Minute)
			_ = v.Ready(t.Context())
			many()
			fetched(t, issuer, 11+5)
		})
	})
}

// TestWithdrawnKey: tokens by a key that the issuer took back are refused when the keys are fetched again, those too that were
// verified before.
func TestWithdrawnKey(t *testing.T) {
	clocked(t, bearer.Config{}, func(t *testing.T, issuer *bearertest.Issuer, v *bearer.Verifier) {
		old := issuer.Token(day)
		verify(t, v, old, nil)
		issuer.Rotate("ES256")
		issuer.Withdraw()
		verify(t, v, old, nil)
		time.Sleep(2 * time.Minute)
		verify(t, v, old, nil) // for up to MaxAge
		time.Sleep(time.Minute)
		verify(t, v, old, nil) // the fetch goes on behind the caller's back
		synctest.Wait()
		verify(t, v, old, bearer.ErrUnknownKey)
		verify(t, v, issuer.Token(day), nil)
		before := issuer.Token(day)
		verify(t, v, before, nil)
		issuer.Rotate("ES256")
		issuer.Withdraw()
		time.Sleep(5 * time.Minute) // nobody called for long: the first caller waits
		verify(t, v, before, bearer.ErrUnknownKey)
	})
}

// TestOutage: keys are used while the issuer is down, but for MaxStale; callers do not wait for what fails.
func TestOutage(t *testing.T) {
	clocked(t, bearer.Config{}, func(t *testing.T, issuer *bearertest.Issuer, v *bearer.Verifier) {
		known, fresh := issuer.Token(day), issuer.Token(day)
		verify(t, v, known, nil)
		issuer.Down()
		for range 6 {
			time.Sleep(10 * time.Minute)
			verify(t, v, known, nil)
		}
		verify(t, v, fresh, nil)
		time.Sleep(time.Second)
		verify(t, v, known, bearer.ErrUnavailable)
		if err := v.Ready(t.Context()); !errors.Is(err, bearer.ErrUnavailable) {
			t.Errorf("ready: %v", err)
		}
		issuer.Up()
		verify(t, v, known, bearer.ErrUnavailable) // it was asked a moment ago
		time.Sleep(10 * time.Second)
		_ = v.Ready(t.Context())
		synctest.Wait()
		verify(t, v, known, nil)
	})
}

// TestRotationInOutage: a token by a key that cannot be fetched is not called bad, for it may be good.
func TestRotationInOutage(t *testing.T) {
	clocked(t, bearer.Config{}, func(t *testing.T, issuer *bearertest.Issuer, v *bearer.Verifier) {
		known := issuer.Token(day)
		issuer.Rotate("ES256")
		fresh := issuer.Token(day)
		issuer.Down()
		time.Sleep(10 * time.Second)
		verify(t, v, fresh, bearer.ErrUnavailable)
		verify(t, v, fresh, bearer.ErrUnavailable) // the issuer was asked a moment ago
		verify(t, v, known, nil)
		issuer.Up()
		time.Sleep(10 * time.Second)
		verify(t, v, fresh, nil)
	})
}

// TestStartInOutage: a service starts before its issuer does, and tells what it waits for.
func TestStartInOutage(t *testing.T) {
	issuer := bearertest.NewIssuer(t)
	issuer.Down()
	synctest.Test(t, func(t *testing.T) {
		var told strings.Builder
		v, err := bearer.Config{Issuer: issuer.URL, HTTPClient: issuer.Client(), Log: slog.New(slog.NewTextHandler(&told, nil))}.NewVerifier(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(told.String(), "503 Service Unavailable") {
			t.Errorf("the log says %q", told.String())
		}
		verify(t, v, issuer.Token(day), bearer.ErrUnavailable)
		if n := issuer.Asked("/.well-known/openid-configuration"); n != 1 {
			t.Errorf("asked %d times at the start", n)
		}
		issuer.Up()
		time.Sleep(time.Second)
		verify(t, v, issuer.Token(day), nil)
	})
}

// TestPausesInOutage: an issuer that does not come back is asked less and less.
func TestPausesInOutage(t *testing.T) {
	issuer := bearertest.NewIssuer(t)
	issuer.Down()
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		v, err := bearer.Config{Issuer: issuer.URL, HTTPClient: issuer.Client(), Log: quiet}.NewVerifier(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		asked, at := 0, []time.Duration{}
		for range 600 {
			_ = v.Ready(t.Context())
			if n := issuer.Asked("/.well-known/openid-configuration"); n > asked {
				asked, at = n, append(at, time.Since(began)/time.Second)
			}
			time.Sleep(100 * time.Millisecond)
		}
		if want := []time.Duration{0, 1, 3, 7, 15, 25, 35, 45, 55}; !slices.Equal(at, want) {
			t.Errorf("asked at seconds %d, want %d", at, want)
		}
	})
}

// TestOneFetchForAll: those who wait for keys at once wait for one fetch, and one who gives up does not end it for the others.
func TestOneFetchForAll(t *testing.T) {
	issuer := bearertest.NewIssuer(t)
	synctest.Test(t, func(t *testing.T) {
		slow := issuer.Client()
		direct := slow.Transport
		slow.Transport = roundTrip(func(q *http.Request) (*http.Response, error) {
			if strings.HasSuffix(q.URL.Path, "/keys") {
				select {
				case <-time.After(time.Second):
				case <-q.Context().Done():
					return nil, q.Context().Err()
				}
			}
			return direct.RoundTrip(q)
		})
		v, err := bearer.Config{Issuer: issuer.URL, HTTPClient: slow, Log: quiet}.NewVerifier(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		issuer.Rotate("ES256")
		time.Sleep(time.Minute)
		token := issuer.Token(day)
		hasty, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		if _, err := v.Verify(hasty, token, "orders"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("hasty: %v", err)
		}
		var all sync.WaitGroup
		for range 50 {
			all.Go(func() { verify(t, v, token, nil) })
		}
		all.Wait()
		if n := issuer.Asked("/keys"); n != 2 {
			t.Errorf("%d fetches", n)
		}
	})
}

// TestHangingIssuer: a fetch that does not end is given up, and holds nobody up who has keys.
func TestHangingIssuer(t *testing.T) {
	issuer := bearertest.NewIssuer(t)
	synctest.Test(t, func(t *testing.T) {
		hangs, client := false, issuer.Client()
		direct := client.Transport
		client.Transport = roundTrip(func(q *http.Request) (*http.Response, error) {
			if hangs {
				<-q.Context().Done()
				return nil, q.Context().Err()
			}
			return direct.RoundTrip(q)
		})
		v, err := bearer.Config{Issuer: issuer.URL, HTTPClient: client, Log: quiet}.NewVerifier(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		hangs = true
		token := issuer.Token(day)
		for i := range 20 {
			time.Sleep(2 * time.Minute)
			began := time.Now()
			verify(t, v, token, nil)
			if waited := time.Since(began); waited > 0 {
				t.Errorf("request %d waited %s", i, waited)
			}
		}
		synctest.Wait()
		time.Sleep(time.Minute)
	})
}

// TestKeysMove: an issuer that publishes its keys elsewhere is believed there, at once where they are gone from the old place, and
// within an hour or so where old ones stay behind.
func TestKeysMove(t *testing.T) {
	for name, after := range map[string]time.Duration{"gone": 5 * time.Minute, "left behind": 61 * time.Minute} {
		t.Run(name, func(t *testing.T) {
			issuer := bearertest.NewIssuer(t)
			synctest.Test(t, func(t *testing.T) {
				client := issuer.Client()
				direct := client.Transport
				var moved bool
				client.Transport = roundTrip(func(q *http.Request) (*http.Response, error) {
					switch {
					case !moved:
					case q.URL.Path == "/.well-known/openid-configuration":
						return respond(`{"issuer":"` + issuer.URL + `","jwks_uri":"` + issuer.URL + `/moved"}`), nil
					case q.URL.Path == "/moved":
						q.URL.Path = "/keys"
					case name == "gone":
						return nil, errors.New("no connection")
					default:
						return respond(`{"keys":[]}`), nil
					}
					return direct.RoundTrip(q)
				})
				v, err := bearer.Config{Issuer: issuer.URL, HTTPClient: client, Log: quiet}.NewVerifier(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				moved = true
				issuer.Rotate("ES256")
				token := issuer.Token(day)
				time.Sleep(after)
				_ = v.Ready(t.Context())
				time.Sleep(10 * time.Second)
				verify(t, v, token, nil)
			})
		})
	}
}

// TestManyAtOnce: rotation, outage and requests at the same time, for the race detector.
func TestManyAtOnce(t *testing.T) {
	issuer := bearertest.NewIssuer(t)
	v, err := bearer.Config{Issuer: issuer.URL, HTTPClient: issuer.Client(), Log: quiet, Remember: 8,
		Keys: bearer.Keys{MaxAge: time.Millisecond, MinInterval: time.Nanosecond}}.NewVerifier(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	tokens := make([]string, 20)
	for i := range tokens {
		tokens[i] = issuer.Token(day)
	}
	var all sync.WaitGroup
	all.Go(func() {
		for range 20 {
			issuer.Rotate("ES256")
			issuer.Down()
			time.Sleep(time.Millisecond)
			issuer.Up()
		}
	})
	for range 8 {
		all.Go(func() {
			for _, token := range tokens {
				verify(t, v, token, nil) // its key is published all the time
			}
		})
	}
	all.Wait()
	verify(t, v, issuer.Token(day), nil)
}
