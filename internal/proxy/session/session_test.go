package session

import (
	"context"
	"testing"
	"time"

	"github.com/tokenhouse/tokenhouse/bearer"
)

func TestDue(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	good := &bearer.Claims{Expires: now.Add(time.Minute)}
	ending := &bearer.Claims{Expires: now.Add(9 * time.Second)}
	refused := func(code bearer.Code, reason error) error { return &bearer.Error{Code: code, Reason: reason} }
	for name, tt := range map[string]struct {
		refresh string
		claims  *bearer.Claims
		err     error
		want    bool
	}{
		"a good token":             {"r", good, nil, false},
		"about to end":             {"r", ending, nil, true},
		"that nothing can renew":   {"", ending, nil, false},
		"has ended":                {"r", nil, refused(bearer.InvalidToken, bearer.ErrExpired), true},
		"ended, nothing can renew": {"", nil, refused(bearer.InvalidToken, bearer.ErrExpired), false},
		"its key is withdrawn":     {"r", nil, refused(bearer.InvalidToken, bearer.ErrUnknownKey), true},
		"is for somebody else":     {"r", nil, refused(bearer.InvalidToken, bearer.ErrAudience), false},
		"nobody can tell":          {"r", nil, refused(bearer.Unavailable, bearer.ErrUnavailable), false},
		"whoever asked has left":   {"r", nil, context.Canceled, false},
	} {
		if got := (&Session{Refresh: tt.refresh}).Due(tt.claims, tt.err, now); got != tt.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}
