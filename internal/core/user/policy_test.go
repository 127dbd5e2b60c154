package user_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenhouse/tokenhouse/internal/core/user"
)

func TestPolicyCheck(t *testing.T) {
	ann := &user.User{Username: "ann", Email: "ann@example.test"}
	tests := []struct{ policy, password, want string }{
		{"", "", ""},
		{"length(8)", "abcdefgh", ""},
		{"length(8)", "abcdefg", "Invalid password: minimum length 8."},
		{"length", "abcdefg", "Invalid password: minimum length 8."},
		{"length(undefined)", "abcdefgh", ""},
		{"length(4)", "😀😀", ""},
		{"maxLength(3)", "abcd", "Invalid password: maximum length 3."},
		{"digits(2)", "a1b2", ""},
		{"digits(2)", "a1", "Invalid password: must contain at least 2 numerical digits."},
		{"lowerCase(1)", "ABC", "Invalid password: must contain at least 1 lower case characters."},
		{"upperCase(1)", "abc", "Invalid password: must contain at least 1 upper case characters."},
		{"specialChars(1)", "abC1", "Invalid password: must contain at least 1 special characters."},
		{"specialChars(1)", "ab C1", ""},
		{"notUsername", "ann", "Invalid password: must not be equal to the username."},
		{"notUsername(undefined)", "Ann", ""},
		{"notEmail", "ann@example.test", "Invalid password: must not be equal to the email."},
		{"notContainsUsername", "xANNx", "Invalid password: Can not contain the username."},
		{"regexPattern(^(?=.*[0-9])[a-z0-9]+$)", "abc1", ""},
		{"regexPattern(^(?=.*[0-9])[a-z0-9]+$)", "abc", "Invalid password: fails to match regex pattern(s)."},
		{"regexPattern((a)\\1)", "aa", `Invalid password: the policy cannot be read: regular expression: \1 is not supported.`},
		{"digits(1) and length(8)", "a", "Invalid password: must contain at least 1 numerical digits."},
		{"hashIterations(1) and passwordBlacklist(none.txt) and made-up(7)", "a", ""},
	}
	for _, tt := range tests {
		t.Run(tt.policy+" "+tt.password, func(t *testing.T) {
			p := user.PolicyOf(tt.policy)
			got := ""
			if err := p.Check(tt.password, ann); err != nil {
				got = err.Error()
				if _, ok := errors.AsType[*user.Unfit](err); !ok {
					t.Errorf("%T is no *Unfit", err)
				}
			}
			if got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// TestPolicyHistory changes a password again and again, and looks at what is remembered.
func TestPolicyHistory(t *testing.T) {
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	tests := map[string][]string{
		"":                                      {},
		"passwordHistory(1)":                    {"3"},
		"passwordHistory(3)":                    {"3", "2", "1"},
		"passwordAge(2)":                        {"3", "2"},
		"passwordAge(2) and passwordHistory(4)": {"3", "2", "1", "0"},
	}
	for policy, want := range tests {
		t.Run(policy, func(t *testing.T) {
			p := user.PolicyOf(policy)
			all := []user.Credential{{ID: "otp", Kind: user.KindOTP}}
			var now time.Time
			for i, value := range []string{"0", "1", "2", "3"} {
				now = start.AddDate(0, 0, i)
				all = p.Replaced(all, user.Credential{ID: "new" + value, Kind: user.KindPassword, Algorithm: value, Created: now}, now)
			}
			remembered, _ := p.Remembered(all, now)
			got := []string{}
			for _, c := range remembered {
				got = append(got, c.Algorithm)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("remembered (-want +got):\n%s", diff)
			}
			if all[0].ID != "otp" || all[1].ID != "new0" || all[1].Algorithm != "3" {
				t.Errorf("the password did not stay in its place: %+v", all)
			}
		})
	}
}

func TestPolicyOutdated(t *testing.T) {
	p := user.PolicyOf("forceExpiredPasswordChange(1)")
	made := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	c := &user.Credential{Kind: user.KindPassword, Created: made}
	if p.Outdated(c, made.Add(24*time.Hour-time.Second)) {
		t.Error("outdated within the day")
	}
	if !p.Outdated(c, made.Add(24*time.Hour)) {
		t.Error("not outdated after the day")
	}
	if none := user.PolicyOf(""); none.Outdated(c, made.AddDate(10, 0, 0)) {
		t.Error("outdated without a policy")
	}
}
