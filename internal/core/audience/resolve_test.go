package audience_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenhouse/tokenhouse/internal/core/audience"
	"github.com/tokenhouse/tokenhouse/internal/core/explain"
	"github.com/tokenhouse/tokenhouse/internal/core/mapper"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
)

// TestRulesAreShown finds each rule of this package in the trace of a golden file.
func TestRulesAreShown(t *testing.T) {
	var traces strings.Builder
	for _, g := range goldens(t) {
		traces.WriteString(g.sections["trace"])
	}
	for _, rule := range explain.Rules() {
		heart := strings.HasPrefix(string(rule), "scope.") || strings.HasPrefix(string(rule), "role.") || strings.HasPrefix(string(rule), "audience.")
		if heart && !strings.Contains(traces.String(), string(rule)+" ") {
			t.Errorf("no golden file shows rule %s", rule)
		}
	}
}

func TestScopeWords(t *testing.T) {
	d := realm.New("r", realm.Settings{Name: "shop"})
	c := &realm.Client{Key: "c", ID: "web", Enabled: true}
	for _, name := range []string{"basic", "orders", "orders-api", "saml"} {
		s := &realm.ClientScope{Key: "key-" + name, Name: name, InToken: true}
		if name == "saml" {
			s.Protocol = "saml"
		}
		d.PutScope(s)
	}
	c.DefaultScopes = []string{"key-basic", "key-saml", "gone", "key-basic"}
	c.OptionalScopes = []string{"key-orders", "key-orders-api", "key-basic", "key-orders"}
	d.PutClient(c)
	tests := map[string]struct{ parameter, want string }{
		"none":                {"", "basic"},
		"one":                 {"orders", "basic orders"},
		"another":             {"orders-api", "basic orders-api"},
		"both, openid last":   {"orders-api orders openid", "openid basic orders orders-api"},
		"twice":               {"orders orders", "basic orders"},
		"a default one":       {"basic", "basic"},
		"no scope of theirs":  {"profile", "basic"},
		"parts of words":      {"xorders ordersx -orders orders-ap openidx", "basic"},
		"after parts of it":   {"ordersorders orders", "basic orders"},
		"other case":          {"ORDERS", "basic"},
		"only blanks":         {"   ", "basic"},
		"of another protocol": {"saml", "basic"},
		"10,000 words":        {strings.Repeat("x ", 10_000) + "orders", "basic orders"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r := audience.Resolve(audience.Request{Realm: d.Realm(), Client: c, Scope: tt.parameter})
			if got := r.ScopeClaim(); got != tt.want {
				t.Errorf("scope %q, want %q", got, tt.want)
			}
		})
	}
}

func TestNarrow(t *testing.T) {
	tests := map[string]struct{ reachable, asked, kept, missing []string }{
		"some":          {[]string{"a", "b", "c"}, []string{"c", "a"}, []string{"a", "c"}, nil},
		"missing":       {[]string{"a"}, []string{"z", "a", "b"}, []string{"a"}, []string{"z", "b"}},
		"doubles":       {[]string{"a", "a"}, []string{"b", "a", "b", "a"}, []string{"a"}, []string{"b"}},
		"nothing there": {nil, []string{"a"}, nil, []string{"a"}},
		"nothing asked": {[]string{"a"}, []string{}, nil, nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			reachable, asked := slices.Clone(tt.reachable), slices.Clone(tt.asked)
			kept, missing := audience.Narrow(reachable, asked)
			if diff := cmp.Diff([][]string{tt.kept, tt.missing}, [][]string{kept, missing}); diff != "" {
				t.Errorf("kept and missing (-want +got):\n%s", diff)
			}
			if !slices.Equal(reachable, tt.reachable) || !slices.Equal(asked, tt.asked) {
				t.Error("the input was changed")
			}
		})
	}
}

// TestForAnotherUse resolves an ID token beside a narrowed access token: it is for its client, and the filter
// is not for it.
func TestForAnotherUse(t *testing.T) {
	d := realm.New("r", realm.Settings{Name: "shop"})
	mappers := []realm.Mapper{
		{Name: "orders", Kind: mapper.KindAudience, Config: map[string]string{"included.client.audience": "orders", "access.token.claim": "true"}},
		{Name: "mail", Kind: mapper.KindAudience, Config: map[string]string{"included.client.audience": "mail", "id.token.claim": "true", "introspection.token.claim": "true"}},
	}
	c := &realm.Client{Key: "c", ID: "web", Enabled: true, Mappers: mappers}
	for _, c := range []*realm.Client{c, {Key: "o", ID: "orders", Enabled: true}, {Key: "m", ID: "mail", Enabled: true}} {
		d.PutClient(c)
	}
	r := audience.Resolve(audience.Request{Realm: d.Realm(), Client: c, Audiences: []string{"orders"}, Use: mapper.Access})
	got := map[string][]string{"access": r.Audiences}
	for name, use := range map[string]mapper.Use{"id": mapper.ID, "introspection": mapper.Introspection, "userinfo": mapper.UserInfo} {
		other := r.For(use)
		got[name] = other.Audiences
	}
	want := map[string][]string{"access": {"orders"}, "id": {"web", "mail"}, "introspection": {"orders"}, "userinfo": nil}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if !slices.Equal(r.Request.Audiences, []string{"orders"}) {
		t.Errorf("the filter became %v", r.Request.Audiences)
	}
}

// TestAttackT03: a client that was disabled is in no audience any more, however it came to be in it, and its
// roles are gone.
func TestAttackT03(t *testing.T) {
	resolve := func(enabled bool, use mapper.Use) audience.Resolution {
		d := realm.New("r", realm.Settings{Name: "shop"})
		config := map[string]string{"access.token.claim": "true", "id.token.claim": "true", "lightweight.claim": "true"}
		with := func(name, value string) map[string]string {
			c := maps.Clone(config)
			c[name] = value
			return c
		}
		web := &realm.Client{Key: "w", ID: "web", Enabled: true, FullScope: true, Mappers: []realm.Mapper{
			{Kind: mapper.KindAudience, Config: with("included.client.audience", "orders")},
			{Kind: mapper.KindAudience, Config: with("included.custom.audience", "orders")},
			{Kind: mapper.KindResolve, Config: config},
			{Kind: "oidc-hardcoded-role-mapper", Config: with("role", "orders.write")},
		}}
		d.PutClient(web)
		d.PutClient(&realm.Client{Key: "o", ID: "orders", Enabled: enabled})
		d.PutRole(&realm.Role{Key: "r", Name: "read", Client: "o"})
		return audience.Resolve(audience.Request{Realm: d.Realm(), Client: web, User: &user.User{Roles: []string{"r"}}, Use: use,
			Audiences: []string{"orders"}, Permitted: []string{"orders"}})
	}
	for _, use := range []mapper.Use{mapper.Access, mapper.Lightweight, mapper.ID, mapper.Introspection} {
		if r := resolve(true, use); !slices.Contains(r.Audiences, "orders") || len(r.Roles) != 2 || r.Missing != nil {
			t.Errorf("enabled, use %d: %v, missing %v, roles %v", use, r.Audiences, r.Missing, r.Roles)
		}
		if r := resolve(false, use); len(r.Audiences) > 0 || len(r.Roles) > 0 || len(r.Missing) != 1 {
			t.Errorf("disabled, use %d: %v, missing %v, roles %v", use, r.Audiences, r.Missing, r.Roles)
		}
	}
}

// TestAttackT20: the trace of a request that names very many audiences stays of its size.
func TestAttackT20(t *testing.T) {
	d := realm.New("r", realm.Settings{Name: "shop"})
	web := &realm.Client{Key: "w", ID: "web", Enabled: true}
	for i := range 50 {
		web.Mappers = append(web.Mappers, realm.Mapper{Name: fmt.Sprint(i), Kind: mapper.KindAudience, Config: map[string]string{"included.client.audience": "x"}})
	}
	d.PutClient(web)
	q := audience.Request{Realm: d.Realm(), Client: web, Explain: true}
	for i := range 5000 {
		q.Audiences = append(q.Audiences, fmt.Sprint("a", i))
	}
	r := audience.Resolve(q)
	if len(r.Missing) != 5000 || len(r.Trace.Steps) > 5000+500 {
		t.Errorf("%d missing, %d steps", len(r.Missing), len(r.Trace.Steps))
	}
}
