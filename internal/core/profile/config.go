// Package profile decides what the profiles of a realm's users hold: which attributes there are, who may
// see and write them, and what is wrong with a value. Keycloak: user profile.
package profile

import "encoding/json"

// Config is what a realm says about its users' profiles.
type Config struct {
	Attributes []Attribute
	Groups     []Group
	Unmanaged  Unmanaged
}

// Unmanaged says what becomes of attributes that the configuration does not name.
type Unmanaged string

const (
	Ignored   Unmanaged = ""           // nobody sees or writes them
	Enabled   Unmanaged = "ENABLED"    // everybody does
	AdminView Unmanaged = "ADMIN_VIEW" // administrators see them
	AdminEdit Unmanaged = "ADMIN_EDIT" // administrators see and write them
)

// Attribute is one attribute that the configuration names.
type Attribute struct {
	Name        string
	DisplayName string
	Group       string // name
	Default     string
	Multivalued bool
	Validations map[string]Settings // by the name of the validator; nil where the configuration has none
	Annotations map[string]json.RawMessage
	Required    *Required
	Permissions *Permissions
	Selector    *Selector
}

// Settings are those of a validator, as JSON has them.
type Settings map[string]json.RawMessage

// Required says for whom an attribute is required: with neither roles nor scopes, for all.
type Required struct {
	Roles  []string // "admin", "user"
	Scopes []string // names of client scopes: of users where one of them is in play, and then whatever Roles say
}

// Permissions are the roles that may see and write an attribute. Who writes it sees it.
type Permissions struct{ View, Edit []string }

// Selector says with which client scopes an attribute is part of the profile.
type Selector struct{ Scopes []string }

// Group is a heading over attributes.
type Group struct {
	Name, DisplayHeader, DisplayDescription string
	Annotations                             map[string]json.RawMessage
}

// The attributes that every user has as fields.
const (
	Username  = "username"
	Email     = "email"
	FirstName = "firstName"
	LastName  = "lastName"
)

// Default is the profile of a realm that does not say otherwise.
func Default() Config {
	return Config{
		Attributes: []Attribute{
			builtin(Username, nil, map[string]Settings{"length": {"min": json.RawMessage("3"), "max": json.RawMessage("255")},
				prohibitedInUsername: {}, homograph: {}}),
			builtin(Email, []string{string(User)}, map[string]Settings{"email": {}, "length": upTo255}),
			builtin(FirstName, []string{string(User)}, map[string]Settings{"length": upTo255, prohibitedInName: {}}),
			builtin(LastName, []string{string(User)}, map[string]Settings{"length": upTo255, prohibitedInName: {}}),
		},
		Groups: []Group{{Name: "user-metadata", DisplayHeader: "User metadata", DisplayDescription: "Attributes, which refer to user metadata"}},
	}
}

var upTo255 = Settings{"max": json.RawMessage("255")}

func builtin(name string, required []string, validations map[string]Settings) Attribute {
	both := []string{string(Admin), string(User)}
	a := Attribute{Name: name, DisplayName: "${" + name + "}", Validations: validations, Permissions: &Permissions{View: both, Edit: both}}
	if required != nil {
		a.Required = &Required{Roles: required}
	}
	return a
}

// Relaxed is Default without anything that users must tell: the profile of a new master realm, whose first
// administrator has nothing but a name.
func Relaxed() Config {
	c := Default()
	for i := range c.Attributes {
		c.Attributes[i].Required = nil
	}
	return c
}
