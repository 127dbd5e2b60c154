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
	ManageRealm
	ManageUsers
	QueryClients
	QueryGroups
	QueryRealms
	QueryUsers
	ViewAuthorization
	ViewClients
	ViewEvents
	ViewIdentityProviders
	ViewRealm
	ViewUsers
)

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

	ToViewRealm   = Need(ViewRealm | ManageRealm)
	ToManageRealm = Need(ManageRealm)

	ToViewEvents   = Need(ViewEvents | ManageEvents)
	ToManageEvents = Need(ManageEvents)

	ToViewProviders   = Need(ViewIdentityProviders | ManageIdentityProviders)
	ToManageProviders = Need(ManageIdentityProviders)

	ToViewAuthorization   = Need(ViewAuthorization | ManageAuthorization)
	ToManageAuthorization = Need(ManageAuthorization)
)
