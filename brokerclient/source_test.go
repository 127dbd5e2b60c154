package brokerclient_test

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tokenhouse/tokenhouse/brokerclient"
)

// TestSourceKeeps a token until 30 seconds before it expires.
func TestSourceKeeps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &server{}
		source := s.client(t, brokerclient.Config{}).NewSource()
		get := func(want string) {
			t.Helper()
			token, err := source.Exchange(t.Context(), brokerclient.Request{SubjectToken: "alice", Audience: []string{"orders"}})
			if err != nil || token.Access != want {
				t.Errorf("%v, %v; want %s", token, err, want)
			}
		}
		get("token-1")
		time.Sleep(4*time.Minute + 29*time.Second)
		get("token-1")
		time.Sleep(time.Second)
		get("token-2")
		get("token-2")
	})
}

// TestSourceKeepsApart what was asked for in different ways.
func TestSourceKeepsApart(t *testing.T) {
	s := &server{}
	source := s.client(t, brokerclient.Config{}).NewSource()
	requests := []brokerclient.Request{
		{SubjectToken: "alice", Audience: []string{"orders"}}, {SubjectToken: "bob", Audience: []string{"orders"}}, {SubjectToken: "alice"},
		{SubjectToken: "alice", Audience: []string{"billing"}}, {SubjectToken: "alice", Audience: []string{"orders", "billing"}},
		{SubjectToken: "alice", Audience: []string{"orders"}, Scope: []string{"read"}}, {SubjectToken: "alice", Scope: []string{"orders"}},
		{SubjectToken: "alice", Resource: []string{"orders"}}, {SubjectToken: "alice", Audience: []string{"orders"}, ActorToken: "agent"},
		{SubjectToken: "alice", Audience: []string{"orders"}, SubjectIssuer: "partner"}, {SubjectToken: "alice", Audience: []string{"orders"}, RequestedSubject: "bob"},
		{SubjectToken: "alice", Audience: []string{"orders"}, RequestedTokenType: brokerclient.IDToken},
		{SubjectToken: "alice", Audience: []string{"orders&scope=read"}},
	}
	for range 2 {
		for i, q := range requests {
			token, err := source.Exchange(t.Context(), q)
			if want := "token-" + strconv.Itoa(i+1); err != nil || token.Access != want {
				t.Errorf("%+v: %v, %v; want %s", q, token, err, want)
			}
		}
	}
	own, err := source.ClientCredentials(t.Context(), brokerclient.Own{})
	if err != nil || own.Access != "token-"+strconv.Itoa(len(requests)+1) {
		t.Errorf("own: %v, %v", own, err)
	}
}

// TestSourceDoesNotKeep refusals, nor what expires at once or never says when.
func TestSourceDoesNotKeep(t *testing.T) {
	for name, answer := range map[string]func(http.ResponseWriter, asked){
		"refusal":    refuse(403, `{"error":"access_denied"}`),
		"short life": func(w http.ResponseWriter, _ asked) { issue(w, "token", "Bearer", 30) },
		"no life":    refuse(200, `{"access_token":"token","token_type":"Bearer"}`),
	} {
		s := &server{answer: answer}
		source := s.client(t, brokerclient.Config{}).NewSource()
		for range 3 {
			_, _ = source.ClientCredentials(t.Context(), brokerclient.Own{})
		}
		if s.count() != 3 {
			t.Errorf("%s: asked %d times", name, s.count())
		}
	}
}

// TestSourceAsksOnce for many who want the same at once, and goes on for the others when one gives up.
func TestSourceAsksOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &server{slow: time.Second}
		source := s.client(t, brokerclient.Config{}).NewSource()
		hasty, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		if _, err := source.ClientCredentials(hasty, brokerclient.Own{}); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("hasty: %v", err)
		}
		var all sync.WaitGroup
		for range 50 {
			all.Go(func() {
				if token, err := source.ClientCredentials(t.Context(), brokerclient.Own{}); err != nil || token.Access != "token-1" {
					t.Errorf("%v, %v", token, err)
				}
			})
		}
		all.Wait()
		if s.begun != 2 { // for discovery and a token
			t.Errorf("%d requests", s.begun)
		}
	})
}

// TestSourceKeepsByWhatItAskedFor: who gives up may change what they asked for, and that is not what the others get.
func TestSourceKeepsByWhatItAskedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &server{slow: time.Second, answer: func(w http.ResponseWriter, q asked) {
			issue(w, "for "+q.form.Get("audience")+q.form.Get("resource"), "Bearer", 300)
		}}
		source := s.client(t, brokerclient.Config{}).NewSource()
		audience, resource := []string{"orders"}, []string{"https://orders.example"}
		hasty, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		_, _ = source.Exchange(hasty, brokerclient.Request{SubjectToken: "alice", Audience: audience})
		_, _ = source.ClientCredentials(hasty, brokerclient.Own{Resource: resource})
		audience[0], resource[0] = "billing", "https://billing.example"
		token, err := source.Exchange(t.Context(), brokerclient.Request{SubjectToken: "alice", Audience: []string{"orders"}})
		if err != nil || token.Access != "for orders" {
			t.Errorf("%q, %v", token.Access, err)
		}
		own, err := source.ClientCredentials(t.Context(), brokerclient.Own{Resource: []string{"https://orders.example"}})
		if err != nil || own.Access != "for https://orders.example" {
			t.Errorf("%q, %v", own.Access, err)
		}
	})
}

// TestSourceDrops a token that a service did not accept, and that one only.
func TestSourceDrops(t *testing.T) {
	s := &server{}
	source := s.client(t, brokerclient.Config{}).NewSource()
	get := func(subject string) *brokerclient.Token {
		t.Helper()
		token, err := source.Exchange(t.Context(), brokerclient.Request{SubjectToken: subject})
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
	alice, bob := get("alice"), get("bob")
	source.Drop(alice)
	again := get("alice")
	source.Drop(alice) // it is gone already; the new one stays
	if again == alice || get("alice") != again || get("bob") != bob || s.count() != 3 {
		t.Errorf("asked %d times", s.count())
	}
}

// TestSourceAtOnce: many subjects, drops and expiries at the same time, for the race detector.
func TestSourceAtOnce(t *testing.T) {
	s := &server{}
	source := s.client(t, brokerclient.Config{}).NewSource()
	var all sync.WaitGroup
	for worker := range 8 {
		all.Go(func() {
			for i := range 200 {
				token, err := source.Exchange(t.Context(), brokerclient.Request{SubjectToken: strconv.Itoa(i % 20)})
				if err != nil {
					t.Error(err)
				} else if i%7 == worker {
					source.Drop(token)
				}
			}
		})
	}
	all.Wait()
}
