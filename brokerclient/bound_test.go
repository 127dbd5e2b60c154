package brokerclient

import (
	"context"
	"net/url"
	"strconv"
	"testing"
	"time"
)

// TestSourceIsBounded: it never keeps more than it may, and keeps what is asked for.
func TestSourceIsBounded(t *testing.T) {
	c, err := New("https://id.example", nil)
	if err != nil {
		t.Fatal(err)
	}
	s, fetched := c.newSource(100), 0
	get := func(subject string) {
		t.Helper()
		_, err := s.token(t.Context(), url.Values{"subject_token": {subject}}, func(context.Context) (*Token, error) {
			fetched++
			return &Token{Access: subject, Expires: time.Now().Add(time.Hour)}, nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for i := range 1000 {
		get("alice")
		get(strconv.Itoa(i))
		if n := len(s.young) + len(s.old); n > 100 {
			t.Fatalf("it keeps %d", n)
		}
	}
	if fetched != 1001 {
		t.Errorf("fetched %d times", fetched)
	}
}
