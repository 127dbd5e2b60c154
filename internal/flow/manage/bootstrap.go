package manage

import (
	"context"
	"errors"
	"iter"
	"maps"
	"slices"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/profile"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
	"github.com/tokenhouse/tokenhouse/internal/keycloak/realmfile"
)

// Administrator is who may do everything from the first start on: a user, or a client's service account,
// or both.
type Administrator struct {
	Username, Password     string
	ClientID, ClientSecret string
}

// Bootstrap makes the master realm, and in it the administrators named, where there is no master
// realm yet. On later starts it makes the user named where the realm has no user, and sees that each
// realm has its management client: the start before may have ended between making a realm and making
// that. It tells whether it made the realm or a user.
func (m *Realms) Bootstrap(ctx context.Context, a Administrator) (made bool, err error) {
	r, err := m.Store.Realm(ctx, master)
	if err == nil {
		if err := m.mend(ctx); err != nil {
			return false, err
		}
		return m.admit(ctx, r, a)
	}
	if !errors.Is(err, fault.ErrNotFound) {
		return false, err
	}
	names, err := m.Store.RealmNames(ctx)
	if err != nil {
		return false, err
	}
	contents, err := realmfile.Build(masterFile(a), &realmfile.Mentions{}, m.options())
	if err != nil {
		return false, err
	}
	m.relaxProfile(contents.Draft)
	for _, name := range names {
		realmfile.AddManagement(contents.Draft, name, m.NewID)
	}
	if err := m.completeKeys(contents.Draft); err != nil {
		return false, err
	}
	err = m.Store.CreateRealm(ctx, contents.Draft, contents.Groups, m.administrators(contents, a), nil)
	if errors.Is(err, fault.ErrConflict) { // another node was first
		return false, nil
	}
	return err == nil, err
}

// relaxProfile lets administrators of the master realm have nothing but a name, as in Keycloak.
func (m *Realms) relaxProfile(d *realm.Draft) {
	settings := d.Realm().Settings
	settings.Extra = maps.Clone(settings.Extra)
	keycloak.KeepProfile(settings.Extra, profile.Relaxed(), m.NewID())
	d.PutSettings(settings)
}

// mend makes the management clients that the master realm is missing.
func (m *Realms) mend(ctx context.Context) error {
	names, err := m.Store.RealmNames(ctx)
	if err != nil {
		return err
	}
	r, err := m.Store.Realm(ctx, master)
	if err != nil {
		return err
	}
	missing := slices.DeleteFunc(names, func(name string) bool {
		return name == master || r.Client(realm.ManagementClient(name)) != nil
	})
	if len(missing) == 0 {
		return nil
	}
	return m.editMaster(ctx, func(d *realm.Draft) {
		for _, name := range missing {
			realmfile.AddManagement(d, name, m.NewID)
		}
	})
}

// admit makes the user named in a master realm that has none, be it that nobody was named when it was made. Service
// accounts do not count: nobody signs in as one.
func (m *Realms) admit(ctx context.Context, r *realm.Realm, a Administrator) (made bool, err error) {
	admin := r.Role(realm.RoleRef{Name: "admin"})
	if a.Username == "" || admin == nil {
		return false, nil
	}
	for account, err := range m.Store.Users(ctx, r.Key) {
		if err != nil || account.User.ServiceAccount == "" {
			return false, err
		}
	}
	err = m.Store.CreateUser(ctx, r.Key, m.administrator(r, a, admin.Key), nil)
	if errors.Is(err, fault.ErrConflict) { // another node was first
		return false, nil
	}
	return err == nil, err
}

// masterFile is the realm file of a new master realm.
func masterFile(a Administrator) keycloak.Object {
	o := keycloak.Object{}
	o.Put("realm", master)
	o.Put("enabled", true)
	o.Put("displayName", "Keycloak")
	o.Put("displayNameHtml", `<div class="kc-logo-text"><span>Keycloak</span></div>`)
	o.Put("accessTokenLifespan", 60)
	if a.ClientID != "" {
		o.Put("clients", []map[string]any{{"clientId": a.ClientID, "secret": a.ClientSecret, "serviceAccountsEnabled": true,
			"standardFlowEnabled": false, "attributes": map[string]string{temporary: "true"}}})
	}
	return o
}

// temporary marks administrators of the first start, who are to be replaced by others.
const temporary = "is_temporary_admin"

// administrators are the accounts of a new master realm, each with the role that holds everything.
func (m *Realms) administrators(c *realmfile.Contents, a Administrator) iter.Seq2[user.Account, error] {
	r := c.Draft.Realm()
	admin := r.Role(realm.RoleRef{Name: "admin"}).Key
	accounts := c.ServiceAccounts()
	for i := range accounts {
		accounts[i].User.Roles = append(accounts[i].User.Roles, admin)
	}
	if a.Username != "" {
		accounts = append(accounts, m.administrator(r, a, admin))
	}
	return func(yield func(user.Account, error) bool) {
		for _, account := range accounts {
			if !yield(account, nil) {
				return
			}
		}
	}
}

func (m *Realms) administrator(r *realm.Realm, a Administrator, admin string) user.Account {
	account := user.Account{User: user.User{ID: m.NewID(), Username: strings.ToLower(a.Username), Enabled: true, Created: m.Now(),
		Attributes: map[string][]string{temporary: {"true"}}, Roles: []string{r.DefaultRole, admin}, Extra: realm.Extra{}}}
	if a.Password != "" {
		password := user.Credential{ID: m.NewID(), Created: m.Now()}
		become(&password, hashed(a.Password, user.HashingOf(r.PasswordPolicy)))
		account.Credentials = []user.Credential{password}
	}
	return account
}
