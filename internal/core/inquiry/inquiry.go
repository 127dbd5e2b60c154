// Package inquiry makes the fields of a form that asks people about themselves, and reads what they answer.
package inquiry

import (
	"cmp"
	"encoding/json"
	"net/url"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/page"
	"github.com/tokenhouse/tokenhouse/internal/core/profile"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
)

// Fields are the attributes that a form asks for, with the values that stand in it. Those that the user cannot
// write are shown too, but for a name that cannot be changed, and to who has no account yet where they have no value.
func Fields(p *profile.Profile, u *user.User, scopes []string, values profile.Attributes) []page.Field {
	groups := map[string]profile.Group{}
	for _, g := range p.Config.Groups {
		groups[g.Name] = g
	}
	var out []page.Field
	group := ""
	for _, s := range p.ShownToUser(u, scopes) {
		if s.ReadOnly && (s.Name == profile.Username || u == nil && len(values[s.Name]) == 0) {
			continue
		}
		f := fieldOf(s, values[s.Name])
		if s.Group != group && s.Group != "" {
			f.Group, f.GroupHelp = page.T(cmp.Or(groups[s.Group].DisplayHeader, s.Group)), page.T(groups[s.Group].DisplayDescription)
		}
		group = s.Group
		out = append(out, f)
	}
	return out
}

// autocomplete says what browsers may fill in.
var autocomplete = map[string]string{profile.Username: "username", profile.Email: "email", profile.FirstName: "given-name", profile.LastName: "family-name"}

func fieldOf(s profile.Shown, values []string) page.Field {
	f := page.Field{Name: s.Name, Label: page.T(cmp.Or(s.DisplayName, s.Name)), Values: values, Several: s.Multivalued, Required: s.Required, ReadOnly: s.ReadOnly,
		Autocomplete: autocomplete[s.Name], Input: annotation(s, "inputType"), Placeholder: page.T(annotation(s, "inputTypePlaceholder")),
		Before: page.T(annotation(s, "inputHelperTextBefore")), After: page.T(annotation(s, "inputHelperTextAfter"))}
	f.Input = strings.TrimPrefix(f.Input, "html5-")
	if s.Name == profile.Email && f.Input == "" {
		f.Input = "email"
	}
	if len(values) == 0 && s.Default != "" {
		f.Values = []string{s.Default}
	}
	f.Options = optionsOf(s)
	return f
}

// annotation is an annotation that is a text; empty where there is none.
func annotation(s profile.Shown, name string) string {
	var text string
	_ = json.Unmarshal(s.Annotations[name], &text) // what is no text says nothing
	return text
}

// optionsOf are the values to choose from: those of the validator that the annotation names, or of "options".
func optionsOf(s profile.Shown) []page.Option {
	validator := cmp.Or(annotation(s, "inputOptionsFromValidation"), "options")
	var values []string
	_ = json.Unmarshal(s.Validations[validator]["options"], &values)
	labels := map[string]string{}
	_ = json.Unmarshal(s.Annotations["inputOptionLabels"], &labels)
	prefix := annotation(s, "inputOptionLabelsI18nPrefix")
	var out []page.Option
	for _, v := range values {
		label := cmp.Or(labels[v], v)
		if prefix != "" {
			label = "${" + prefix + "." + v + "}"
		}
		out = append(out, page.Option{Value: v, Label: page.T(label)})
	}
	return out
}

// Posted are the attributes that a form brings, of those that it showed. Others are passed over, as Keycloak does; that
// what cannot be written has not changed is for Write to see to.
func Posted(p *profile.Profile, u *user.User, scopes []string, form url.Values) profile.Attributes {
	given := profile.Attributes{}
	for _, s := range p.ShownToUser(u, scopes) {
		if values, ok := form[s.Name]; ok && (!s.ReadOnly || u != nil && s.Name != profile.Username) {
			given[s.Name] = values
		}
	}
	return given
}
