package profile_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenhouse/tokenhouse/internal/core/profile"
)

func TestValidators(t *testing.T) {
	tests := []struct{ validator, settings, value, want string }{
		{"length", `{"min": 3, "max": "5"}`, "abcd", ""},
		{"length", `{"min": 3}`, "ab", "x error-invalid-length-too-short 3 <nil>"},
		{"length", `{"max": 3}`, "abcd", "x error-invalid-length-too-long <nil> 3"},
		{"length", `{"min": 3, "trim-disabled": true}`, "a  ", ""},
		{"length", `{"min": 3}`, "a  ", "x error-invalid-length-too-short 3 <nil>"},
		{"length", `{"max": 1}`, "😀", "x error-invalid-length-too-long <nil> 1"},
		{"length", `{}`, "a", "x error-validator-config-missing-value"},
		{"integer", `{"min": 1, "max": 3}`, "2", ""},
		{"integer", `{"min": 1, "max": 3}`, "4", "x error-number-out-of-range 1 3"},
		{"integer", `{}`, "1.5", "x error-invalid-number"},
		{"double", `{"max": "1.5"}`, "1.6", "x error-number-out-of-range-too-big <nil> 1.5"},
		{"double", `{"min": 0.5}`, "0.25", "x error-number-out-of-range-too-small 0.5 <nil>"},
		{"double", `{}`, "one", "x error-invalid-number"},
		{"uri", `{}`, "https://x.test/a#b", ""},
		{"uri", `{}`, "ftp://x.test", "x error-invalid-uri-scheme ftp://x.test ftp"},
		{"uri", `{"allowedSchemes": ["ftp"]}`, "ftp://x.test", ""},
		{"uri", `{"allowFragment": false}`, "https://x.test/#b", "x error-invalid-uri-fragment https://x.test/#b b"},
		{"uri", `{}`, "://", "x error-invalid-uri ://"},
		{"uri", `{}`, "just-words", "x error-invalid-uri just-words URI is not absolute"},
		{"uri", `{}`, "a b", "x error-invalid-uri a b Illegal character in path at index 1: a b"},
		{"iso-date", `{}`, "2026-02-28", ""},
		{"iso-date", `{}`, "2026-02-29", "x error-invalid-date 2026-02-29"},
		{"local-date", `{}`, "2/28/2026", ""},
		{"local-date", `{}`, "28.2.2026", "x error-invalid-date"},
		{"local-date", `{}`, "2026-02-28", "x error-invalid-date"},
		{"pattern", `{"pattern": "a+"}`, "aab", "x error-pattern-no-match a+"},
		{"pattern", `{"pattern": "(a)\\1"}`, "aa", `x error-validator-config-invalid-value (a)\1 regular expression: \1 is not supported`},
		{"options", `{"options": ["a"]}`, "a", ""},
		{"options", `{"options": [1]}`, "1", "x error-invalid-value"},
		{"length", `{"max": 1.5}`, "ab", "x error-invalid-length-too-long <nil> 1"},
		{"length", `{"min": 1}`, "  ", "x error-invalid-length-too-short 1 <nil>"},
		{"double", `{"min": 3, "max": 1}`, "2", "x error-validator-config-invalid-value"},
		{"email", `{}`, " ", "x error-invalid-email"},
		{"email", `{"max-local-length": 3}`, "abc@x.test", ""},
		{"email", `{"max-local-length": 3}`, "abcd@x.test", "x error-invalid-email abcd@x.test"},
		{"email", `{"max-local-length": "x"}`, "a@x.test", "x error-validator-config-invalid-number-value x"},
		{"not-blank", `{}`, "a", ""},
		{"not-blank", `{}`, " ", "x error-invalid-blank"},
		{"not-blank", `{}`, "", "x error-invalid-blank"},
		{"not-empty", `{}`, "", ""},
		{"username-prohibited-characters", `{}`, "ann.o-hara_1@x+y", ""},
		{"username-prohibited-characters", `{}`, "o'hara", "x error-username-invalid-character"},
		{"username-prohibited-characters", `{"error-message": "no!"}`, "a b", "x no!"},
		{"person-name-prohibited-characters", `{}`, "Anne-Marie O'Hara, Dr.", ""},
		{"person-name-prohibited-characters", `{}`, "a\tb", "x error-person-name-invalid-character"},
		{"up-username-not-idn-homograph", `{}`, "müller-1", ""},
	}
	for _, tt := range tests {
		t.Run(tt.validator+" "+tt.value, func(t *testing.T) {
			got := ""
			if found := wrong(write(tt.validator, tt.settings, tt.value)); len(found) > 0 {
				got = found[0]
			}
			if got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// write writes a value of an attribute that has one validator.
func write(validator, text, value string) error {
	c := profile.Config{Attributes: []profile.Attribute{{Name: "x", Permissions: &profile.Permissions{Edit: []string{"admin"}},
		Validations: settings(validator, text)}}}
	_, err := profile.New(c, profile.Rules{}).Write(profile.Change{Given: attributes{"x": {value}}})
	return err
}

func TestEmail(t *testing.T) {
	for _, good := range []string{"a@b", "ann@example.test", "o'hara+x@ex-ample.test", "jürgen@müller.test", `"a b"@x.test`, "a@[127.0.0.1]", "a@[IPv6:::1]"} {
		if err := write("email", "{}", good); err != nil {
			t.Errorf("%s: %v", good, err)
		}
	}
	for _, bad := range []string{"a", "@b", "a@", "a b@c", "a..b@c", ".a@c", "a@b..c", "a@-b", "a@b-", "a@b c", "a@[1.2]", "a@b@", `"@x`,
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa@b"} {
		if write("email", "{}", bad) == nil {
			t.Errorf("%s is accepted", bad)
		}
	}
}

func TestProblems(t *testing.T) {
	named := func(more ...profile.Attribute) profile.Config {
		return profile.Config{Attributes: append([]profile.Attribute{{Name: "username"}, {Name: "email"}}, more...)}
	}
	tests := map[string]struct {
		config profile.Config
		want   []string
	}{
		"default":  {profile.Default(), nil},
		"empty":    {profile.Config{}, []string{"The attribute 'username' can not be removed", "The attribute 'email' can not be removed"}},
		"no name":  {named(profile.Attribute{}), []string{"Attribute configuration without 'name' is not allowed"}},
		"twice":    {named(profile.Attribute{Name: "email"}), []string{"Attribute configuration already exists with 'name':'email'"}},
		"bad name": {named(profile.Attribute{Name: "a b"}), []string{"Invalid attribute name (only letters, numbers and '.' '_' '-' special characters allowed): a b'"}},
		"bad role": {named(profile.Attribute{Name: "a", Permissions: &profile.Permissions{View: []string{"boss"}}}),
			[]string{"'permissions.view' configuration for attribute 'a' contains unsupported role 'boss'"}},
		"bad scope": {named(profile.Attribute{Name: "a", Required: &profile.Required{Scopes: []string{"none", "phone"}}}),
			[]string{"'required.scopes' configuration for attribute 'a' contains unsupported scope 'none'"}},
		"no group": {named(profile.Attribute{Name: "a", Group: "g"}), []string{"Attribute 'a' references unknown group 'g'"}},
		"nameless group": {profile.Config{Attributes: named().Attributes, Groups: []profile.Group{{}}},
			[]string{"Name is mandatory for groups, found 1 group(s) without name."}},
		"no validator": {named(profile.Attribute{Name: "a", Validations: settings("none", "{}")}), []string{"Validator 'none' defined for attribute 'a' doesn't exist"}},
		"bad setting": {named(profile.Attribute{Name: "a", Validations: settings("multivalued", "{}")}),
			[]string{"Validator 'multivalued' defined for attribute 'a' has incorrect configuration: " +
				"ValidationError{validatorId='multivalued', inputHint='max', message='error-validator-config-missing-value', messageParameters=[]}, "}},
		"bad annotation": {named(profile.Attribute{Name: "a", Annotations: settings("", `{"inputOptions": "x"}`)[""]}),
			[]string{"Annotation 'inputOptions' configured for attribute 'a' must be an array of values!'"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got := tt.config.Problems(func(scope string) bool { return scope == "phone" })
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
