package manage

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/federation"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/flow/audit"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
	"github.com/tokenhouse/tokenhouse/internal/keycloak/idp"
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

// mostMembers is how many users and groups a partial import may make. They are one transaction, for which all others who
// write to SQLite wait: some seconds for as many.
const mostMembers = 10_000

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
	return realmfile.ExportPart(r, groups, func(kind realm.Kind, key string) (realm.Extra, error) {
		return p.Store.Extra(ctx, r.Key, kind, key)
	}, part)
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
		return &partial{PartOptions: options, draft: d, file: copied(o), found: people, report: PartReport{Results: []PartItem{}}}
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

// found are the groups and users of a realm that a partial import speaks of.
type found struct {
	groups   map[string]*realm.Group // by path
	users    map[string]*user.User   // by the name in the file
	siblings map[string]bool         // names of groups at the top that come without a path, and are taken
	accounts map[string]string       // client_id → id of the service account
}

// find looks up what a partial import speaks of.
func (p *Parts) find(ctx context.Context, r *realm.Realm, o keycloak.Object) (*found, error) {
	out := &found{groups: map[string]*realm.Group{}, users: map[string]*user.User{}, siblings: map[string]bool{}, accounts: map[string]string{}}
	lookup := func(path string) (bool, error) {
		g, err := p.Members.GroupByPath(ctx, r.Key, path)
		if errors.Is(err, fault.ErrNotFound) {
			return false, nil
		}
		if err == nil {
			out.groups[path] = g
		}
		return err == nil, err
	}
	for _, g := range keycloak.Value[[]keycloak.Object](o, "groups") {
		path := g.Text("path")
		if path == "" {
			path = "/" + g.Text("name")
		}
		taken, err := lookup(path)
		if err != nil {
			return nil, err
		}
		out.siblings[path] = taken
	}
	for _, u := range keycloak.Value[[]keycloak.Object](o, "users") {
		for _, path := range keycloak.Value[[]string](u, "groups") {
			for _, path := range above("/" + strings.TrimPrefix(path, "/")) {
				if _, err := lookup(path); err != nil {
					return nil, err
				}
			}
		}
		if err := p.findUser(ctx, r, u, out); err != nil {
			return nil, err
		}
	}
	for _, m := range keycloak.Value[[]idp.Mapper](o, "identityProviderMappers") {
		gives := federation.Mapper{Config: m.Config}
		for _, path := range above(rooted(gives.Group())) {
			if _, err := lookup(path); err != nil {
				return nil, err
			}
		}
	}
	for _, c := range keycloak.Value[[]keycloak.Object](o, "clients") {
		existing := r.Client(c.Text("clientId"))
		if existing == nil {
			continue
		}
		account, err := p.Members.ServiceAccount(ctx, r.Key, existing.Key)
		if err != nil && !errors.Is(err, fault.ErrNotFound) {
			return nil, err
		}
		if err == nil {
			out.accounts[existing.ID] = account.ID
		}
	}
	return out, nil
}

// rooted is a path of a group as groups have theirs, whichever slashes it is written with.
func rooted(path string) string { return "/" + strings.Trim(path, "/") }

// above are the paths of a group and of those above it.
func above(path string) []string {
	out := []string{path}
	for at := strings.LastIndexByte(path, '/'); at > 0; at = strings.LastIndexByte(path[:at], '/') {
		out = append(out, path[:at])
	}
	return out
}

// findUser looks for a user by name, and by address where nobody else may have it.
func (p *Parts) findUser(ctx context.Context, r *realm.Realm, u keycloak.Object, out *found) error {
	name, email := strings.ToLower(u.Text("username")), strings.ToLower(u.Text("email"))
	existing, err := p.Members.UserByName(ctx, r.Key, name)
	if errors.Is(err, fault.ErrNotFound) && email != "" && !r.DuplicateEmails {
		existing, err = p.Members.UserByEmail(ctx, r.Key, email)
	}
	if err != nil && !errors.Is(err, fault.ErrNotFound) {
		return err
	}
	if err == nil {
		out.users[name] = existing
	}
	return nil
}

// partial is one partial import on its way.
type partial struct {
	PartOptions
	draft  *realm.Draft
	file   keycloak.Object
	found  *found
	report PartReport

	contents *realmfile.Contents
	accounts []keycloak.Person
	named    []func() // finish the report, with the ids of what was made

	// What is overwritten, of the draft and beside it.
	drop          []func()
	goneProviders []string // aliases
	goneUsers     []string // ids
	goneGroups    []*realm.Group
}

// build decides what becomes of each thing, and changes the draft.
func (p *partial) build() error {
	for _, decide := range []func() error{p.clients, p.realmRoles, p.clientRoles, p.providers, p.providerMappers, p.groups, p.users} {
		if err := decide(); err != nil {
			return err
		}
	}
	before := grantedIn(p.draft.Realm())
	for _, drop := range p.drop {
		drop()
	}
	if err := p.add(); err != nil {
		return err
	}
	if len(p.accounts)+len(p.contents.Groups) > mostMembers {
		return &fault.Invalid{Field: "users", Message: "A partial import makes at most " + strconv.Itoa(mostMembers) + " users and groups; send it in parts"}
	}
	if err := p.draft.Validate(); err != nil {
		return err
	}
	if err := p.mayGrant(before); err != nil {
		return err
	}
	for _, finish := range p.named {
		finish()
	}
	return nil
}

// add makes what is new.
func (p *partial) add() error {
	mentions := &realmfile.Mentions{}
	people := keycloak.Value[[]keycloak.Object](p.file, "users")
	for i, u := range people {
		if err := mentions.Add(i, u); err != nil {
			return keycloak.At("users["+strconv.Itoa(i)+"]", err)
		}
	}
	paths := map[string]string{}
	for path, g := range p.found.groups {
		if !p.overwritten(path) {
			paths[path] = g.Key
		}
	}
	var err error
	p.contents, err = realmfile.Add(p.draft, p.file, mentions, paths, realmfile.Options{Now: p.Author.Now, NewID: p.Author.NewID, NewSecret: newSecret})
	if err != nil {
		return err
	}
	for i, u := range people {
		person, err := p.contents.Person(u)
		if err != nil {
			return keycloak.At("users["+strconv.Itoa(i)+"]", err)
		}
		p.accounts = append(p.accounts, person)
	}
	return nil
}

// overwritten tells whether a group goes: itself, or with one above it.
func (p *partial) overwritten(path string) bool {
	return slices.ContainsFunc(p.goneGroups, func(gone *realm.Group) bool {
		return path == gone.Path || strings.HasPrefix(path, gone.Path+"/")
	})
}

// result notes what became of something. identify tells its id, and its address below the realm, once everything
// is made.
func (p *partial) result(action, resource, name string, identify func() (id, path string)) {
	switch action {
	case itemAdded:
		p.report.Added++
	case itemSkipped:
		p.report.Skipped++
	default:
		p.report.Overwritten++
	}
	p.named = append(p.named, func() {
		id, path := identify()
		p.report.Results = append(p.report.Results, PartItem{Action: action, Resource: resource, Name: name, ID: id, path: path})
	})
}
