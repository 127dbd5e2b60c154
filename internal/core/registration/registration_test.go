package registration_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/registration"
)

// shop is a realm with a default client scope and a client.
func shop() *realm.Realm {
	d := realm.New("shop", realm.Settings{Name: "shop", DefaultScopes: []string{"profile"}})
	d.PutScope(&realm.ClientScope{Key: "profile", Name: "profile"})
	d.PutScope(&realm.ClientScope{Key: "orders", Name: "orders"})
	d.PutClient(&realm.Client{Key: "web", ID: "web"})
	return d.Realm()
}

func policy(kind string, config map[string][]string) registration.Policy {
	return registration.Policy{Name: "The Policy", Kind: kind, Way: registration.Anonymous, Config: config}
}

func TestPolicies(t *testing.T) {
	hosts := map[string][]string{"trusted-hosts": {"*.example.org", "localhost"}}
	urisOnly := map[string][]string{"trusted-hosts": {"*.example.org"}, "host-sending-registration-request-must-match": {"false"}}
	before := &realm.Client{Key: "web", ID: "web", Enabled: false, ConsentRequired: true, OptionalScopes: []string{"orders"}}
	mapper := func(kind string) *realm.Client { return &realm.Client{Mappers: []realm.Mapper{{Key: "m", Kind: kind}}} }
	allowed := map[string][]string{"allowed-protocol-mapper-types": {"oidc-full-name-mapper"}}
	tests := map[string]struct {
		policy registration.Policy
		change func(*registration.Request)
		refuse string // empty: it is granted
	}{
		"of a trusted host":         {policy("trusted-hosts", hosts), func(q *registration.Request) { q.FromHost = func([]string) bool { return true } }, ""},
		"of another host":           {policy("trusted-hosts", hosts), nil, "Host not trusted."},
		"a view of another host":    {policy("trusted-hosts", hosts), func(q *registration.Request) { q.Action, q.Client = registration.View, nil }, "Host not trusted."},
		"a trusted address":         {policy("trusted-hosts", urisOnly), func(q *registration.Request) { q.Client.RedirectURIs = []string{"https://app.example.org/cb"} }, ""},
		"a domain itself":           {policy("trusted-hosts", urisOnly), func(q *registration.Request) { q.Client.RedirectURIs = []string{"https://EXAMPLE.org/cb"} }, ""},
		"a name that ends like one": {policy("trusted-hosts", urisOnly), func(q *registration.Request) { q.Client.RedirectURIs = []string{"https://evil-example.org/"} }, "URI doesn't match any trusted host or trusted domain"},
		"an app's address":          {policy("trusted-hosts", urisOnly), func(q *registration.Request) { q.Client.RedirectURIs = []string{"app:/cb"} }, "URI doesn't match any trusted host or trusted domain"},
		"another root":              {policy("trusted-hosts", urisOnly), func(q *registration.Request) { q.Client.RootURL = "https://evil.test" }, "URL doesn't match any trusted host or trusted domain"},
		"a root that is none":       {policy("trusted-hosts", urisOnly), func(q *registration.Request) { q.Client.RootURL = "root" }, "URL is malformed"},
		"an address below a root":   {policy("trusted-hosts", urisOnly), func(q *registration.Request) { q.Client.RootURL, q.Client.AdminURL = "https://a.example.org", "/admin" }, ""},
		"room for one more":         {policy("max-clients", map[string][]string{"max-clients": {"2"}}), nil, ""},
		"no room":                   {policy("max-clients", map[string][]string{"max-clients": {"1"}}), nil, "It's allowed to have max 1 clients per realm"},
		"no room needed":            {policy("max-clients", map[string][]string{"max-clients": {"1"}}), func(q *registration.Request) { q.Action, q.Before = registration.Update, before }, ""},
		"a mapper that is allowed":  {policy("allowed-protocol-mappers", allowed), func(q *registration.Request) { q.Client = mapper("oidc-full-name-mapper") }, ""},
		"a mapper that is not":      {policy("allowed-protocol-mappers", allowed), func(q *registration.Request) { q.Client = mapper("oidc-audience-mapper") }, "ProtocolMapper type not allowed"},
		"a default scope":           {policy("allowed-client-templates", nil), func(q *registration.Request) { q.Scopes = []string{"profile"} }, ""},
		"another scope":             {policy("allowed-client-templates", nil), func(q *registration.Request) { q.Scopes = []string{"orders"} }, "Not permitted to use specified clientScope"},
		"a scope that is not there": {policy("allowed-client-templates", nil), func(q *registration.Request) { q.Scopes = []string{"ghost"} }, "Not permitted to use specified clientScope"},
		"a scope that is listed":    {policy("allowed-client-templates", map[string][]string{"allowed-client-scopes": {"orders"}}), func(q *registration.Request) { q.Scopes = []string{"orders"} }, ""},
		"a scope that it has": {policy("allowed-client-templates", nil), func(q *registration.Request) {
			q.Action, q.Before, q.Scopes = registration.Update, before, []string{"orders"}
		}, ""},
		"consent that stays": {policy("consent-required", nil), func(q *registration.Request) {
			q.Action, q.Before, q.Client.ConsentRequired = registration.Update, before, true
		}, ""},
		"consent no longer": {policy("consent-required", nil), func(q *registration.Request) { q.Action, q.Before = registration.Update, before }, "Not permitted to update consentRequired to false"},
		"full scope from now on": {policy("scope", nil), func(q *registration.Request) {
			q.Action, q.Before, q.Client.FullScope = registration.Update, before, true
		}, "Not permitted to enable fullScopeAllowed"},
		"enabled from now on": {policy("client-disabled", nil), func(q *registration.Request) {
			q.Action, q.Before, q.Client.Enabled = registration.Update, before, true
		}, "Not permitted to enable client"},
		"of a kind that nobody knows": {policy("horoscope", nil), nil, "Policy of type 'horoscope' not found"},
		"of somebody with a token":    {policy("horoscope", nil), func(q *registration.Request) { q.Way = registration.Authenticated }, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			q := registration.Request{Realm: shop(), Way: registration.Anonymous, Client: &realm.Client{Key: "new", ID: "new"},
				FromHost: func([]string) bool { return false }}
			if tt.change != nil {
				tt.change(&q)
			}
			_, err := registration.Apply([]registration.Policy{tt.policy}, q)
			switch {
			case tt.refuse == "" && err != nil:
				t.Errorf("refused: %v", err)
			case tt.refuse != "" && (err == nil || !strings.HasSuffix(err.Error(), tt.refuse) || !strings.Contains(err.Error(), "'The Policy'")):
				t.Errorf("got %v, want %q", err, tt.refuse)
			}
		})
	}
}

// TestPoliciesChange makes of new clients what the policies want, and leaves what was asked for alone.
func TestPoliciesChange(t *testing.T) {
	asked := &realm.Client{Key: "new", ID: "new", Enabled: true, FullScope: true}
	policies := []registration.Policy{policy("consent-required", nil), policy("scope", nil), policy("client-disabled", nil)}
	got, err := registration.Apply(policies, registration.Request{Realm: shop(), Way: registration.Anonymous, Client: asked})
	if err != nil {
		t.Fatal(err)
	}
	if !got.ConsentRequired || got.FullScope || got.Enabled {
		t.Errorf("%+v", got)
	}
	if asked.ConsentRequired || !asked.FullScope || !asked.Enabled {
		t.Errorf("what was asked for changed: %+v", asked)
	}
	if hosts, ask := policies[0].Hosts(); ask || !slices.Equal(hosts, nil) {
		t.Errorf("hosts %v, %v", hosts, ask)
	}
}
