package keycloak

import (
	"maps"
	"strconv"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/federation"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
)

type provider = realm.Provider

var providerFields = []field[provider]{
	into("alias", func(p *provider) *string { return &p.Alias }),
	into("internalId", func(p *provider) *string { return &p.Key }),
	into("providerId", func(p *provider) *string { return &p.Kind }),
	into("enabled", func(p *provider) *bool { return &p.Enabled }),
	flag("trustEmail", func(p *provider) *bool { return &p.TrustEmail }),
	flag("storeToken", func(p *provider) *bool { return &p.StoreToken }),
	flag("addReadTokenRoleOnCreate", func(p *provider) *bool { return &p.AddReadTokenRole }),
	flag("linkOnly", func(p *provider) *bool { return &p.LinkOnly }),
	flag("hideOnLogin", func(p *provider) *bool { return &p.HideOnLogin }),
	text("firstBrokerLoginFlowAlias", func(p *provider) *string { return &p.FirstLoginFlow }),
	text("postBrokerLoginFlowAlias", func(p *provider) *string { return &p.PostLoginFlow }),
}

// providerSettings are the settings of ours in an identity provider's config, with what parses.
var providerSettings = []struct {
	name   string
	parses func(string) bool
	want   string
}{
	{federation.SettingTrusted, func(s string) bool { return s == "true" || s == "false" || s == "" }, "true or false"},
	{federation.SettingRequester, func(s string) bool { return !strings.Contains(s, separator) }, "the client_id of one client"},
	{"tokenhouse.id-jag", func(s string) bool { return s == "" || federation.Identity(s).Parses() }, "ignore, accept or require"},
}

// ToProvider reads an identity provider; it is enabled unless it says otherwise.
func ToProvider(o Object) (*realm.Provider, []Note) {
	p := provider{Enabled: true}
	rest := readFields(providerFields, &p, o)
	for _, member := range []string{"firstBrokerLoginFlowAlias", "postBrokerLoginFlowAlias"} {
		if o.Has(member) && o.Text(member) == "" { // says no more than none
			delete(rest, member)
		}
	}
	p.Config = Value[map[string]string](o, "config")
	if p.Config == nil {
		p.Config = map[string]string{}
	}
	maps.DeleteFunc(p.Config, func(name, value string) bool { return value == "" && !emptySays(name) })
	p.ClientSecret = p.Config["clientSecret"]
	delete(p.Config, "clientSecret")
	delete(rest, "config")
	p.Extra = keep(rest)
	var notes []Note
	for _, s := range providerSettings {
		if value := p.Config[s.name]; !s.parses(value) {
			notes = append(notes, unreadable("config."+s.name, s.name, value, s.want))
		}
	}
	if _, _, err := federation.ReadVoucher(&p); err != nil {
		notes = append(notes, refusedNote(err))
	}
	if !federation.Known(p.Kind) {
		notes = append(notes, Note{Path: "providerId", Text: notActedOn + ": an identity provider of type " + strconv.Quote(p.Kind)})
	}
	return &p, notes
}

// emptySays tells whether a setting that is there and empty says something: Keycloak drops empty values, but a list of
// ours that is empty names nobody.
func emptySays(setting string) bool { return strings.HasPrefix(setting, "tokenhouse.") }

// FromProvider is the representation of an identity provider, with its secret. Extra has to be loaded.
func FromProvider(p *realm.Provider) Object {
	o := writeFields(providerFields, p, p.Extra)
	config := maps.Clone(p.Config)
	if p.ClientSecret != "" {
		config["clientSecret"] = p.ClientSecret
	}
	o.Put("config", config)
	return o
}
