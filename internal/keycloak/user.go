package keycloak

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
)

// Person is a user as a representation brings them: their account, and passwords that are not hashed
// yet.
type Person struct {
	user.Account
	Passwords []Password
	Notes     []Note
}

// Password is a password in plain. Credential is the place in the account that its hash belongs in.
type Password struct {
	Credential int
	Plain      string
}

var userFields = []field[user.User]{
	into("id", func(u *user.User) *string { return &u.ID }),
	into("username", func(u *user.User) *string { return &u.Username }),
	text("email", func(u *user.User) *string { return &u.Email }),
	into("emailVerified", func(u *user.User) *bool { return &u.EmailVerified }),
	text("firstName", func(u *user.User) *string { return &u.FirstName }),
	text("lastName", func(u *user.User) *string { return &u.LastName }),
	into("enabled", func(u *user.User) *bool { return &u.Enabled }),
	into("notBefore", func(u *user.User) *int64 { return &u.NotBefore }),
	millis("createdTimestamp", func(u *user.User) *time.Time { return &u.Created }),
}

// millis binds a time in milliseconds, left out where it is zero.
func millis[T any](name string, at func(*T) *time.Time) field[T] {
	return field[T]{name,
		func(v *T) any {
			if at(v).IsZero() {
				return nil
			}
			return at(v).UnixMilli()
		},
		func(v *T, data json.RawMessage) {
			*at(v) = time.UnixMilli(Value[int64](Object{name: data}, name)).UTC()
		}}
}

// derived are the members of a user that say what other members or the server say.
var derived = []string{"totp", "access", "self", "origin", "disableableCredentialTypes", "userProfileMetadata",
	"attributes", "realmRoles", "clientRoles", "applicationRoles", "groups", "requiredActions", "credentials",
	"serviceAccountClientId", "clientConsents", "federatedIdentities", "socialLinks"}

// ToUser reads a user of a realm that has all the roles that the user names; groups are keys by path.
// What the realm does not have is a *fault.Invalid.
func ToUser(r *realm.Realm, groups map[string]string, o Object) (Person, error) {
	var p Person
	u := &p.User
	rest := readFields(userFields, u, o)
	for _, name := range derived {
		delete(rest, name)
	}
	u.Username, u.Email = strings.ToLower(u.Username), strings.ToLower(u.Email)
	delete(rest, "username")
	delete(rest, "email")
	if u.Username == "" {
		return p, &fault.Invalid{Field: "username", Message: "a user needs a name"}
	}
	u.Extra = keep(rest)
	u.Attributes = Value[map[string][]string](o, "attributes")
	for _, name := range []string{"username", "email", "firstName", "lastName", "emailVerified"} {
		delete(u.Attributes, name)
	}
	for _, action := range Value[[]string](o, "requiredActions") {
		u.RequiredActions = append(u.RequiredActions, requiredAction(action))
	}
	for _, link := range federatedIdentities(o) {
		u.Links = append(u.Links, user.Link{Provider: link.Text("identityProvider"), Subject: link.Text("userId"), Username: link.Text("userName")})
	}
	if err := p.resolve(r, groups, o); err != nil {
		return p, err
	}
	p.readCredentials(o)
	return p, nil
}

// resolve finds the roles, groups, consents and the client that the representation names.
func (p *Person) resolve(r *realm.Realm, groups map[string]string, o Object) error {
	for _, named := range UserRoles(o) {
		role := r.Role(named.RoleRef)
		if role == nil {
			return &fault.Invalid{Field: named.Path, Message: "there is no role " + strconv.Quote(named.String())}
		}
		if !slices.Contains(p.User.Roles, role.Key) {
			p.User.Roles = append(p.User.Roles, role.Key)
		}
	}
	for i, path := range Value[[]string](o, "groups") {
		key, ok := groups["/"+strings.TrimPrefix(path, "/")]
		if !ok {
			return &fault.Invalid{Field: indexed("groups", i), Message: "Unable to find group specified by path: " + path}
		}
		p.User.GroupKeys = append(p.User.GroupKeys, key)
	}
	if id := o.Text("serviceAccountClientId"); id != "" {
		c := r.Client(id)
		if c == nil {
			return &fault.Invalid{Field: "serviceAccountClientId", Message: "Unable to find client specified for service account link. Client: " + id}
		}
		p.User.ServiceAccount = c.Key
	}
	for i, consent := range Value[[]Object](o, "clientConsents") {
		c := r.Client(consent.Text("clientId"))
		if c == nil {
			return &fault.Invalid{Field: indexed("clientConsents", i), Message: "Unable to find client consent mappings for client: " + consent.Text("clientId")}
		}
		scopes, notes := scopeKeys(r, consent, "grantedClientScopes")
		p.Notes = append(p.Notes, Below(indexed("clientConsents", i), notes)...)
		p.User.Consents = append(p.User.Consents, user.Consent{Client: c.Key, Scopes: scopes,
			Created: moment(consent, "createdDate"), Updated: moment(consent, "lastUpdatedDate")})
	}
	return nil
}

func moment(o Object, name string) time.Time {
	if !o.Has(name) {
		return time.Time{}
	}
	return time.UnixMilli(Value[int64](o, name)).UTC()
}

// UserRoles are the roles that the representation of a user names.
func UserRoles(o Object) []NamedRole {
	if o.Has("applicationRoles") && !o.Has("clientRoles") {
		return NamedRoles(o, "realmRoles", "applicationRoles")
	}
	return NamedRoles(o, "realmRoles", "clientRoles")
}

// federatedIdentities are the user's links, also as Keycloak once called them.
func federatedIdentities(o Object) []Object {
	if o.Has("federatedIdentities") {
		return Value[[]Object](o, "federatedIdentities")
	}
	var out []Object
	for _, social := range Value[[]Object](o, "socialLinks") {
		out = append(out, Object{"identityProvider": social["socialProvider"], "userId": social["socialUserId"], "userName": social["socialUsername"]})
	}
	return out
}

// requiredAction spells a built-in action as Keycloak does now; once some were in lower case.
func requiredAction(name string) string {
	for _, known := range []string{"CONFIGURE_TOTP", "TERMS_AND_CONDITIONS", "UPDATE_PASSWORD", "UPDATE_PROFILE", "VERIFY_EMAIL", "UPDATE_EMAIL", "VERIFY_PROFILE"} {
		if strings.EqualFold(name, known) {
			return known
		}
	}
	return name
}

func (p *Person) readCredentials(o Object) {
	for i, c := range Value[[]Object](o, "credentials") {
		credential, plain, note := ToCredential(c)
		if note != "" {
			p.Notes = append(p.Notes, Note{Path: indexed("credentials", i), Text: note})
		}
		if plain != "" {
			p.Passwords = append(p.Passwords, Password{len(p.Credentials), plain})
		}
		p.Credentials = append(p.Credentials, credential)
	}
}

// FromUser is the representation of a user with everything that a realm file holds, credentials
// included; paths are those of groups by key. Extra has to be loaded.
func FromUser(r *realm.Realm, paths map[string]string, a user.Account) Object {
	u := a.User
	o := writeFields(userFields, &u, u.Extra)
	if len(u.Attributes) > 0 {
		o.Put("attributes", u.Attributes)
	}
	o.Put("totp", slices.ContainsFunc(a.Credentials, func(c user.Credential) bool { return c.Kind == "otp" }))
	o.Put("disableableCredentialTypes", []string{})
	o.Put("requiredActions", append([]string{}, u.RequiredActions...))
	own, ofClients := RoleNames(r, u.Roles)
	o.Put("realmRoles", own)
	if len(ofClients) > 0 {
		o.Put("clientRoles", ofClients)
	}
	groups := []string{}
	for _, key := range u.GroupKeys {
		if path, ok := paths[key]; ok {
			groups = append(groups, path)
		}
	}
	o.Put("groups", groups)
	credentials := []Object{}
	for _, c := range a.Credentials {
		credentials = append(credentials, FromCredential(c))
	}
	if u.ServiceAccount == "" || len(credentials) > 0 {
		o.Put("credentials", credentials)
	}
	if c := r.ClientByKey(u.ServiceAccount); c != nil {
		o.Put("serviceAccountClientId", c.ID)
	}
	putLinks(o, &u)
	putConsents(o, r, &u)
	return o
}

func putLinks(o Object, u *user.User) {
	var out []map[string]string
	for _, l := range u.Links {
		link := map[string]string{"identityProvider": l.Provider, "userId": l.Subject, "userName": l.Username}
		maps.DeleteFunc(link, func(_, value string) bool { return value == "" })
		out = append(out, link)
	}
	if out != nil {
		o.Put("federatedIdentities", out)
	}
}

func putConsents(o Object, r *realm.Realm, u *user.User) {
	var out []Object
	for _, consent := range u.Consents {
		c := r.ClientByKey(consent.Client)
		if c == nil {
			continue
		}
		representation := Object{}
		representation.Put("clientId", c.ID)
		representation.Put("grantedClientScopes", scopeNames(r, consent.Scopes))
		if !consent.Created.IsZero() {
			representation.Put("createdDate", consent.Created.UnixMilli())
		}
		if !consent.Updated.IsZero() {
			representation.Put("lastUpdatedDate", consent.Updated.UnixMilli())
		}
		out = append(out, representation)
	}
	if out != nil {
		o.Put("clientConsents", out)
	}
}
