package manage

import (
	"maps"
	"slices"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
)

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
	if err := keycloak.CompleteClient(o); err != nil {
		return err
	}
	_, err := addClient(s.draft, s.author, o)
	return err
}
