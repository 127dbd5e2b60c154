package server_test

import (
	"testing"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
)

// TestObstaclesAbroad: a token of another realm lets nobody in who could not sign in, whether it is exchanged or redeemed, nor
// one that is older than tokens of the realm may be.
func TestObstaclesAbroad(t *testing.T) {
	const (
		undone  = "Token exchange not permitted: account is not fully set up"
		invalid = "Invalid Token"
	)
	later := func() int64 { return time.Now().Unix() + 60 }
	person := func(change func(u *user.User)) func(b *arena) {
		return func(b *arena) { b.changeUser("anna", change) }
	}
	onBothRealms(t, func(r realms) {
		a, b := r.vouching()
		tokens := a.want(a.post("token", as("agent", "grant_type", "password", "username", "alice", "password", "alice-password", "scope", "openid")))
		r.provider(func(p *realm.Provider) { p.Config["tokenhouse.exchange.clients"] = "agent" })
		exchanged := func() answer { return b.exchange("backend", tokens.get("access_token"), "subject_issuer", "realm-a") }
		for name, tt := range map[string]struct {
			before, after      func(b *arena)
			exchange, redeemed string // why it is refused
		}{
			"nothing": {func(*arena) {}, func(*arena) {}, "", ""},
			"something to do": {person(func(u *user.User) { u.RequiredActions = []string{"UPDATE_PASSWORD"} }),
				person(func(u *user.User) { u.RequiredActions = nil }), undone, "Account is not fully set up"},
			"an address to verify": {func(b *arena) {
				b.settings(func(s *realm.Settings) { s.SignIn.VerifyEmail = true })
				b.changeUser("anna", func(u *user.User) { u.EmailVerified = false })
			}, func(b *arena) {
				b.settings(func(s *realm.Settings) { s.SignIn.VerifyEmail = false })
				b.changeUser("anna", func(u *user.User) { u.EmailVerified = true })
			}, undone, "Account is not fully set up"},
			"disabled":            {person(func(u *user.User) { u.Enabled = false }), person(func(u *user.User) { u.Enabled = true }), invalid, "User is not enabled"},
			"older than the user": {person(func(u *user.User) { u.NotBefore = later() }), person(func(u *user.User) { u.NotBefore = 0 }), invalid, "Token is not active"},
			"older than the realm": {func(b *arena) { b.settings(func(s *realm.Settings) { s.NotBefore = later() }) },
				func(b *arena) { b.settings(func(s *realm.Settings) { s.NotBefore = 0 }) }, invalid, "Token is not active"},
			"older than the client": {func(b *arena) { b.client("backend", func(c *realm.Client) { c.NotBefore = later() }) },
				func(b *arena) { b.client("backend", func(c *realm.Client) { c.NotBefore = 0 }) }, invalid, "Token is not active"},
		} {
			tt.before(b)
			if q := exchanged(); q.get("error_description") != tt.exchange || (q.status == 200) != (tt.exchange == "") {
				t.Errorf("%s: exchanged: %v", name, q)
			}
			if q := b.redeem(a.identity(tokens.get("id_token"))); q.get("error_description") != tt.redeemed || (q.status == 200) != (tt.redeemed == "") {
				t.Errorf("%s: redeemed: %v", name, q)
			}
			tt.after(b)
		}
	})
}
