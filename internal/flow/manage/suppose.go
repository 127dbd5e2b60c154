package manage

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strconv"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
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

// supposable are the members of a change beside the realm's settings.
var supposable = []string{"clients", "clientScopes", "roles", "scopeMappings", "clientScopeMappings"}

// unsupposable are members of a realm that a change cannot have: what they say is no configuration, or bears on no decision.
var unsupposable = []string{"users", "groups", "federatedUsers", "defaultRole", "defaultRoles", "defaultGroups", "defaultDefaultClientScopes",
	"defaultOptionalClientScopes", "identityProviders", "identityProviderMappers", "components"}

// Change is a change of a realm that is only supposed: a partial representation of it, and what of it goes.
type Change struct {
	merge keycloak.Object
	gone  gone
}

// gone are things that a change takes away, by their names.
type gone struct {
	Clients      []string `json:"clients"`
	ClientScopes []string `json:"clientScopes"`
}

// ReadChange reads a change: the JSON of a partial representation of a realm, with what goes in a member "remove", as
// {"remove": {"clients": ["shop"], "clientScopes": ["orders"]}}. What is wrong with it is a *fault.Invalid.
func ReadChange(data []byte) (Change, error) {
	wrong := func(why string) (Change, error) {
		return Change{}, &fault.Invalid{Field: "with", Message: "no change of a realm: " + why}
	}
	var c Change
	var whole map[string]json.RawMessage
	if err := json.Unmarshal(data, &whole); err != nil || whole == nil {
		return wrong("no JSON object")
	}
	if remove, ok := whole["remove"]; ok {
		d := json.NewDecoder(bytes.NewReader(remove))
		d.DisallowUnknownFields()
		if err := d.Decode(&c.gone); err != nil {
			return wrong(`"remove" has lists "clients" and "clientScopes"`)
		}
		delete(whole, "remove")
	}
	for _, member := range unsupposable {
		if _, has := whole[member]; has {
			return wrong("it cannot have " + strconv.Quote(member))
		}
	}
	rest, err := json.Marshal(whole)
	if err != nil {
		return wrong(err.Error())
	}
	checked, err := keycloak.Check("Realm", rest)
	if err != nil {
		return wrong(err.Error())
	}
	return c, json.Unmarshal(checked, &c.merge)
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

func (s *supposed) scopes() error {
	return s.members("clientScopes", func(o keycloak.Object) error {
		now := s.realm().Scope(o.Text("name"))
		if now == nil {
			return s.newScope(o)
		}
		with := *now
		var err error
		if with.Extra, err = loadExtra(s.draft, realm.KindScope, now.Key); err != nil {
			return err
		}
		merged, notes := keycloak.MergeClientScope(&with, o)
		if err := keycloak.Refused(notes); err != nil {
			return err
		}
		brought, _ := keycloak.ToClientScope(o)
		if merged.Mappers, err = s.mappers(now.Mappers, brought.Mappers, nil); err != nil {
			return err
		}
		return putScope(s.draft, merged)
	})
}

func (s *supposed) newScope(o keycloak.Object) error {
	made, notes := keycloak.ToClientScope(o)
	if err := keycloak.Refused(notes); err != nil {
		return err
	}
	made.Key = s.author.NewID()
	var err error
	if made.Mappers, err = s.mappers(nil, made.Mappers, nil); err != nil {
		return err
	}
	return putScope(s.draft, made)
}

// mappers are those that there are, with those of the change in place of the ones of the same protocol and name.
func (s *supposed) mappers(now, brought []realm.Mapper, client *realm.Client) ([]realm.Mapper, error) {
	out := slices.Clone(now)
	for _, m := range brought {
		at := slices.IndexFunc(out, func(old realm.Mapper) bool { return old.Protocol == m.Protocol && old.Name == m.Name })
		if at >= 0 {
			m.Key = out[at].Key
		} else {
			m.Key = s.author.NewID()
		}
		if err := complete(&m, client, s.author); err != nil {
			return nil, err
		}
		if at >= 0 {
			out[at] = m
		} else {
			out = append(out, m)
		}
	}
	return out, nil
}

func (s *supposed) clients() error {
	return s.members("clients", func(o keycloak.Object) error {
		now := s.realm().Client(o.Text("clientId"))
		if now == nil {
			return s.newClient(o)
		}
		_, err := editClient(s.draft, now.Key, func(d *realm.Draft, client *realm.Client) ([]event.Admin, error) {
			before := client.Mappers
			if err := mergeClient(d, s.author, client, o); err != nil {
				return nil, err
			}
			if o.Has("protocolMappers") {
				var err error
				if client.Mappers, err = s.mappers(before, client.Mappers, client); err != nil {
					return nil, err
				}
			}
			keycloak.ReassignScopes(d.Realm(), client, o)
			return nil, nil
		})
		return err
	})
}

func (s *supposed) newClient(o keycloak.Object) error {
	o = maps.Clone(o)
	o.Put("id", s.author.NewID())
	if !o.Has("clientId") {
		return &fault.Invalid{Field: "clientId", Message: "a client has to be named"}
	}
	keycloak.CompleteClient(o)
	_, err := addClient(s.draft, s.author, o)
	return err
}

// eachRole calls each for the roles of the change.
func (s *supposed) eachRole(each func(client *realm.Client, o keycloak.Object) error) error {
	roles := keycloak.Value[keycloak.Object](s.change, "roles")
	for i, o := range keycloak.Value[[]keycloak.Object](roles, "realm") {
		path := "roles.realm[" + strconv.Itoa(i) + "]"
		if err := each(nil, o); err != nil {
			return keycloak.At(path, err)
		}
	}
	ofClients := keycloak.Value[map[string][]keycloak.Object](roles, "client")
	for _, id := range slices.Sorted(maps.Keys(ofClients)) {
		client := s.realm().Client(id)
		if client == nil {
			return &fault.Invalid{Field: "roles.client." + id, Message: "there is no client " + strconv.Quote(id)}
		}
		for i, o := range ofClients[id] {
			path := "roles.client." + id + "[" + strconv.Itoa(i) + "]"
			if err := each(client, o); err != nil {
				return keycloak.At(path, err)
			}
		}
	}
	return nil
}

// roles makes the roles that there are not yet. Those of clients of the change come after the clients.
func (s *supposed) roles() error {
	return s.eachRole(func(client *realm.Client, o keycloak.Object) error {
		key := clientKey(client)
		if o.Text("name") == "" {
			return &fault.Invalid{Field: "name", Message: "a role has to be named"}
		}
		if roleNamed(s.realm(), key, o.Text("name")) != nil {
			return nil
		}
		role := keycloak.ToRole(o, key)
		role.Key = s.author.NewID()
		return putRole(s.draft, role)
	})
}

// composites lets roles include more than they do.
func (s *supposed) composites() error {
	return s.eachRole(func(client *realm.Client, o keycloak.Object) error {
		parts := keycloak.NamedRoles(keycloak.Value[keycloak.Object](o, "composites"), "realm", "client")
		if len(parts) == 0 {
			return nil
		}
		with := *roleNamed(s.realm(), clientKey(client), o.Text("name"))
		keys, err := s.roleKeys(parts)
		if err != nil {
			return err
		}
		with.Composites = realm.WithKeys(with.Composites, keys)
		s.draft.PutRole(&with)
		return nil
	})
}

func clientKey(c *realm.Client) string {
	if c == nil {
		return ""
	}
	return c.Key
}

func (s *supposed) roleKeys(named []keycloak.NamedRole) (keys []string, err error) {
	for _, n := range named {
		role := s.realm().Role(n.RoleRef)
		if role == nil {
			return nil, &fault.Invalid{Field: n.Path, Message: "there is no role " + n.RoleRef.String()}
		}
		keys = append(keys, role.Key)
	}
	return keys, nil
}

// mappings lets clients and client scopes carry more roles.
func (s *supposed) mappings() error {
	carry := func(owner string, o keycloak.Object) error {
		var named []keycloak.NamedRole
		for _, name := range keycloak.Value[[]string](o, "roles") {
			named = append(named, keycloak.NamedRole{RoleRef: realm.RoleRef{Client: owner, Name: name}, Path: "roles"})
		}
		keys, err := s.roleKeys(named)
		if err != nil {
			return err
		}
		return s.carry(o, keys)
	}
	if err := s.members("scopeMappings", func(o keycloak.Object) error { return carry("", o) }); err != nil {
		return err
	}
	ofClients := keycloak.Value[map[string][]keycloak.Object](s.change, "clientScopeMappings")
	for _, owner := range slices.Sorted(maps.Keys(ofClients)) {
		for i, o := range ofClients[owner] {
			path := "clientScopeMappings." + owner + "[" + strconv.Itoa(i) + "]"
			if err := carry(owner, o); err != nil {
				return keycloak.At(path, err)
			}
		}
	}
	return nil
}

func (s *supposed) carry(o keycloak.Object, keys []string) error {
	owner := Owner{}
	switch c, scope := s.realm().Client(o.Text("client")), s.realm().Scope(o.Text("clientScope")); {
	case o.Has("client") && c != nil:
		owner.Kind, owner.Key = realm.KindClient, c.Key
	case o.Has("clientScope") && scope != nil:
		owner.Kind, owner.Key = realm.KindScope, scope.Key
	default:
		return &fault.Invalid{Field: "client", Message: "there is no such client, or client scope"}
	}
	return owner.edit(s.draft, func(b belongings) error {
		*b.carried = realm.WithKeys(*b.carried, keys)
		return nil
	})
}
