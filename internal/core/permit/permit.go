// Package permit decides what an administrator may do in a realm.
//
// The roles are those of Keycloak's client "realm-management"; for administrators of the master realm,
// those of the client "<realm>-realm" there.
package permit

// Rights is a set of management roles that somebody holds in one realm, those that others include
// among them.
type Rights uint32

// The management roles.
const (
	CreateClient Rights = 1 << iota
	Impersonation
	ManageAuthorization
	ManageClients
	ManageEvents
	ManageIdentityProviders
	ManageOrganizations
	ManageRealm
	ManageUsers
	QueryClients
	QueryGroups
	QueryOrganizations
	QueryRealms
	QueryUsers
	ViewAuthorization
	ViewClients
	ViewEvents
	ViewIdentityProviders
	ViewOrganizations
	ViewRealm
	ViewUsers
)

// names are the roles' names, in the order of their bits.
var names = []string{
	"create-client", "impersonation", "manage-authorization", "manage-clients", "manage-events", "manage-identity-providers",
	"manage-organizations", "manage-realm", "manage-users", "query-clients", "query-groups", "query-organizations",
	"query-realms", "query-users", "view-authorization", "view-clients", "view-events", "view-identity-providers",
	"view-organizations", "view-realm", "view-users",
}

// named are the rights by the names of the roles.
var named = func() map[string]Rights {
	out := map[string]Rights{}
	for i, name := range names {
		out[name] = 1 << i
	}
	return out
}()

// Names are the names of the roles, in alphabetical order.
func (r Rights) Names() []string {
	var out []string
	for i, name := range names {
		if r&(1<<i) != 0 {
			out = append(out, name)
		}
	}
	return out
}

// All are all rights.
const All = ViewUsers<<1 - 1

// Need is what a request asks for: one of these roles is enough. Zero asks for nothing but a token
// that holds.
type Need Rights

// May tells whether the rights are enough.
func (r Rights) May(n Need) bool { return n == 0 || Rights(n)&r != 0 }

// What requests ask for, by what they do.
const (
	ToListClients   = Need(QueryClients | ViewClients | ManageClients)
	ToViewClients   = Need(ViewClients | ManageClients)
	ToManageClients = Need(ManageClients)

	ToListUsers   = Need(QueryUsers | ViewUsers | ManageUsers)
	ToViewUsers   = Need(ViewUsers | ManageUsers)
	ToManageUsers = Need(ManageUsers)
	ToImpersonate = Need(Impersonation)
	ToListGroups  = Need(QueryGroups | ViewUsers | ManageUsers)

	// ToNameRealm is any role but impersonation, and gives no more than the realm's name and the like.
	ToNameRealm   = Need(All &^ Impersonation)
	ToViewRealm   = Need(ViewRealm | ManageRealm)
	ToManageRealm = Need(ManageRealm)

	ToViewEvents   = Need(ViewEvents | ManageEvents)
	ToManageEvents = Need(ManageEvents)

	ToViewProviders   = Need(ViewIdentityProviders | ManageIdentityProviders)
	ToManageProviders = Need(ManageIdentityProviders)

	ToViewAuthorization   = Need(ViewAuthorization | ManageAuthorization)
	ToManageAuthorization = Need(ManageAuthorization)
)
