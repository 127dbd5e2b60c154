package user_test

import (
	"testing"

	"github.com/tokenhouse/tokenhouse/internal/core/user"
)

func TestReadPolicy(t *testing.T) {
	for policy, want := range map[string]string{
		"":                          "",
		"length(8) and digits(1)":   "",
		"length":                    "",
		"notUsername(undefined)":    "",
		`regexPattern((?=.*\d).+)`:  "",
		"length and hashIterations": "",
		"length()":                  "Invalid config for length: Not a valid number",
		"length( 8 )":               "Invalid config for length: Not a valid number",
		"hashAlgorithm":             "Invalid config for hashAlgorithm: Password hashing provider id must be set",
		"hashAlgorithm(argon2)":     "",
		"hashAlgorithm(md5)":        "Invalid config for hashAlgorithm: Password hashing provider not found",
		"nonsense(3)":               "Password policy not found",
		"length(8) and nonsense":    "Password policy not found",
		"length(x)":                 "Invalid config for length: Not a valid number",
		"length(99999999999)":       "Invalid config for length: Not a valid number",
		"regexPattern":              "Invalid config for regexPattern: Config required",
		`regexPattern((a)\1)`:       "Invalid config for regexPattern: Not a valid regular expression",
	} {
		got := ""
		if _, err := user.ReadPolicy(policy); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%q: got %q, want %q", policy, got, want)
		}
	}
}

// TestPolicyIsKeptInOneForm: what is written in several ways is read back in Keycloak's.
func TestPolicyIsKeptInOneForm(t *testing.T) {
	for policy, want := range map[string]string{
		"":                               "",
		"length(8) and notUsername()":    "length(8) and notUsername",
		" length(8)  and   digits(2) ":   "length(8) and digits(2)",
		"length(8) and length(9)":        "length(9)",
		"notUsername( )":                 "notUsername",
		"notUsername(undefined)":         "notUsername(undefined)",
		"length(08) and upperCase":       "length(08) and upperCase",
		"regexPattern(a(b)c) and length": "regexPattern(a(b)c) and length",
	} {
		if got, err := user.ReadPolicy(policy); err != nil || got != want {
			t.Errorf("%q is kept as %q, want %q; %v", policy, got, want, err)
		}
	}
}
