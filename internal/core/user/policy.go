package user

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf16"

	"github.com/tokenhouse/tokenhouse/internal/core/pattern"
)

// Policy is what a realm demands of its users' passwords. How they are hashed is HashingOf.
type Policy struct {
	History int           // how many passwords in a row must differ, the new one among them
	Recent  time.Duration // for how long a password must not come again
	Expiry  time.Duration // how long one lasts until it must be changed; zero: for ever
	// MaxAuthAge is how old a sign-in may be for who changes their password; nil: not said.
	MaxAuthAge *time.Duration
	rules      []rule
}

// rule gives what is wrong with a user's new password, or nil.
type rule func(password string, u *User) *Unfit

// Unfit says what a password lacks. Code is Keycloak's name of it, and Args are what stands in its text in
// any language.
type Unfit struct {
	Code, Text string
	Args       []string
}

func (e *Unfit) Error() string { return e.Text }

// The demands of policies, with what Keycloak means where they have no number.
var demands = map[string]func(p *Policy, arg string){
	"length":              counting(8, utf16Length, atLeast, "invalidPasswordMinLengthMessage", "minimum length %d."),
	"maxLength":           counting(64, utf16Length, atMost, "invalidPasswordMaxLengthMessage", "maximum length %d."),
	"digits":              counting(1, count(unicode.IsDigit), atLeast, "invalidPasswordMinDigitsMessage", "must contain at least %d numerical digits."),
	"lowerCase":           counting(1, count(unicode.IsLower), atLeast, "invalidPasswordMinLowerCaseCharsMessage", "must contain at least %d lower case characters."),
	"upperCase":           counting(1, count(unicode.IsUpper), atLeast, "invalidPasswordMinUpperCaseCharsMessage", "must contain at least %d upper case characters."),
	"specialChars":        counting(1, count(isSpecial), atLeast, "invalidPasswordMinSpecialCharsMessage", "must contain at least %d special characters."),
	"notUsername":         always(notUsername),
	"notEmail":            always(notEmail),
	"notContainsUsername": always(notContainsUsername),
	"regexPattern":        func(p *Policy, arg string) { p.rules = append(p.rules, matching(arg)) },
	"passwordHistory":     func(p *Policy, arg string) { p.History = numberOr(arg, 3) },
	"passwordAge":         func(p *Policy, arg string) { p.Recent = days(arg, 30) },
	"maxAuthAge": func(p *Policy, arg string) {
		age := time.Duration(numberOr(arg, 300)) * time.Second
		p.MaxAuthAge = &age
	},
	"forceExpiredPasswordChange": func(p *Policy, arg string) { p.Expiry = days(arg, 365) },
}

// PolicyOf reads a policy, as "length(8) and notUsername". It passes over what it does not know: lists of
// forbidden passwords are files of the server that the policy was made for.
func PolicyOf(text string) Policy {
	var p Policy
	for statement := range strings.SplitSeq(text, " and ") {
		name, arg, _ := strings.Cut(strings.TrimSpace(statement), "(")
		if demand := demands[strings.TrimSpace(name)]; demand != nil {
			demand(&p, strings.TrimSuffix(arg, ")"))
		}
	}
	return p
}

// Check tells whether a password is fit for the user; the error is an *Unfit. What the user had before is
// not looked at: see Remembered.
func (p *Policy) Check(password string, u *User) error {
	for _, r := range p.rules {
		if unfit := r(password, u); unfit != nil {
			return unfit
		}
	}
	return nil
}

// KindHistory is the kind of a credential that is a former password.
const KindHistory = "password-history"

// Remembered are the credentials whose password must not come again at now, the present one among them,
// and what to say when it does.
func (p *Policy) Remembered(all []Credential, now time.Time) ([]Credential, *Unfit) {
	var out []Credential
	kept := 0
	for _, c := range all {
		switch c.Kind {
		case KindPassword:
			if p.History > 0 || p.Recent > 0 {
				out = append(out, c)
			}
		case KindHistory:
			if kept++; kept < p.History || p.Recent > 0 && c.Created.Add(p.Recent).After(now) {
				out = append(out, c)
			}
		}
	}
	if p.History > 0 {
		return out, unfit("invalidPasswordHistoryMessage", "must not be equal to any of last %d passwords.", p.History)
	}
	return out, unfit("invalidPasswordGenericMessage", "new password does not match password policies.")
}

// Outdated tells whether a password must be changed for its age.
func (p *Policy) Outdated(c *Credential, now time.Time) bool {
	return c.Kind == KindPassword && p.Expiry > 0 && !c.Created.IsZero() && !c.Created.Add(p.Expiry).After(now)
}

// Replaced are a user's credentials once made has taken the place of their password. The former ones that
// the policy still asks about stay, the latest first.
func (p *Policy) Replaced(all []Credential, made Credential, now time.Time) []Credential {
	var out, former []Credential
	placed := false
	for _, c := range all {
		switch {
		case c.Kind == KindHistory:
			former = append(former, c)
		case c.Kind != KindPassword:
			out = append(out, c)
		case !placed:
			former = append([]Credential{formerly(c, made.ID)}, former...)
			made.ID, made.Priority, placed = c.ID, c.Priority, true
			out = append(out, made)
		}
	}
	if !placed {
		out = append(out, made)
	}
	for i, c := range former {
		if i+1 < p.History || p.Recent > 0 && c.Created.Add(p.Recent).After(now) {
			out = append(out, c)
		}
	}
	return out
}

// formerly is a password as history keeps it, under an id of its own.
func formerly(c Credential, id string) Credential {
	c.ID, c.Kind, c.Label, c.Temporary = id, KindHistory, "", false
	return c
}

func unfit(code, format string, args ...any) *Unfit {
	u := &Unfit{Code: code, Text: "Invalid password: " + fmt.Sprintf(format, args...)}
	for _, arg := range args {
		u.Args = append(u.Args, fmt.Sprint(arg))
	}
	return u
}

// counting makes a demand on how many of something there are.
func counting(otherwise int, of func(string) int, holds func(n, want int) bool, code, format string) func(*Policy, string) {
	return func(p *Policy, arg string) {
		want := numberOr(arg, otherwise)
		p.rules = append(p.rules, func(password string, _ *User) *Unfit {
			if holds(of(password), want) {
				return nil
			}
			return unfit(code, format, want)
		})
	}
}

func atLeast(n, want int) bool { return n >= want }
func atMost(n, want int) bool  { return n <= want }

// utf16Length counts as Java does.
func utf16Length(s string) int { return len(utf16.Encode([]rune(s))) }

func count(is func(rune) bool) func(string) int {
	return func(s string) (n int) {
		for _, c := range s {
			if is(c) {
				n++
			}
		}
		return n
	}
}

func isSpecial(c rune) bool { return !unicode.IsLetter(c) && !unicode.IsDigit(c) }

func always(r rule) func(*Policy, string) {
	return func(p *Policy, _ string) { p.rules = append(p.rules, r) }
}

func notUsername(password string, u *User) *Unfit {
	if password != u.Username {
		return nil
	}
	return unfit("invalidPasswordNotUsernameMessage", "must not be equal to the username.")
}

func notEmail(password string, u *User) *Unfit {
	if u.Email == "" || password != u.Email {
		return nil
	}
	return unfit("invalidPasswordNotEmailMessage", "must not be equal to the email.")
}

func notContainsUsername(password string, u *User) *Unfit {
	if u.Username == "" || !strings.Contains(strings.ToLower(password), u.Username) {
		return nil
	}
	return unfit("invalidPasswordNotContainsUsernameMessage", "Can not contain the username.")
}

// matching demands that a regular expression matches. One that cannot be read is matched by nothing: a
// demand that nobody sees to would be none.
func matching(java string) rule {
	p, err := pattern.Compile(java)
	return func(password string, _ *User) *Unfit {
		switch {
		case err != nil:
			return unfit("invalidPasswordRegexPatternMessage", "the policy cannot be read: %s.", err)
		case p.Matches(password):
			return nil
		}
		return unfit("invalidPasswordRegexPatternMessage", "fails to match regex pattern(s).")
	}
}

func numberOr(text string, otherwise int) int {
	n, err := strconv.Atoi(strings.TrimSpace(text))
	if err != nil {
		return otherwise
	}
	return n
}

func days(text string, otherwise int) time.Duration {
	return time.Duration(numberOr(text, otherwise)) * 24 * time.Hour
}
