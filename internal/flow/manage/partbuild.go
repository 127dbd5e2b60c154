package manage

import (
	"slices"
	"strconv"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
	"github.com/tokenhouse/tokenhouse/internal/keycloak/realmfile"
)

// mostMembers is how many users and groups a partial import may make. They are one transaction, for which all others who
// write to SQLite wait: some seconds for as many.
const mostMembers = 10_000

// partial is one partial import on its way.
type partial struct {
	PartOptions
	draft  *realm.Draft
	file   keycloak.Object
	found  *found
	report PartReport

	contents *realmfile.Contents
	accounts []keycloak.Person
	named    []func()           // finish the report, with the ids of what was made
	making   map[[2]string]bool // resource type and name of what is made

	madeUsers  map[string]string // username → id
	madeGroups map[string]string // name → key, of those at the top

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
	p.madeUsers, p.madeGroups = map[string]string{}, map[string]string{}
	for i := range p.accounts {
		p.madeUsers[p.accounts[i].User.Username] = p.accounts[i].User.ID
	}
	for _, g := range p.contents.Groups {
		if g.Parent == "" {
			p.madeGroups[g.Name] = g.Key
		}
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
