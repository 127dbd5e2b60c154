package manage

import (
	"errors"
	"fmt"
	"iter"
	"strconv"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
	"github.com/tokenhouse/tokenhouse/internal/keycloak/realmfile"
)

// document is a realm file, with its name where it is one of several.
type document struct {
	open Document
	name string
}

// locate puts the file's name before the path of what is wrong with it.
func (d document) locate(err error) error {
	err = problems(err)
	if err == nil || d.name == "" {
		return err
	}
	if invalid, ok := errors.AsType[*fault.Invalid](err); ok {
		if invalid.Field == "" {
			return &fault.Invalid{Field: d.name, Message: invalid.Message}
		}
		return &fault.Invalid{Field: d.name + ": " + invalid.Field, Message: invalid.Message}
	}
	return fmt.Errorf("%s: %w", d.name, err)
}

// plan is one realm that an import is to make.
type plan struct {
	file     keycloak.Object
	mentions realmfile.Mentions
	sources  []source // where its users are, behind the realm itself
	contents *realmfile.Contents

	passwords int             // that are still to be hashed
	ofUsers   []keycloak.Note // on users, the first of them
	more      int             // notes on users beyond those
}

// source is a realm by its number in a document.
type source struct {
	document document
	number   int
	path     string // of the realm in the document, which is the document itself where it is the only one
}

// plan reads documents as far as can be done without storing anything: what is wrong with any of them
// comes out here, as a *fault.Invalid. Of several documents the first holds the realm, the others more
// of its users.
func (m *Realms) plan(docs []document) ([]*plan, error) {
	plans, err := m.gather(docs)
	if err != nil {
		return nil, err
	}
	for _, p := range plans {
		if p.contents, err = realmfile.Build(p.file, &p.mentions, m.options()); err != nil {
			return nil, p.sources[0].document.locate(keycloak.At(p.sources[0].path, err))
		}
	}
	for _, p := range plans {
		for person, err := range m.people(p) {
			if err != nil {
				return nil, err
			}
			if err := m.meets(p, person); err != nil {
				return nil, err
			}
			p.take(person)
		}
	}
	return plans, nil
}

// meets refuses a user with a password that the realm would not take, where that matters.
func (m *Realms) meets(p *plan, person keycloak.Person) error {
	text := p.contents.Draft.Realm().PasswordPolicy
	if !m.demanding || len(person.Passwords) == 0 || text == "" {
		return nil
	}
	policy := user.PolicyOf(text)
	for _, password := range person.Passwords {
		if err := policy.Check(password.Plain, &person.User); err != nil {
			return &fault.Invalid{Field: "users", Message: "Password policy not met for user " + person.User.Username + ": " + err.Error()}
		}
	}
	return nil
}

// gather reads the realms and what their users mention.
func (m *Realms) gather(docs []document) ([]*plan, error) {
	mentions := map[int]*realmfile.Mentions{}
	var plans []*plan
	for n, doc := range docs {
		realms, err := m.read(doc, func(number, index int, u keycloak.Object) error {
			if mentions[number] == nil {
				mentions[number] = &realmfile.Mentions{}
			}
			return mentions[number].Add(index, u)
		})
		if err != nil {
			return nil, err
		}
		for i, o := range realms {
			if n == 0 {
				plans = append(plans, &plan{file: o})
			}
			if i >= len(plans) {
				break
			}
			from := source{document: doc, number: i}
			if len(realms) > 1 {
				from.path = "[" + strconv.Itoa(i) + "]"
			}
			plans[i].sources = append(plans[i].sources, from)
		}
	}
	for i, p := range plans {
		if mentions[i] != nil {
			p.mentions = *mentions[i]
		}
	}
	return plans, nil
}

// read goes over a document once.
func (m *Realms) read(doc document, each func(number, index int, u keycloak.Object) error) ([]keycloak.Object, error) {
	r, err := doc.open()
	if err != nil {
		return nil, fmt.Errorf("open the realm file: %w", err)
	}
	defer r.Close()
	realms, err := keycloak.ReadRealms(keycloak.Placeholders(r, m.Env), each)
	return realms, doc.locate(err)
}

// people are the users of a plan, passwords not hashed. The paths of their notes begin at the realm.
func (m *Realms) people(p *plan) iter.Seq2[keycloak.Person, error] {
	enough := errors.New("enough")
	return func(yield func(keycloak.Person, error) bool) {
		for _, from := range p.sources {
			_, err := m.read(from.document, func(number, index int, u keycloak.Object) error {
				if number != from.number {
					return nil
				}
				person, err := p.contents.Person(u)
				if err != nil {
					return err
				}
				person.Notes = keycloak.Below("users["+strconv.Itoa(index)+"]", person.Notes)
				if !yield(person, nil) {
					return enough
				}
				return nil
			})
			if errors.Is(err, enough) {
				return
			}
			if err != nil {
				yield(keycloak.Person{}, err)
				return
			}
		}
	}
}

// mostOfUsers is how many notes on users a report lists: there may be a million users.
const mostOfUsers = 100

// take counts what a user brings.
func (p *plan) take(person keycloak.Person) {
	p.passwords += len(person.Passwords)
	listed := min(len(person.Notes), mostOfUsers-len(p.ofUsers))
	p.ofUsers = append(p.ofUsers, person.Notes[:listed]...)
	p.more += len(person.Notes) - listed
}

// notes are what is kept of the realm and not acted on.
func (p *plan) notes() []keycloak.Note {
	out := append(p.contents.Notes[:len(p.contents.Notes):len(p.contents.Notes)], p.ofUsers...)
	if p.more > 0 {
		out = append(out, keycloak.Note{Path: "users", Text: strconv.Itoa(p.more) + " more like these"})
	}
	return out
}

func (p *plan) name() string { return p.contents.Draft.Realm().Name }

// distinct refuses two realms of one name or id: the second would find the first in its place.
func distinct(plans []*plan) error {
	seen := map[string]bool{}
	for _, p := range plans {
		r, from := p.contents.Draft.Realm(), p.sources[0]
		for _, taken := range []struct{ member, value string }{{"realm", r.Name}, {"id", r.Key}} {
			if seen[taken.member+taken.value] {
				return from.document.locate(keycloak.At(from.path, &fault.Invalid{Field: taken.member,
					Message: "another realm of the import has the " + taken.member + " " + strconv.Quote(taken.value)}))
			}
			seen[taken.member+taken.value] = true
		}
	}
	return nil
}
