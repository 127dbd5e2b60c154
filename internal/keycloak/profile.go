package keycloak

import (
	"encoding/json"
	"maps"
	"strconv"

	"github.com/tokenhouse/tokenhouse/internal/core/profile"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
)

// ProfileType is the type of the component that a realm keeps its user profile in, as JSON inside a text.
const ProfileType = "org.keycloak.userprofile.UserProfileProvider"

const (
	profileProvider = "declarative-user-profile"
	profileSetting  = "kc.user.profile.config"
)

// ToProfile reads a user profile configuration. A policy that Keycloak does not have is a *Problem.
func ToProfile(o Object) (profile.Config, error) {
	c := profile.Config{Unmanaged: profile.Unmanaged(o.Text("unmanagedAttributePolicy"))}
	switch c.Unmanaged {
	case profile.Ignored, profile.Enabled, profile.AdminView, profile.AdminEdit:
	default:
		return c, &Problem{Path: "unmanagedAttributePolicy", Text: strconv.Quote(string(c.Unmanaged)) + " is no policy", Kind: Type}
	}
	for _, a := range Value[[]Object](o, "attributes") {
		c.Attributes = append(c.Attributes, toProfileAttribute(a))
	}
	for _, g := range Value[[]Object](o, "groups") {
		c.Groups = append(c.Groups, profile.Group{Name: g.Text("name"), DisplayHeader: g.Text("displayHeader"),
			DisplayDescription: g.Text("displayDescription"), Annotations: Value[map[string]json.RawMessage](g, "annotations")})
	}
	return c, nil
}

func toProfileAttribute(o Object) profile.Attribute {
	a := profile.Attribute{Name: o.Text("name"), DisplayName: o.Text("displayName"), Group: o.Text("group"), Default: o.Text("defaultValue"),
		Multivalued: Value[bool](o, "multivalued"), Validations: Value[map[string]profile.Settings](o, "validations"),
		Annotations: Value[map[string]json.RawMessage](o, "annotations")}
	if o.Has("required") {
		required := Value[Object](o, "required")
		a.Required = &profile.Required{Roles: Value[[]string](required, "roles"), Scopes: Value[[]string](required, "scopes")}
	}
	if o.Has("permissions") {
		permissions := Value[Object](o, "permissions")
		a.Permissions = &profile.Permissions{View: Value[[]string](permissions, "view"), Edit: Value[[]string](permissions, "edit")}
	}
	if o.Has("selector") {
		a.Selector = &profile.Selector{Scopes: Value[[]string](Value[Object](o, "selector"), "scopes")}
	}
	return a
}

// FromProfile is the representation of a user profile configuration.
func FromProfile(c profile.Config) Object {
	attributes := []Object{}
	for _, a := range c.Attributes {
		attributes = append(attributes, fromProfileAttribute(a))
	}
	o := Object{}
	o.Put("attributes", attributes)
	o.Put("groups", fromProfileGroups(c.Groups))
	o.putText("unmanagedAttributePolicy", string(c.Unmanaged))
	return o
}

func fromProfileAttribute(a profile.Attribute) Object {
	o := describedAttribute(a)
	if a.Validations != nil {
		o.Put("validations", a.Validations)
	}
	if r := a.Required; r != nil {
		required := Object{}
		required.putList("roles", r.Roles)
		required.putList("scopes", r.Scopes)
		o.Put("required", required)
	}
	if p := a.Permissions; p != nil {
		o.Put("permissions", map[string][]string{"view": append([]string{}, p.View...), "edit": append([]string{}, p.Edit...)})
	}
	if a.Selector != nil {
		selector := Object{}
		selector.putList("scopes", a.Selector.Scopes)
		o.Put("selector", selector)
	}
	return o
}

// describedAttribute are the members of an attribute that its configuration and its metadata share.
func describedAttribute(a profile.Attribute) Object {
	o := Object{}
	o.Put("name", a.Name)
	o.putText("displayName", a.DisplayName)
	o.putText("group", a.Group)
	o.putText("defaultValue", a.Default)
	o.Put("multivalued", a.Multivalued)
	if a.Annotations != nil {
		o.Put("annotations", a.Annotations)
	}
	return o
}

func fromProfileGroups(groups []profile.Group) []Object {
	out := []Object{}
	for _, g := range groups {
		o := Object{}
		o.putText("name", g.Name)
		o.putText("displayHeader", g.DisplayHeader)
		o.putText("displayDescription", g.DisplayDescription)
		if g.Annotations != nil {
			o.Put("annotations", g.Annotations)
		}
		out = append(out, o)
	}
	return out
}

func (o Object) putText(name, value string) {
	if value != "" {
		o.Put(name, value)
	}
}

func (o Object) putList(name string, list []string) {
	if list != nil {
		o.Put(name, list)
	}
}

// ProfileMetadata is what a form for users needs to know: attributes with their validators, and groups.
func ProfileMetadata(p *profile.Profile, shown []profile.Shown) Object {
	attributes := []Object{}
	for _, s := range shown {
		o := describedAttribute(s.Attribute)
		if !o.Has("displayName") {
			o.Put("displayName", impliedName(s.Attribute.Name))
		}
		o.Put("required", s.Required)
		o.Put("readOnly", s.ReadOnly)
		o.Put("validators", shownValidators(s.Attribute))
		attributes = append(attributes, o)
	}
	o := Object{}
	o.Put("attributes", attributes)
	o.Put("groups", fromProfileGroups(p.Config.Groups))
	return o
}

// impliedName is the display name of an attribute whose configuration has none: for who signs in by it, the name of a text.
func impliedName(attribute string) string {
	if attribute == profile.Username || attribute == profile.Email {
		return "${" + attribute + "}"
	}
	return attribute
}

// shownValidators are an attribute's validators with what goes without saying in the configuration.
func shownValidators(a profile.Attribute) map[string]profile.Settings {
	out := map[string]profile.Settings{}
	for name, settings := range a.Validations {
		if name == "not-blank" || name == "not-empty" {
			continue // Keycloak tells forms nothing of them
		}
		with := maps.Clone(settings)
		if with == nil {
			with = profile.Settings{}
		}
		if name != "multivalued" {
			with["ignore.empty.value"] = json.RawMessage("true")
		}
		out[name] = with
	}
	if _, ok := out["multivalued"]; !ok && !a.Multivalued {
		out["multivalued"] = profile.Settings{"max": json.RawMessage(`"1"`)}
	}
	return out
}

// KeptProfile is the user profile configuration that a realm keeps, or Keycloak's own where it keeps none.
// One that cannot be read counts as none.
func KeptProfile(kept realm.Extra) profile.Config {
	component := profileComponent(kept)
	settings := Value[map[string][]string](component, "config")[profileSetting]
	if len(settings) == 0 {
		return profile.Default()
	}
	checked, err := Check("UPConfig", []byte(settings[0]))
	if err != nil {
		return profile.Default()
	}
	c, err := ToProfile(Value[Object](Object{"": checked}, ""))
	if err != nil || len(c.Attributes) == 0 {
		return profile.Default()
	}
	return c
}

// KeepProfile puts a user profile configuration where realms keep theirs; id is for the component where
// there is none yet.
func KeepProfile(kept realm.Extra, c profile.Config, id string) {
	component := profileComponent(kept)
	if component == nil {
		component = Object{}
		component.Put("id", id)
		component.Put("providerId", profileProvider)
		component.Put("subComponents", map[string]any{})
	}
	config := Value[map[string][]string](component, "config")
	if config == nil {
		config = map[string][]string{}
	}
	config[profileSetting] = []string{string(encode(FromProfile(c)))}
	component.Put("config", config)
	components := Value[map[string][]Object](Object(kept), "components")
	if components == nil {
		components = map[string][]Object{}
	}
	components[ProfileType] = []Object{component}
	Object(kept).Put("components", components)
}

// profileComponent is the component with a realm's user profile, or nil.
func profileComponent(kept realm.Extra) Object {
	for _, c := range Value[map[string][]Object](Object(kept), "components")[ProfileType] {
		if c.Text("providerId") == profileProvider {
			return c
		}
	}
	return nil
}
