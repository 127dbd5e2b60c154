// Package user holds people and service accounts.
package user

import (
	"slices"
	"strings"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/realm"
)

// User is somebody who can sign in, or the service account of a client.
type User struct {
	ID            string // UUID; the subject of tokens
	Username      string // lower case, unique in the realm
	Email         string // lower case; may be empty
	EmailVerified bool
	FirstName     string
	LastName      string
	Enabled       bool
	Created       time.Time
	NotBefore     int64 // Unix seconds; tokens issued before are refused
	Attributes    map[string][]string

	Roles           []string // keys of the roles granted directly
	GroupKeys       []string // keys of the groups joined
	RequiredActions []string // Keycloak's names, as "UPDATE_PASSWORD"
	ServiceAccount  string   // key of the client whose account it is; empty for people
	Consents        []Consent
	Links           []Link

	// Groups are the groups joined and all above them, each once, filled in by whoever reads the
	// user from the store and not stored with it.
	Groups []*realm.Group `json:"-"`

	Extra realm.Extra `json:"-"`
}

// Consent is what a user allowed a client.
type Consent struct {
	Client  string   // key
	Scopes  []string // keys of client scopes
	Created time.Time
	Updated time.Time
}

// Link is the user's identity at an upstream issuer. Keycloak: federated identity.
type Link struct {
	Provider string // alias
	Subject  string // the user's id there
	Username string // the user's name there
}

// FullName is the first and last name with a blank between them.
func (u *User) FullName() string {
	return strings.TrimSpace(u.FirstName + " " + u.LastName)
}

// Joined are the groups that the user is a direct member of.
func (u *User) Joined() []*realm.Group {
	var out []*realm.Group
	for _, key := range u.GroupKeys {
		for _, g := range u.Groups {
			if g.Key == key {
				out = append(out, g)
			}
		}
	}
	return out
}

// MayActIn tells whether a user is enabled, or the client of the realm whose service account it is may act for itself.
func (u *User) MayActIn(r *realm.Realm) bool {
	if u.ServiceAccount == "" || !u.Enabled {
		return u.Enabled
	}
	c := r.ClientByKey(u.ServiceAccount)
	return c != nil && c.Enabled && c.ServiceAccounts
}

// RolesIn are the user's roles in a realm: direct ones, those of groups, and all that they include.
func (u *User) RolesIn(r *realm.Realm) *realm.RoleSet {
	set := &realm.RoleSet{}
	r.Expand(set, u.Roles...)
	for _, g := range u.Groups {
		r.Expand(set, g.Roles...)
	}
	return set
}

// ConsentTo is what the user allowed the client with this key, or nil.
func (u *User) ConsentTo(client string) *Consent {
	for i := range u.Consents {
		if u.Consents[i].Client == client {
			return &u.Consents[i]
		}
	}
	return nil
}

// Withheld are those of the scopes, among the ones that are for users to allow, that the user has not
// allowed the client with this key.
func (u *User) Withheld(client string, scopes []*realm.ClientScope) []*realm.ClientScope {
	var out []*realm.ClientScope
	given := u.ConsentTo(client)
	for _, s := range scopes {
		if s.OnConsent && (given == nil || !slices.Contains(given.Scopes, s.Key)) {
			out = append(out, s)
		}
	}
	return out
}
