package manage

import (
	"maps"
	"slices"
	"strconv"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/flow/audit"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
)

// Extras read what is kept of a stored document, as a draft asks for it.
type Extras func(kind realm.Kind, key string) (realm.Extra, error)

// InMemory are the extras of a realm that was read from a file.
func InMemory(r *realm.Realm) Extras {
	return func(kind realm.Kind, key string) (realm.Extra, error) { return extraOf(r, kind, key), nil }
}

// Suppose gives the realm that would follow from r if a change were merged over it, and stores nothing. Of clients, client
// scopes, roles and scope mappings the change has those that it names. What the realm has already is changed as by an
// update, where members, attributes and mappers that are absent stay; the rest is made. What cannot be accepted is a
// *fault.Invalid or *fault.Conflict.
func Suppose(r *realm.Realm, c Change, extras Extras, author audit.Author) (*realm.Realm, error) {
	s := &supposed{draft: realm.Edit(r), author: author, change: c.merge}
	s.draft.LoadExtra = s.once(extras)
	if err := s.remove(c.gone); err != nil {
		return nil, err
	}
	for _, step := range []func() error{s.settings, s.scopes, s.clients, s.roles, s.composites, s.mappings} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	return s.draft.Realm(), nil
}

// supposed is a change on its way into a draft that nobody stores.
type supposed struct {
	draft  *realm.Draft
	author audit.Author
	change keycloak.Object
}

func (s *supposed) realm() *realm.Realm { return s.draft.Realm() }

// once reads what is kept of documents that the change made itself from the draft.
func (s *supposed) once(extras Extras) Extras {
	return func(kind realm.Kind, key string) (realm.Extra, error) {
		for _, c := range s.draft.Changes() {
			if c.Kind == kind && c.Key == key {
				return extraOf(s.realm(), kind, key), nil
			}
		}
		return extras(kind, key)
	}
}

// remove takes things away.
func (s *supposed) remove(g gone) error {
	for _, id := range g.Clients {
		c := s.realm().Client(id)
		if c == nil {
			return &fault.Invalid{Field: "remove.clients", Message: "there is no client " + strconv.Quote(id)}
		}
		dropClient(s.draft, c)
	}
	for _, name := range g.ClientScopes {
		scope := s.realm().Scope(name)
		if scope == nil {
			return &fault.Invalid{Field: "remove.clientScopes", Message: "there is no client scope " + strconv.Quote(name)}
		}
		dropScope(s.draft, scope.Key)
	}
	return nil
}

// settings merges the realm's own members. Attributes that the change does not name stay.
func (s *supposed) settings() error {
	put := keycloak.Object{}
	for name, value := range s.change {
		if !slices.Contains(supposable, name) && name != "realm" && name != "id" {
			put[name] = value
		}
	}
	if len(put) == 0 {
		return nil
	}
	if put.Has("attributes") {
		now := *s.realm()
		var err error
		if now.Extra, err = loadExtra(s.draft, realm.KindRealm, now.Key); err != nil {
			return err
		}
		attributes := keycloak.Value[map[string]string](keycloak.FromSettings(&now), "attributes")
		if attributes == nil {
			attributes = map[string]string{}
		}
		maps.Copy(attributes, keycloak.Value[map[string]string](put, "attributes"))
		put.Put("attributes", attributes)
	}
	if err := checkRealm(s.realm().Name, put); err != nil {
		return err
	}
	_, err := mergeRealm(s.author, s.draft, put)
	return err
}

// members calls each for the objects of a list of the change.
func (s *supposed) members(list string, each func(keycloak.Object) error) error {
	for i, o := range keycloak.Value[[]keycloak.Object](s.change, list) {
		if err := each(o); err != nil {
			return keycloak.At(list+"["+strconv.Itoa(i)+"]", err)
		}
	}
	return nil
}
