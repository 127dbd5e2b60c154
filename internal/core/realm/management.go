package realm

import "strings"

// Master is the realm whose administrators administrate all realms.
const Master = "master"

// The clients whose roles are rights: in the master realm one for each realm, itself among them; in any other realm
// one for itself. They are told by their client_ids alone.
const (
	managesOwn   = "realm-management"
	managesOther = "-realm" // behind the realm's name
)

// ManagementClient is the client of the master realm whose roles are rights in the realm of this name.
func ManagementClient(name string) string { return name + managesOther }

// OwnManagementClient is the client of a realm, by the realm's name, whose roles are rights in the realm itself.
func OwnManagementClient(name string) string {
	if name == Master {
		return ManagementClient(Master)
	}
	return managesOwn
}

// Manages tells whether roles of a client of this client_id are rights: in the realm itself, or of the master realm's in the
// realm that the client is named after, whether there is one or not.
func (r *Realm) Manages(clientID string) bool {
	if r.Name == Master {
		return strings.HasSuffix(clientID, managesOther)
	}
	return clientID == managesOwn
}
