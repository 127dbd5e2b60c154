package federation

import (
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

// Sync says when a mapper is applied to a user who is known already. Keycloak: sync mode.
type Sync string

const (
	SyncImport  Sync = "IMPORT"  // never: only to new users
	SyncForce   Sync = "FORCE"   // at each sign-in
	SyncLegacy  Sync = "LEGACY"  // as Keycloak did before it had sync modes: each kind its own way
	SyncInherit Sync = "INHERIT" // as the provider says
)

// Preprocess lets mappers change how the provider's person is called, before a user is looked for by
// Person.ID, and fills in Attributes and Notes, which a review page shows and a new user gets.
func (s *Settings) Preprocess(p Person, mappers []Mapper, t *explain.Trace) Person { return p }

// Input is what mappers are applied to.
type Input struct {
	Realm   *realm.Realm
	Mappers []Mapper
	Person  Person
	User    *user.User // as they are now, with Groups; nil: new, with nothing of their own
}

// Changes are what mappers want of a user and of their session. Roles exist; whether a group does is for
// who applies the changes to see.
type Changes struct {
	Username, Email, FirstName, LastName *string             // nil: as it is
	Attributes                           map[string][]string // replaced; no values: removed
	Grant, Withdraw                      []*realm.Role
	Join, Leave                          []string // paths of groups
	Notes                                map[string]string
	Trace                                explain.Trace
}

// Import is what mappers make of a new user, beyond what Preprocess put into the person.
func (s *Settings) Import(in Input) Changes { return Changes{} }

// Update is what mappers change of a known user at a sign-in, by their sync modes. Without a mapper the
// provider's own sync mode says whether e-mail address and names are taken over.
func (s *Settings) Update(in Input) Changes { return Changes{} }
