package manage

import (
	"context"
	"errors"
	"strconv"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/flow/audit"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
	"github.com/tokenhouse/tokenhouse/internal/keycloak/authflow"
	"github.com/tokenhouse/tokenhouse/internal/keycloak/clientpolicy"
	"github.com/tokenhouse/tokenhouse/internal/keycloak/realmfile"
)

// Update changes a realm's settings to those of a representation, which need not be complete. What the
// realm contains, as clients or users, is not touched. A new name is that of the realm's management client
// in the master realm, too.
func (m *Realms) Update(ctx context.Context, author audit.Author, name string, put keycloak.Object) error {
	if err := checkRealm(name, put); err != nil {
		return err
	}
	if to := put.Text("realm"); to != "" && to != name {
		return m.rename(ctx, author, name, to, put)
	}
	return m.Store.Edit(ctx, name, func(d *realm.Draft) ([]event.Admin, error) { return mergeRealm(author, d, put) })
}

// rename is an update that gives the realm another name. What manages it in the master realm gets the new name in the same
// transaction: under the old one its roles would be rights in the next realm of that name.
func (m *Realms) rename(ctx context.Context, author audit.Author, from, to string, put keycloak.Object) error {
	names := []string{from}
	switch _, err := m.Store.Realm(ctx, master); {
	case err == nil:
		names = append(names, master)
	case !errors.Is(err, fault.ErrNotFound):
		return err
	}
	err := m.Store.EditTogether(ctx, names, func(drafts []*realm.Draft) ([]event.Admin, error) {
		realmfile.Rename(drafts[0], from, to)
		for _, home := range drafts[1:] {
			realmfile.RenameManagement(home, from, to)
		}
		return mergeRealm(author, drafts[0], put)
	})
	if errors.Is(err, fault.ErrConflict) {
		return &fault.Conflict{Kind: "realm", Field: "name", Message: "Realm with same name exists"}
	}
	return err
}

// mergeRealm changes a realm's settings to those of a representation.
func mergeRealm(author audit.Author, d *realm.Draft, put keycloak.Object) ([]event.Admin, error) {
	now := *d.Realm()
	var err error
	if now.Extra, err = loadExtra(d, realm.KindRealm, now.Key); err != nil {
		return nil, err
	}
	settings, err := keycloak.MergeSettings(&now, put)
	if err != nil {
		return nil, err
	}
	if err := checkFlows(now.Key, put, settings.Extra); err != nil {
		return nil, err
	}
	settings.Policies = clientpolicy.Active(settings.Extra)
	d.PutSettings(settings)
	if err := d.Validate(); err != nil {
		return nil, err
	}
	return author.Of(d.Realm(), audit.Update, realmResource, "", put), nil
}

// checkRealm refuses what a representation asks for before anything is looked at.
func checkRealm(name string, put keycloak.Object) error {
	if put.Has("realm") {
		if err := realm.CheckName(put.Text("realm")); err != nil {
			return keycloak.At("realm", err)
		}
		if name == master && put.Text("realm") != master {
			return &fault.Invalid{Field: "realm", Message: "Can't rename master realm"}
		}
	}
	for _, locale := range keycloak.Value[[]string](put, "supportedLocales") {
		if err := realm.CheckReserved(locale); err != nil {
			return keycloak.At("supportedLocales", err)
		}
	}
	if put.Has("sslRequired") {
		put.Put("sslRequired", strings.ToLower(put.Text("sslRequired")))
	}
	if s := put.Text("bruteForceStrategy"); s != "" && s != "LINEAR" && s != "MULTIPLE" {
		return &fault.Invalid{Field: "bruteForceStrategy", Message: s + " is none of LINEAR, MULTIPLE"}
	}
	return checkPolicy(put)
}

func checkPolicy(o keycloak.Object) error {
	return keycloak.At("passwordPolicy", user.CheckPolicy(o.Text("passwordPolicy")))
}

// flowBindings are the members of a realm that name an authentication flow.
var flowBindings = []string{"browserFlow", "registrationFlow", "directGrantFlow", "resetCredentialsFlow", "clientAuthenticationFlow",
	"dockerAuthenticationFlow", "firstBrokerLoginFlow"}

// checkFlows refuses flows that the realm does not have.
func checkFlows(realmKey string, put keycloak.Object, kept realm.Extra) error {
	flows := authflow.Read(realmKey, kept)
	for _, member := range flowBindings {
		if alias := put.Text(member); alias != "" && flows.FlowOf(alias) == nil {
			return &fault.Invalid{Field: member, Message: "there is no authentication flow " + strconv.Quote(alias)}
		}
	}
	return nil
}
