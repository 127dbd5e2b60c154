package user_test

import (
	"testing"

	"github.com/tokenhouse/tokenhouse/internal/core/user"
)

func TestCheckPolicy(t *testing.T) {
	for policy, want := range map[string]string{
		"":                           "",
		"length(8) and digits(1)":    "",
		"length":                     "",
		"notUsername(undefined)":     "",
		`regexPattern((?=.*\d).+)`:   "",
		"hashAlgorithm and length()": "",
		"nonsense(3)":                "Password policy not found",
		"length(8) and nonsense":     "Password policy not found",
		"length(x)":                  "Invalid config for length: Not a valid number",
		"length(99999999999)":        "Invalid config for length: Not a valid number",
		"regexPattern":               "Invalid config for regexPattern: Config required",
		`regexPattern((a)\1)`:        "Invalid config for regexPattern: Not a valid regular expression",
	} {
		got := ""
		if err := user.CheckPolicy(policy); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%q: got %q, want %q", policy, got, want)
		}
	}
}
