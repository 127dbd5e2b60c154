package profile_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/tokenhouse/tokenhouse/internal/core/profile"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
)

type attributes = profile.Attributes

// wrong are the violations of an error, each in a line.
func wrong(err error) []string {
	var out []string
	if e, ok := errors.AsType[profile.Invalid](err); ok {
		for _, v := range e {
			out = append(out, strings.TrimSpace(fmt.Sprintln(append([]any{v.Attribute, v.Message}, v.Params...)...)))
		}
	}
	return out
}

// badges is a profile with attributes of all sorts.
func badges(policy profile.Unmanaged) *profile.Profile {
	c := profile.Default()
	c.Unmanaged = policy
	admin, both := []string{"admin"}, []string{"admin", "user"}
	c.Attributes = append(c.Attributes,
		profile.Attribute{Name: "badge", Permissions: &profile.Permissions{View: admin, Edit: admin},
			Validations: settings("pattern", `{"pattern": "[A-Z][0-9]+", "error-message": "bad badge"}`)},
		profile.Attribute{Name: "office", Required: &profile.Required{Roles: admin}, Permissions: &profile.Permissions{View: both, Edit: both},
			Validations: settings("options", `{"options": ["north", "south"]}`)},
		profile.Attribute{Name: "phones", Multivalued: true, Permissions: &profile.Permissions{Edit: both},
			Validations: settings("multivalued", `{"min": 0, "max": "2"}`)},
		profile.Attribute{Name: "level", Permissions: &profile.Permissions{View: admin, Edit: []string{"user"}}},
		profile.Attribute{Name: "hidden"},
		profile.Attribute{Name: "town", Required: &profile.Required{Scopes: []string{"address"}}, Permissions: &profile.Permissions{Edit: both}},
	)
	return profile.New(c, profile.Rules{})
}

func settings(name, text string) map[string]profile.Settings {
	var s profile.Settings
	if err := json.Unmarshal([]byte(text), &s); err != nil {
		panic(err)
	}
	return map[string]profile.Settings{name: s}
}

func TestWriteNew(t *testing.T) {
	plain := attributes{"username": {"ann"}, "office": {"north"}}
	tests := []struct {
		name   string
		policy profile.Unmanaged
		given  attributes
		want   attributes
		wrong  []string
	}{
		{"little", "", plain, plain, nil},
		{"lower case", "", attributes{"username": {"ANN"}, "email": {"Ann@Example.test"}, "office": {"north"}},
			attributes{"username": {"ann"}, "email": {"ann@example.test"}, "office": {"north"}}, nil},
		{"blanks are nothing", "", attributes{"username": {"ann"}, "firstName": {" "}, "office": {"north"}, "phones": {""}}, plain, nil},
		{"a blank beside what is required", "", attributes{"username": {"ann"}, "office": {"", "north"}}, nil, []string{"office error-user-attribute-required"}},
		{"required", "", attributes{"username": {"ann"}}, nil, []string{"office error-user-attribute-required"}},
		{"pattern", "", attributes{"username": {"ann"}, "office": {"north"}, "badge": {"a1"}}, nil, []string{"badge bad badge [A-Z][0-9]+"}},
		{"options", "", attributes{"username": {"ann"}, "office": {"east"}}, nil, []string{"office error-invalid-value"}},
		{"two values of one", "", attributes{"username": {"ann"}, "office": {"north", "south"}}, nil, []string{"office error-invalid-multivalued-size 1 1"}},
		{"three values of two", "", attributes{"username": {"ann"}, "office": {"north"}, "phones": {"1", "2", "3"}}, nil, []string{"phones error-invalid-multivalued-size 0 2"}},
		{"what only users write is dropped", "", attributes{"username": {"ann"}, "office": {"north"}, "level": {"9"}, "hidden": {"x"}}, plain, nil},
		{"unmanaged are dropped", "", attributes{"username": {"ann"}, "office": {"north"}, "colour": {"red"}}, plain, nil},
		{"unmanaged are only seen", profile.AdminView, attributes{"username": {"ann"}, "office": {"north"}, "colour": {"red"}}, plain, nil},
		{"unmanaged are kept", profile.AdminEdit, attributes{"username": {"ann"}, "office": {"north"}, "colour": {"red", "blue"}},
			attributes{"username": {"ann"}, "office": {"north"}, "colour": {"red", "blue"}}, nil},
		{"what servers write", profile.Enabled, attributes{"username": {"ann"}, "office": {"north"}, "ldap_id": {"1"}}, nil,
			[]string{"ldap_id updateReadOnlyAttributesRejectedMessage"}},
		{"several", "", attributes{"username": {"ab"}, "email": {"bad"}, "firstName": {"x<y"}, "office": {"north"}}, nil,
			[]string{"username error-invalid-length 3 255", "email error-invalid-email bad", "firstName error-person-name-invalid-character"}},
		{"look-alike name", "", attributes{"username": {"аnn"}, "office": {"north"}}, nil, []string{"username error-username-invalid-character"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := badges(tt.policy).Write(profile.Change{Given: tt.given, Complete: true})
			if diff := cmp.Diff(tt.wrong, wrong(err)); diff != "" {
				t.Errorf("violations (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("profile (-want +got):\n%s", diff)
			}
		})
	}
}

func TestWriteAgain(t *testing.T) {
	before := attributes{"username": {"ann"}, "email": {"ann@example.test"}, "firstName": {"Ann"}, "office": {"north"}, "level": {"9"}, "colour": {"red"},
		"LDAP_ID": {"7"}}
	with := func(change attributes) attributes {
		out := attributes{}
		for name, values := range before {
			out[name] = values
		}
		for name, values := range change {
			out[name] = values
			if values == nil {
				delete(out, name)
			}
		}
		return out
	}
	tests := []struct {
		name     string
		policy   profile.Unmanaged
		given    attributes
		complete bool
		want     attributes
		wrong    []string
	}{
		{"nothing", "", attributes{}, false, before, nil},
		{"one field", "", attributes{"firstName": {"Anna"}}, false, with(attributes{"firstName": {"Anna"}}), nil},
		{"a field is cleared", "", attributes{"firstName": {""}}, false, with(attributes{"firstName": nil}), nil},
		{"all attributes", "", attributes{"office": {"south"}}, true, with(attributes{"office": {"south"}, "email": nil, "firstName": nil}), nil},
		{"all attributes, unmanaged too", profile.Enabled, attributes{"office": {"south"}}, true,
			with(attributes{"office": {"south"}, "email": nil, "firstName": nil, "colour": nil}), nil},
		{"same name in another case", "", attributes{"username": {"ANN"}}, false, before, nil},
		{"another name", "", attributes{"username": {"anna"}}, false, nil, []string{"username error-user-attribute-read-only"}},
		{"what only users write", "", attributes{"level": {"10"}}, false, nil, []string{"level error-user-attribute-read-only"}},
		{"what only users write, as it is", "", attributes{"level": {"9"}}, false, before, nil},
		{"what servers write, as it is", profile.Enabled, attributes{"LDAP_ID": {"7"}}, false, before, nil},
		{"what servers write", profile.Enabled, attributes{"LDAP_ID": {"8"}}, false, nil, []string{"LDAP_ID updateReadOnlyAttributesRejectedMessage"}},
		{"required is cleared", "", attributes{"office": {}}, false, nil, []string{"office error-user-attribute-required"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := badges(tt.policy).Write(profile.Change{Before: before, Given: tt.given, Complete: tt.complete})
			if diff := cmp.Diff(tt.wrong, wrong(err)); diff != "" {
				t.Errorf("violations (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("profile (-want +got):\n%s", diff)
			}
		})
	}
}

func TestWriteNames(t *testing.T) {
	before := attributes{"username": {"ann"}, "email": {"ann@example.test"}}
	tests := []struct {
		name   string
		rules  profile.Rules
		before attributes
		given  attributes
		want   string
	}{
		{"renamed", profile.Rules{EditUsername: true}, before, attributes{"username": {"anna"}}, "anna"},
		{"not named", profile.Rules{EditUsername: true}, before, attributes{"firstName": {"Ann"}}, "ann"},
		{"address for a name", profile.Rules{EmailAsUsername: true}, nil, attributes{"email": {"Bob@Example.test"}}, "bob@example.test"},
		{"another address for a name", profile.Rules{EmailAsUsername: true}, before, attributes{"email": {"anna@example.test"}}, "anna@example.test"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := profile.New(profile.Default(), tt.rules).Write(profile.Change{Before: tt.before, Given: tt.given})
			if err != nil || got.First("username") != tt.want {
				t.Errorf("got %v, %v", got, err)
			}
		})
	}
}

func TestComplete(t *testing.T) {
	whole := user.User{Username: "ann", Email: "ann@example.test", FirstName: "Ann", LastName: "Ames"}
	without := func(change func(*user.User)) *user.User { u := whole; change(&u); return &u }
	p := badges("")
	tests := map[string]struct {
		user   *user.User
		scopes []string
		want   bool
	}{
		"whole":                    {&whole, nil, true},
		"no address":               {without(func(u *user.User) { u.Email = "" }), nil, false},
		"no first name":            {without(func(u *user.User) { u.FirstName = "" }), nil, false},
		"no last name":             {without(func(u *user.User) { u.LastName = "" }), nil, false},
		"wrong name that may stay": {without(func(u *user.User) { u.Username = "a" }), nil, true},
		"wrong option":             {without(func(u *user.User) { u.Attributes = map[string][]string{"office": {"east"}} }), nil, false},
		"wrong badge, not theirs":  {without(func(u *user.User) { u.Attributes = map[string][]string{"badge": {"x"}} }), nil, true},
		"no town":                  {&whole, []string{"address"}, false},
		"town":                     {without(func(u *user.User) { u.Attributes = map[string][]string{"town": {"Ulm"}} }), []string{"address"}, true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := p.Complete(tt.user, tt.scopes); got != tt.want {
				t.Errorf("complete: %v", got)
			}
		})
	}
	if !profile.New(profile.Relaxed(), profile.Rules{}).Complete(&user.User{Username: "admin"}, nil) {
		t.Error("a relaxed profile asks for more than a name")
	}
}

func TestReadable(t *testing.T) {
	all := attributes{"username": {"ann"}, "firstName": {"Ann"}, "badge": {"A1"}, "office": {"north"}, "hidden": {"x"}, "colour": {"red"}, "disabledReason": {"lock"}}
	tests := []struct {
		policy profile.Unmanaged
		as     profile.Role
		want   attributes
	}{
		{"", profile.Admin, attributes{"badge": {"A1"}, "office": {"north"}, "disabledReason": {"lock"}}},
		{"", profile.User, attributes{"office": {"north"}}},
		{profile.AdminView, profile.Admin, attributes{"badge": {"A1"}, "office": {"north"}, "colour": {"red"}, "disabledReason": {"lock"}}},
		{profile.AdminEdit, profile.User, attributes{"office": {"north"}}},
		{profile.Enabled, profile.User, attributes{"office": {"north"}, "colour": {"red"}, "disabledReason": {"lock"}}},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, badges(tt.policy).Readable(all, tt.as)); diff != "" {
			t.Errorf("%s as %s (-want +got):\n%s", tt.policy, tt.as, diff)
		}
	}
	if diff := cmp.Diff(attributes{"colour": {"red"}, "hidden": {"x"}, "disabledReason": {"lock"}}, badges("").Unmanaged(all)); diff != "" {
		t.Errorf("unmanaged (-want +got):\n%s", diff)
	}
}

// TestWriteTwice writes what was written again: it is accepted, and changes nothing.
func TestWriteTwice(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		given := attributes{"username": {"ann"}, "office": {"north"}}
		for _, name := range []string{"email", "firstName", "lastName", "badge", "phones", "colour", "level"} {
			values := rapid.SliceOfN(rapid.SampledFrom([]string{"", " ", "A1", "x@y.z", "<", "north"}), 0, 2).Draw(t, name)
			if len(values) > 0 {
				given[name] = values
			}
		}
		p := badges(rapid.SampledFrom([]profile.Unmanaged{"", profile.Enabled, profile.AdminEdit, profile.AdminView}).Draw(t, "policy"))
		first, err := p.Write(profile.Change{Given: given, Complete: true})
		if err != nil {
			return
		}
		var u user.User
		first.WriteTo(&u)
		for _, complete := range []bool{false, true} {
			again, err := p.Write(profile.Change{Before: profile.Of(&u), Given: first, Complete: complete})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(first, again); diff != "" {
				t.Errorf("(-first +again):\n%s", diff)
			}
		}
	})
}
