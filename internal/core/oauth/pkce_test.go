package oauth_test

import (
	"strings"
	"testing"

	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
)

// The example of RFC 7636, appendix B.
const (
	verifier  = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
	challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
)

func TestVerifyPKCE(t *testing.T) {
	tests := map[string]struct {
		challenge, method, verifier string
		want                        bool
	}{
		"S256":                       {challenge, "S256", verifier, true},
		"plain":                      {verifier, "plain", verifier, true},
		"S256, another verifier":     {challenge, "S256", challenge, false},
		"plain, where S256 was said": {challenge, "S256", challenge, false},
		"S256, where plain was said": {challenge, "plain", verifier, false},
		"no method":                  {verifier, "", verifier, false},
		"unknown method":             {verifier, "s256", verifier, false},
		"no verifier":                {challenge, "S256", "", false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := oauth.VerifyPKCE(tt.challenge, tt.method, tt.verifier); got != tt.want {
				t.Errorf("got %v", got)
			}
		})
	}
}

func TestValidVerifier(t *testing.T) {
	for text, want := range map[string]bool{
		verifier: true, strings.Repeat("a", 42): false, strings.Repeat("a", 43): true, strings.Repeat("~", 128): true,
		strings.Repeat("a", 129): false, strings.Repeat("a", 43) + "!": false, strings.Repeat("é", 43): false, "": false,
	} {
		if got := oauth.ValidVerifier(text); got != want {
			t.Errorf("%q: got %v", text, got)
		}
	}
}
