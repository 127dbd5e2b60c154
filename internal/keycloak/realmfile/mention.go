package realmfile

import (
	"crypto/sha256"
	"strconv"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
)

// Mentions are what the users of a file refer to. They are gathered before the realm is made, since it
// gets the roles that only users name, and so that what is wrong with a user is known before anything
// is stored. The zero value is that of a file without users.
type Mentions struct {
	Users int // how many there are

	roles    []keycloak.NamedRole
	seen     map[realm.RoleRef]bool
	accounts map[string]bool   // client_ids with a service account
	names    map[[16]byte]bool // hashes of usernames and ids
}

// Add takes in a user. A name or id that another user has is a *fault.Invalid.
func (m *Mentions) Add(index int, u keycloak.Object) error {
	if m.seen == nil {
		m.seen, m.accounts, m.names = map[realm.RoleRef]bool{}, map[string]bool{}, map[[16]byte]bool{}
	}
	m.Users++
	for _, named := range keycloak.UserRoles(u) {
		if m.seen[named.RoleRef] {
			continue
		}
		m.seen[named.RoleRef] = true
		named.Path = "users[" + strconv.Itoa(index) + "]." + named.Path
		m.roles = append(m.roles, named)
	}
	if id := u.Text("serviceAccountClientId"); id != "" {
		m.accounts[id] = true
	}
	if err := m.unique("username", strings.ToLower(u.Text("username"))); err != nil {
		return err
	}
	return m.unique("id", u.Text("id"))
}

func (m *Mentions) unique(member, value string) error {
	if value == "" {
		return nil
	}
	sum := sha256.Sum256([]byte(member + "\x00" + value))
	key := [16]byte(sum[:16]) // a million users are to fit in memory, their names need not
	if m.names[key] {
		return &fault.Invalid{Field: member, Message: "another user of the file has the " + member + " " + strconv.Quote(value)}
	}
	m.names[key] = true
	return nil
}
