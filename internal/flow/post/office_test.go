package post_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/letter"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/flow/limit"
	"github.com/tokenhouse/tokenhouse/internal/flow/post"
)

// counted is a mail server that takes every letter.
type counted int

func (c *counted) Send(context.Context, map[string]string, letter.Letter) error { *c++; return nil }

func TestOffice(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	var sent counted
	o := &post.Office{Mail: &sent, Quota: &limit.Guesses{Most: 2, Span: time.Minute, Now: func() time.Time { return now }},
		Own: func(address string) bool { return strings.HasPrefix(address, "https://id.example/") }}
	shop, annex := &realm.Realm{}, &realm.Realm{}
	shop.Key, annex.Key = "shop", "annex"
	for i, c := range []struct {
		realm    *realm.Realm
		to, link string
		later    time.Duration
		want     error
	}{
		{shop, "alice@shop.example", "https://id.example/a", 0, nil},
		{shop, "alice@shop.example", "https://evil.example/a", 0, post.ErrHost},
		{shop, "alice@shop.example", "https://id.example.evil.example/a", 0, post.ErrHost},
		{shop, "Alice@Shop.example", "https://id.example/a", 0, nil},
		{shop, "alice@shop.example", "https://id.example/a", 0, post.ErrOften},
		{shop, "bob@shop.example", "https://id.example/a", 0, nil},
		{annex, "alice@shop.example", "https://id.example/a", 0, nil},
		{shop, "alice@shop.example", "https://id.example/a", 2 * time.Minute, nil},
	} {
		now = now.Add(c.later)
		before := sent
		err := o.Send(t.Context(), c.realm, nil, letter.Letter{To: c.to, Link: c.link})
		if !errors.Is(err, c.want) || (sent == before) != (err != nil) {
			t.Errorf("letter %d to %s: %v, want %v", i+1, c.to, err, c.want)
		}
	}
}
