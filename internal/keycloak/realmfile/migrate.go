package realmfile

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
)

// Version is the Keycloak whose files these are.
const Version = "26.7.3"

// A migration brings a realm to what a version of Keycloak made of realms when it came. Files that name
// no version are taken as they are.
type migration struct {
	to  string
	run func(*builder)
}

var migrations = []migration{
	{"18.0.0", func(b *builder) { b.addScope("acr", true) }},
	{"25.0.0", func(b *builder) { b.addScope("basic", true) }},
	{"26.0.0", (*builder).lightweightAdmin},
	{"26.1.0", func(b *builder) { b.addScope(scopeServiceAccount, false) }},
	{"26.3.0", func(b *builder) { b.addRequiredAction("idp_link") }},
	{"26.7.0", func(b *builder) { b.addScope("AuthnContextClassRef", true) }},
	{"26.7.0", (*builder).actionsAfterEmail},
}

func (b *builder) migrate() error {
	if b.file.Has("requiredActions") {
		b.addRequiredAction("delete_account")
	}
	from := b.file.Text("keycloakVersion")
	if from == "" {
		return nil
	}
	for _, m := range migrations {
		if older(from, m.to) {
			m.run(b)
		}
	}
	return nil
}

// older tells whether one version comes before another; parts that are no numbers count as nothing.
func older(a, b string) bool {
	return slices.Compare(numbers(a), numbers(b)) < 0
}

func numbers(version string) []int {
	out := make([]int, 3)
	for i, part := range strings.SplitN(version, ".", 4) {
		if i == 3 {
			break
		}
		digits, _, _ := strings.Cut(part, "-")
		out[i], _ = strconv.Atoi(digits)
	}
	return out
}

// addScope adds a built-in client scope that the realm does not have. One that is a default is given to
// the clients of its protocol too, but for those that only receive tokens.
func (b *builder) addScope(name string, byDefault bool) {
	if b.realm().Scope(name) != nil {
		return
	}
	s := b.putScope(named(read[[]keycloak.Object]("clientscopes", b.realm().Name), name), "")
	if !byDefault {
		return
	}
	settings := b.realm().Settings
	settings.DefaultScopes = append(slices.Clone(settings.DefaultScopes), s.Key)
	b.Draft.PutSettings(settings)
	for _, c := range b.realm().Clients() {
		if c.OIDC() != s.OIDC() || c.BearerOnly {
			continue
		}
		with := *c
		with.DefaultScopes = append(slices.Clone(c.DefaultScopes), s.Key)
		b.Draft.PutClient(&with)
	}
}

// lightweightAdmin gives the administration's own clients lightweight tokens.
func (b *builder) lightweightAdmin() {
	for _, id := range []string{clientAdminConsole, clientAdminCLI} {
		if c := b.realm().Client(id); c != nil {
			with := *c
			with.FullScope, with.Tokens.Lightweight = true, true
			b.Draft.PutClient(&with)
		}
	}
}

// putExtra sets a member of the realm that is kept and not acted on.
func (b *builder) putExtra(member string, value any) {
	s := b.realm().Settings
	extra := keycloak.Object(maps.Clone(s.Extra))
	extra.Put(member, value)
	s.Extra = realm.Extra(extra)
	b.Draft.PutSettings(s)
}

func (b *builder) requiredActions() []keycloak.Object {
	return keycloak.Value[[]keycloak.Object](keycloak.Object(b.realm().Settings.Extra), "requiredActions")
}

func action(list []keycloak.Object, alias string) keycloak.Object {
	for _, a := range list {
		if a.Text("alias") == alias {
			return a
		}
	}
	return nil
}

// addRequiredAction adds a built-in required action that the realm does not have.
func (b *builder) addRequiredAction(alias string) {
	actions := b.requiredActions()
	if action(actions, alias) != nil {
		return
	}
	builtin := keycloak.Value[[]keycloak.Object](read[keycloak.Object]("realm", ""), "requiredActions")
	b.putExtra("requiredActions", append(actions, action(builtin, alias)))
}

// actionsAfterEmail moves setting up codes and changing the password behind verifying the e-mail
// address, where nobody has ordered them otherwise.
func (b *builder) actionsAfterEmail() {
	actions := b.requiredActions()
	before := map[string]int{"VERIFY_EMAIL": 50, "CONFIGURE_TOTP": 10, "UPDATE_PASSWORD": 30}
	for alias, priority := range before {
		a := action(actions, alias)
		if a == nil || keycloak.Value[int](a, "priority") != priority {
			return
		}
	}
	action(actions, "CONFIGURE_TOTP")["priority"] = json.RawMessage("54")
	action(actions, "UPDATE_PASSWORD")["priority"] = json.RawMessage("57")
	b.putExtra("requiredActions", actions)
}
