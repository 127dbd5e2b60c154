package manage

import (
	"context"
	"errors"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/flow/audit"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
	"github.com/tokenhouse/tokenhouse/internal/keycloak/realmfile"
)

// Parts imports and exports parts of realms. All fields are required.
type Parts struct {
	Store   Store
	Members Members
}

// Members finds the users and groups of realms, where what is not there is fault.ErrNotFound, and changes them together
// with the configuration.
type Members interface {
	UserByName(ctx context.Context, realmKey, username string) (*user.User, error)
	UserByEmail(ctx context.Context, realmKey, email string) (*user.User, error)
	ServiceAccount(ctx context.Context, realmKey, clientKey string) (*user.User, error)
	GroupByPath(ctx context.Context, realmKey, path string) (*realm.Group, error)
	EditMembers(ctx context.Context, realmName string, edit func(*realm.Draft, user.Members) ([]event.Admin, error)) error
}

// PartOptions are the ways a partial import can go.
type PartOptions struct {
	Existing Existing
	Author   audit.Author
	Permit   Permit
}

// Permit is what the author of a partial import may do beside what the import itself needs.
type Permit interface {
	MayGrant(*realm.Realm, *realm.Role) bool            // give somebody a role
	MayShape(*realm.Realm, *realm.Role) bool            // make a role like this
	MayName(r *realm.Realm, clientID string) bool       // give a client this client_id
	MayJoin(r *realm.Realm, groups []*realm.Group) bool // put somebody below these groups
}

// PartReport is what became of what a partial import brought.
type PartReport struct {
	Added       int        `json:"added"`
	Skipped     int        `json:"skipped"`
	Overwritten int        `json:"overwritten"`
	Results     []PartItem `json:"results"`
}

// PartItem is what became of one thing. A role of a client is named "client-->role", and has the client's id.
type PartItem struct {
	Action   string `json:"action"` // ADDED, SKIPPED or OVERWRITTEN
	Resource string `json:"resourceType"`
	Name     string `json:"resourceName"`
	ID       string `json:"id"`

	path string // its address below the realm; empty where events of its own tell of it
}

const (
	itemAdded       = "ADDED"
	itemSkipped     = "SKIPPED"
	itemOverwritten = "OVERWRITTEN"
)

// ErrNotPermitted refuses a partial import by which somebody came to rights that its author may not give.
var ErrNotPermitted = errors.New("the author may not give those rights")

// Export is the representation of a realm without users, and with a mask for each secret.
func (p *Parts) Export(ctx context.Context, realmName string, part realmfile.Part) (keycloak.Object, error) {
	r, err := p.Store.Realm(ctx, realmName)
	if err != nil {
		return nil, err
	}
	groups, err := p.Store.Groups(ctx, r.Key)
	if err != nil {
		return nil, err
	}
	o, err := realmfile.ExportPart(r, groups, func(kind realm.Kind, key string) (realm.Extra, error) {
		return p.Store.Extra(ctx, r.Key, kind, key)
	}, part)
	if err != nil || !part.Clients {
		return o, err
	}
	return o, p.exportAccounts(ctx, r, groups, part, o)
}

// exportAccounts adds the service accounts of the clients, with what they belong to and may do where the part holds groups
// and roles.
func (p *Parts) exportAccounts(ctx context.Context, r *realm.Realm, groups []*realm.Group, part realmfile.Part, o keycloak.Object) error {
	var out []keycloak.Object
	paths := pathsOf(groups)
	for _, c := range r.Clients() {
		if !c.ServiceAccounts {
			continue
		}
		u, err := p.Members.ServiceAccount(ctx, r.Key, c.Key)
		if errors.Is(err, fault.ErrNotFound) {
			continue // it is made when it is asked for
		}
		if err != nil {
			return err
		}
		account := keycloak.FromUser(r, paths, user.Account{User: *u})
		if !part.GroupsAndRoles {
			for _, member := range []string{"realmRoles", "clientRoles", "groups"} {
				delete(account, member)
			}
		}
		out = append(out, account)
	}
	if out != nil {
		o.Put("users", out)
	}
	return nil
}

// Import brings clients, roles, groups, identity providers and users into a realm that exists, all of it or nothing: it
// is one transaction, with its admin events. What is there already is a *fault.Conflict where the options say Fail.
//
// The import is built once beforehand, on the realm as it is then: what is wrong with it comes out, and passwords are
// hashed, while nobody waits.
func (p *Parts) Import(ctx context.Context, realmName string, o keycloak.Object, options PartOptions) (PartReport, error) {
	r, err := p.Store.Realm(ctx, realmName)
	if err != nil {
		return PartReport{}, err
	}
	people, err := p.find(ctx, r, o)
	if err != nil {
		return PartReport{}, err
	}
	begin := func(d *realm.Draft) *partial {
		return &partial{PartOptions: options, draft: d, file: copied(o), found: people, report: PartReport{Results: []PartItem{}}, making: map[[2]string]bool{}}
	}
	hashes, err := p.rehearse(ctx, begin(p.draftOf(ctx, r)))
	if err != nil {
		return PartReport{}, err
	}
	var made *partial
	err = p.Members.EditMembers(ctx, realmName, func(d *realm.Draft, members user.Members) ([]event.Admin, error) {
		made = begin(d)
		if err := made.build(); err != nil {
			return nil, err
		}
		ofPeople, err := made.store(members, hashes)
		return append(made.events(), ofPeople...), err
	})
	if err != nil {
		return PartReport{}, err
	}
	return made.report, nil
}

// draftOf is a draft of a realm that nobody stores.
func (p *Parts) draftOf(ctx context.Context, r *realm.Realm) *realm.Draft {
	d := realm.Edit(r)
	d.LoadExtra = func(kind realm.Kind, key string) (realm.Extra, error) { return p.Store.Extra(ctx, r.Key, kind, key) }
	return d
}

// rehearse builds an import that nobody stores, and hashes the passwords that it brings.
func (p *Parts) rehearse(ctx context.Context, trial *partial) (*passwords, error) {
	if err := trial.build(); err != nil {
		return nil, err
	}
	hashing := user.HashingOf(trial.draft.Realm().PasswordPolicy)
	return hashPasswords(hashing, func(take func(place, string)) error {
		for _, person := range trial.accounts {
			if err := takePasswords(ctx, person, take); err != nil {
				return err
			}
		}
		return nil
	})
}

// copied is a representation whose lists may be changed.
func copied(o keycloak.Object) keycloak.Object {
	out := keycloak.Object{}
	for name, value := range o {
		out[name] = value
	}
	return out
}
