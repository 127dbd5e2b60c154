package federation

import (
	"cmp"
	"maps"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/explain"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
)

// Mapper is the configuration of an identity provider mapper.
type Mapper struct {
	Name   string
	Kind   string // Keycloak's identityProviderMapper, as "oidc-role-idp-mapper"
	Config map[string]string
}

// kind is what mappers of a kind do. What is nil is nothing.
type kind struct {
	preprocess func(*preprocessing, *Mapper)
	adopt      func(*adoption, *Mapper) // to a new user
	update     func(*adoption, *Mapper) // to a known user, where the sync mode is FORCE
	legacy     func(*adoption, *Mapper) // to a known user, where it is LEGACY
}

// mapperKinds are all that is acted on. A provider never names a role, a group or an attribute here: the
// mapper's configuration does, which only administrators write.
var mapperKinds = map[string]kind{
	"hardcoded-attribute-idp-mapper":              {preprocess: presetAttribute, update: setAttribute, legacy: setAttribute},
	"hardcoded-user-session-attribute-idp-mapper": {preprocess: presetNote},
	"oidc-user-attribute-idp-mapper":              {preprocess: readAttribute, update: updateAttribute, legacy: updateAttribute},
	"oidc-user-session-note-idp-mapper":           {adopt: noteClaims, update: noteClaims, legacy: noteClaims},
	"oidc-username-idp-mapper":                    {preprocess: nameByTemplate, update: rename},

	"oidc-hardcoded-role-idp-mapper":        {adopt: grant(always), update: grant(always)},
	"oidc-role-idp-mapper":                  {adopt: grant(hasClaim), update: toggle(hasClaim), legacy: withdraw(hasClaim)},
	"oidc-advanced-role-idp-mapper":         {adopt: grant(hasClaims), update: toggle(hasClaims), legacy: withdraw(hasClaims)},
	"keycloak-oidc-role-to-role-idp-mapper": {adopt: grant(hasRole), update: toggle(hasRole)},

	"oidc-hardcoded-group-idp-mapper": {adopt: join(always), update: member(always), legacy: member(always)},
	"oidc-advanced-group-idp-mapper":  {adopt: join(hasClaims), update: member(hasClaims), legacy: member(hasClaims)},

	"google-user-attribute-mapper":     {preprocess: readField, update: updateField},
	"github-user-attribute-mapper":     {preprocess: readField, update: updateField},
	"microsoft-user-attribute-mapper":  {preprocess: readField, update: updateField},
	"oauth2-user-attribute-idp-mapper": {preprocess: readField, update: updateField},
}

// Maps tells whether mappers of a kind are acted on.
func Maps(kind string) bool { _, ok := mapperKinds[kind]; return ok }

// preprocessing is a person whom mappers change before anybody knows which user it is.
type preprocessing struct {
	*Person
	alias, uuid string
	trace       *explain.Trace
}

// Preprocess lets mappers change how the provider's person is called, before a user is looked for by
// Person.ID, and fills in Attributes and Notes, which a review page shows and a new user gets. Whatever the sync
// mode, it is done at each sign-in. uuid is a new one, for templates that want it.
func (s *Settings) Preprocess(p Person, mappers []Mapper, uuid string, t *explain.Trace) Person {
	p.Attributes, p.Notes = maps.Clone(p.Attributes), maps.Clone(p.Notes)
	at := &preprocessing{Person: &p, alias: s.Alias, uuid: uuid, trace: t}
	for i := range mappers {
		k, ok := mapperKinds[mappers[i].Kind]
		if !ok {
			t.Add(explain.ProviderMapper, explain.Skipped, mappers[i].Name, mappers[i].Kind)
		}
		if k.preprocess != nil {
			k.preprocess(at, &mappers[i])
		}
	}
	return p
}

// Input is what mappers are applied to.
type Input struct {
	Realm   *realm.Realm
	Mappers []Mapper
	Person  Person     // after Preprocess
	User    *user.User // as they are now, with Groups
}

// Changes are what mappers want of a user and of their session. Those that change nothing are left out; a nil
// text stays as it is. Roles exist; whether a group does is for who applies the changes to see.
type Changes struct {
	Username, Email, FirstName, LastName *string
	EmailVerified                        *bool               // set together with Email
	Attributes                           map[string][]string // replaced; no values: removed
	Grant, Withdraw                      []*realm.Role
	Join, Leave                          []string          // paths of groups
	Notes                                map[string]string // of the session, beside Person.Notes
	Trace                                explain.Trace
}

// adoption is a user whom mappers change.
type adoption struct {
	Input
	Changes
	granted map[*realm.Role]bool // by a mapper before, which counts
	joined  map[string]bool
}

// Import is what mappers make of a new user, who has what Preprocess put into the person already.
func (s *Settings) Import(in Input) Changes {
	a := newAdoption(in)
	for i := range in.Mappers {
		if do := mapperKinds[in.Mappers[i].Kind].adopt; do != nil {
			do(a, &in.Mappers[i])
		}
	}
	return a.Changes
}

// Update is what mappers change of a known user at a sign-in, by their sync modes. Where the provider's own
// is FORCE, e-mail address and names are taken over too.
func (s *Settings) Update(in Input) Changes {
	a := newAdoption(in)
	if s.Sync == SyncForce {
		a.set(&a.Email, in.User.Email, strings.ToLower(in.Person.Email))
		a.set(&a.FirstName, in.User.FirstName, in.Person.FirstName)
		a.set(&a.LastName, in.User.LastName, in.Person.LastName)
	}
	for i := range in.Mappers {
		m := &in.Mappers[i]
		k := mapperKinds[m.Kind]
		var do func(*adoption, *Mapper)
		switch syncOf(m.Config["syncMode"], SyncLegacy).within(s.Sync) {
		case SyncForce:
			do = k.update
		case SyncLegacy:
			do = k.legacy
		}
		if do != nil {
			do(a, m)
		}
	}
	if a.Email != nil { // another address is proven only if it was proven there
		trusted := s.EmailTrusted(&in.Person) && strings.EqualFold(*a.Email, in.Person.Email)
		a.EmailVerified = &trusted
	}
	return a.Changes
}

func newAdoption(in Input) *adoption {
	if in.User == nil {
		in.User = &user.User{}
	}
	return &adoption{Input: in, granted: map[*realm.Role]bool{}, joined: map[string]bool{}}
}

// set changes a text that is told and differs.
func (a *adoption) set(at **string, now, to string) {
	if to != "" && to != cmp.Or(deref(*at), now) {
		*at = &to
	}
}

func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
