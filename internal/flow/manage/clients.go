package manage

import (
	"context"
	"errors"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/flow/audit"
	"github.com/tokenhouse/tokenhouse/internal/flow/police"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
	"github.com/tokenhouse/tokenhouse/internal/keycloak/authz"
)

// Clients changes clients, and the service accounts that some of them have.
type Clients struct {
	Store    ClientStore
	Updaters *police.Updaters // for client policies; nil: nothing is known of who changes clients
}

// ClientStore keeps clients, and the users that stand for them.
type ClientStore interface {
	Documents
	Realm(ctx context.Context, name string) (*realm.Realm, error)
	EditClients(ctx context.Context, name string, edit func(*realm.Draft, user.ServiceAccounts) ([]event.Admin, error)) error
	ServiceAccount(ctx context.Context, realmKey, clientKey string) (*user.User, error)
	EndGrants(ctx context.Context, realmKey, clientKey string) error
}

const clientResource = "CLIENT"

// errNoClient refuses an address that names no client of the realm.
var errNoClient = &fault.NotFound{Message: "Could not find client"}

// clientPath is the address of a client below its realm.
func clientPath(key string, below ...string) string {
	return strings.Join(append([]string{"clients", key}, below...), "/")
}

// edit changes the client with this key. What change gets is a copy with Extra filled in; what it leaves
// behind is checked and stored with the admin events that it gives. It may run again.
func (c *Clients) edit(ctx context.Context, realmName, key string, change func(*realm.Draft, *realm.Client) ([]event.Admin, error)) error {
	return c.Store.Edit(ctx, realmName, func(d *realm.Draft) ([]event.Admin, error) { return editClient(d, key, change) })
}

// editWithAccount is edit for changes that the client's service account follows, and a role of it: see settle.
func (c *Clients) editWithAccount(ctx context.Context, author audit.Author, realmName, key string, change func(*realm.Draft, *realm.Client) ([]event.Admin, error)) error {
	return c.Store.EditClients(ctx, realmName, func(d *realm.Draft, accounts user.ServiceAccounts) ([]event.Admin, error) {
		protects := false
		audit, err := editClient(d, key, func(d *realm.Draft, client *realm.Client) ([]event.Admin, error) {
			protects = authz.On(client.Extra)
			return change(d, client)
		})
		if err != nil {
			return nil, err
		}
		return audit, settle(d, accounts, author, key, protects)
	})
}

func editClient(d *realm.Draft, key string, change func(*realm.Draft, *realm.Client) ([]event.Admin, error)) ([]event.Admin, error) {
	client := d.Realm().ClientByKey(key)
	if client == nil {
		return nil, errNoClient
	}
	with := *client
	var err error
	if with.Extra, err = loadExtra(d, realm.KindClient, key); err != nil {
		return nil, err
	}
	audit, err := change(d, &with)
	switch {
	case errors.Is(err, errUnchanged):
		return audit, nil
	case err != nil:
		return nil, err
	}
	if err := checkClient(d, client, &with); err != nil {
		return nil, err
	}
	d.PutClient(&with)
	return audit, nil
}

// errUnchanged ends an edit that finds everything as it is to be.
var errUnchanged = errors.New("unchanged")

// loadExtra reads what is kept of a stored document; nothing in a draft that nobody stores.
func loadExtra(d *realm.Draft, kind realm.Kind, key string) (realm.Extra, error) {
	if d.LoadExtra == nil {
		return nil, nil
	}
	return d.LoadExtra(kind, key)
}

// checkClient refuses a client that cannot be accepted as what is to take the place of before, which is
// nil where it is new.
func checkClient(d *realm.Draft, before, client *realm.Client) error {
	var mappers []realm.Mapper
	if before != nil {
		mappers = before.Mappers
	}
	if err := checkMappers(mappers, client.Mappers); err != nil {
		return err
	}
	if err := checkUnique(client.Mappers); err != nil {
		return err
	}
	if err := checkTexts(client.Extra); err != nil {
		return err
	}
	if err := checkOverrides(d, client); err != nil {
		return err
	}
	return realm.CheckClient(d.Realm(), client)
}

// checkUnique refuses two mappers of one protocol and name.
func checkUnique(mappers []realm.Mapper) error {
	seen := map[[2]string]bool{}
	for _, m := range mappers {
		if seen[[2]string{m.Protocol, m.Name}] {
			return &fault.Conflict{Kind: "protocol mapper", Field: "name"}
		}
		seen[[2]string{m.Protocol, m.Name}] = true
	}
	return nil
}

// checkTexts refuses texts that Keycloak has no room for: an export could not be imported there.
func checkTexts(kept realm.Extra) error {
	if len([]rune(keycloak.Object(kept).Text("name"))) > longestText {
		return &fault.Invalid{Field: "name", Message: "Name is longer than 255 characters"}
	}
	return checkDescription(kept)
}

// checkOverrides refuses authentication flows, in place of the realm's, that the realm does not have.
func checkOverrides(d *realm.Draft, client *realm.Client) error {
	overrides := keycloak.Value[map[string]string](keycloak.Object(client.Extra), "authenticationFlowBindingOverrides")
	if len(overrides) == 0 {
		return nil
	}
	kept, err := loadExtra(d, realm.KindRealm, d.Realm().Key)
	if err != nil {
		return err
	}
	known := map[string]bool{}
	for _, flow := range keycloak.Value[[]keycloak.Object](keycloak.Object(kept), "authenticationFlows") {
		known[flow.Text("id")] = true
	}
	for what, id := range overrides {
		if !known[id] {
			return &fault.Invalid{Field: "authenticationFlowBindingOverrides." + what,
				Message: "Unable to resolve auth flow binding override for: " + what}
		}
	}
	return nil
}

// refused is what is wrong with the representation of a client: a setting of ours that does not parse.
// Keycloak takes any text for its own. A client has many: the message says which.
func refused(notes []keycloak.Note) error {
	for _, n := range notes {
		if n.Bad {
			return &fault.Invalid{Field: n.Path, Message: n.String()}
		}
	}
	return nil
}

// keyMappers gives keys to the mappers that have none.
func keyMappers(mappers []realm.Mapper, author audit.Author) {
	for i := range mappers {
		if mappers[i].Key == "" {
			mappers[i].Key = author.NewID()
		}
	}
}
