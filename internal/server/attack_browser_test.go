package server_test

import (
	"testing"

	"github.com/tokenhouse/tokenhouse/internal/server"
)

// TestAttackBrowser plays attacks on people who sign in by browsers, and on the clients they sign in to: over HTTP,
// on each database, the refusal beside what is granted.
func TestAttackBrowser(t *testing.T) {
	for _, theme := range []struct {
		name string
		test func(d *desk)
	}{
		{"cookies", attackCookies},
		{"forms", attackForms},
		{"redirects", attackRedirects},
		{"codes", attackCodes},
		{"steps", attackSteps},
		{"guesses", attackGuesses},
		{"requests", attackRequests},
		{"texts", attackTexts},
		{"letters", attackLetters},
		{"errands", attackErrands},
	} {
		t.Run(theme.name, func(t *testing.T) {
			t.Parallel()
			eachDesk(t, theme.test)
		})
	}
}

// TestAttackBroker plays attacks on people who come from identity providers, also by the providers.
func TestAttackBroker(t *testing.T) {
	for _, db := range databases {
		t.Run(db.name, func(t *testing.T) {
			t.Parallel()
			attackBroker(newClub(t, db))
		})
	}
}

// TestAttackPasskeys plays attacks on those who have passkeys and recovery codes.
func TestAttackPasskeys(t *testing.T) {
	for _, db := range databases {
		t.Run(db.name, func(t *testing.T) {
			t.Parallel()
			attackPasskeys(newDeskOf(t, db, func(*server.Config, string) {}, havePasskeys))
		})
	}
}

// TestAttackAccount plays attacks on people who look after their account.
func TestAttackAccount(t *testing.T) {
	for _, db := range databases {
		t.Run(db.name, func(t *testing.T) {
			t.Parallel()
			s, base := start(t, db.open(t), map[string][]byte{"homes.json": []byte(homes)})
			attackAccount(&arena{t, s, base, "homes"})
		})
	}
}

// TestAttackHosts plays who asks for pages and letters under another name than the server's.
func TestAttackHosts(t *testing.T) { attackHosts(&desk{arena: &arena{T: t}}) }
