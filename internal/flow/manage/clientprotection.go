package manage

import (
	"slices"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/flow/audit"
	"github.com/tokenhouse/tokenhouse/internal/keycloak/authz"
)

// settle makes of a client's service account and roles what the client, which was written, now wants. protected tells
// whether it was a resource server already.
func settle(d *realm.Draft, accounts user.ServiceAccounts, author audit.Author, key string, protected bool) error {
	if err := settleAccount(d.Realm(), accounts, author, key); err != nil {
		return err
	}
	if client := d.Realm().ClientByKey(key); protected || !authz.On(client.Extra) {
		return nil
	}
	return giveProtection(d, accounts, author, key)
}

// giveProtection gives a new resource server the role authz.ProtectionRole, and its service account that role. Only then:
// whoever takes the role away later has their way, and it stays when the client protects nothing any more.
func giveProtection(d *realm.Draft, accounts user.ServiceAccounts, author audit.Author, key string) error {
	role := d.Realm().Role(realm.RoleRef{Client: d.Realm().ClientByKey(key).ID, Name: authz.ProtectionRole})
	if role == nil {
		role = &realm.Role{Key: author.NewID(), Client: key, Name: authz.ProtectionRole, Extra: realm.Extra{}}
		d.PutRole(role)
	}
	u, err := accounts.Of(key)
	if err != nil || u == nil || slices.Contains(u.Roles, role.Key) {
		return err
	}
	return accounts.Grant(u.ID, role.Key)
}

// switched is the admin event of a client that became a resource server, or is none any more. before is nil where the
// client is new; Extra of both has to be loaded.
func switched(author audit.Author, r *realm.Realm, before, now *realm.Client) []event.Admin {
	was, is := before != nil && authz.On(before.Extra), authz.On(now.Extra)
	switch {
	case is && !was:
		empty := authz.Read(now, nil) // what it is given comes next
		return author.Of(r, audit.Create, resourceAuthorization, clientPath(now.Key), empty.Overview(now))
	case was && !is:
		return author.Of(r, audit.Delete, resourceAuthorization, clientPath(now.Key), authz.Read(before, before.Extra).Overview(before))
	}
	return nil
}
