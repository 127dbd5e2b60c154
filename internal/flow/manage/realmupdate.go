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
	if err := checkPolicies(put, settings.Extra); err != nil {
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
	return checkRules(put)
}

// notNegative are the members of a realm that say when users are locked, and for how long.
var notNegative = []struct{ member, name string }{
	{"failureFactor", "Failure factor"},
	{"maxTemporaryLockouts", "Maximum temporary lockouts"},
	{"waitIncrementSeconds", "Wait increment seconds"},
	{"quickLoginCheckMilliSeconds", "Quick login check milliseconds"},
	{"minimumQuickLoginWaitSeconds", "Minimum quick login wait seconds"},
	{"maxFailureWaitSeconds", "Maximum failure wait seconds"},
	{"maxDeltaTimeSeconds", "Maximum delta time seconds"},
	{"maxSecondaryAuthFailures", "Maximum secondary authentication failures"},
}

// checkRules refuses rules for passwords, locks and mails that a realm cannot have.
func checkRules(o keycloak.Object) error {
	for _, n := range notNegative {
		if keycloak.Value[int64](o, n.member) < 0 {
			return &fault.Invalid{Field: n.member, Message: n.name + " may not be a negative value"}
		}
	}
	if err := keycloak.CheckMail(keycloak.Value[map[string]string](o, "smtpServer")); err != nil {
		return err
	}
	return checkPolicy(o)
}

// checkPolicy refuses a password policy that asks for what is not known, and puts another into the form it is kept in.
func checkPolicy(o keycloak.Object) error {
	given := o.Text("passwordPolicy")
	kept, err := user.ReadPolicy(given)
	if kept != given {
		o.Put("passwordPolicy", kept)
	}
	return keycloak.At("passwordPolicy", err)
}

// checkPolicies refuses client profiles and client policies that their own addresses would refuse.
func checkPolicies(put keycloak.Object, kept realm.Extra) error {
	if put.Has("clientProfiles") {
		if err := clientpolicy.KeepProfiles(kept, clientpolicy.Profiles(kept)); err != nil {
			return err
		}
	}
	if put.Has("clientPolicies") {
		return clientpolicy.KeepPolicies(kept, clientpolicy.Policies(kept))
	}
	return nil
}

// flowBindings are the members of a realm that name an authentication flow.
var flowBindings = []string{"browserFlow", "registrationFlow", "directGrantFlow", "resetCredentialsFlow", "clientAuthenticationFlow",
	"dockerAuthenticationFlow", "firstBrokerLoginFlow"}

// checkFlows refuses flows that the realm does not have.
func checkFlows(realmKey string, put keycloak.Object, kept realm.Extra) error {
	flows := authflow.Read(realmKey, kept)
	for _, member := range flowBindings {
		if alias := put.Text(member); put.Has(member) && flows.FlowOf(alias) == nil {
			return &fault.Invalid{Field: member, Message: "there is no authentication flow " + strconv.Quote(alias)}
		}
	}
	return nil
}
