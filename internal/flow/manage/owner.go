package manage

import (
	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
)

// Owner is a client or a client scope, as what has protocol mappers and carries roles.
type Owner struct {
	Realm string     // name
	Kind  realm.Kind // realm.KindClient or realm.KindScope
	Key   string
	Path  string // the address below the realm by which the caller came to it
}

// belongings are what clients and client scopes have in common. Lists are replaced, never changed: other
// snapshots share them.
type belongings struct {
	mappers *[]realm.Mapper
	carried *[]string // keys of the roles that it carries
	client  *realm.Client
}

// edit changes what belongs to the owner.
func (o Owner) edit(d *realm.Draft, change func(belongings) error) error {
	if c := d.Realm().ClientByKey(o.Key); o.Kind == realm.KindClient && c != nil {
		with := *c
		if err := change(belongings{&with.Mappers, &with.ScopeMappings, c}); err != nil {
			return err
		}
		d.PutClient(&with)
		return nil
	}
	if s := d.Realm().ScopeByKey(o.Key); o.Kind == realm.KindScope && s != nil {
		with := *s
		if err := change(belongings{&with.Mappers, &with.ScopeMappings, nil}); err != nil {
			return err
		}
		d.PutScope(&with)
		return nil
	}
	if o.Kind == realm.KindClient {
		return errNoClient
	}
	return &fault.NotFound{Message: "Could not find client scope"}
}
