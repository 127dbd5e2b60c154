package server_test

import "testing"

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
	} {
		t.Run(theme.name, func(t *testing.T) {
			t.Parallel()
			eachDesk(t, theme.test)
		})
	}
}

// TestAttackHosts plays who asks for pages and letters under another name than the server's.
func TestAttackHosts(t *testing.T) { attackHosts(&desk{arena: &arena{T: t}}) }
