package federation_test

import (
	"errors"
	"maps"
	"testing"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/federation"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
)

// TestAttackSubject: what is no claim, or another, is no reason to believe a token: audience (T22, string or list: T32),
// times (T23), issuer, person and kind.
func TestAttackSubject(t *testing.T) {
	const here = "https://id.example/realms/shop"
	now := time.Unix(1_800_000_000, 0)
	good := map[string]any{"iss": "https://up.example", "sub": "una", "typ": "Bearer", "aud": "web", "azp": "spa",
		"iat": now.Unix() - 5, "exp": now.Unix() + 300}
	type table map[string]struct {
		change   map[string]any // nil removes
		header   string         // "typ"; empty: there is none
		settings []string
		good     bool
	}
	for name, tt := range (table{
		"as it is":           {good: true},
		"ID token":           {change: map[string]any{"typ": "ID"}, good: true},
		"for the realm":      {change: map[string]any{"aud": []any{"x", here}}, good: true},
		"bound":              {change: map[string]any{"typ": "DPoP"}, good: true},
		"for others":         {change: map[string]any{"aud": "x"}},
		"for several others": {change: map[string]any{"aud": []any{"x", "y"}}},
		"a part of a name":   {change: map[string]any{"aud": "we"}},
		"for nobody":         {change: map[string]any{"aud": nil}},
		"an empty list":      {change: map[string]any{"aud": []any{}}},
		"an empty name":      {change: map[string]any{"aud": ""}, settings: []string{"clientId="}},

		"the provider's audiences": {change: map[string]any{"aud": "api"}, settings: []string{federation.SettingAudience + "=api##api2"}, good: true},
		"of them, in a list":       {change: map[string]any{"aud": []any{"api2"}}, settings: []string{federation.SettingAudience + "=api##api2"}, good: true},
		"not the usual ones then":  {settings: []string{federation.SettingAudience + "=api##api2"}},
		"no audiences at all":      {settings: []string{federation.SettingAudience + "="}},
		"issued to who counts":     {change: map[string]any{"aud": nil}, settings: []string{federation.SettingClients + "=app##spa"}, good: true},
		"issued to somebody else":  {change: map[string]any{"aud": nil}, settings: []string{federation.SettingClients + "=app"}},
		"issued to nobody":         {change: map[string]any{"aud": nil, "azp": nil}, settings: []string{federation.SettingClients + "=app##spa"}},

		"no exp":                {change: map[string]any{"exp": nil}},
		"expired":               {change: map[string]any{"exp": now.Unix()}},
		"expired, clocks apart": {change: map[string]any{"exp": now.Unix() - 5}, settings: []string{"allowedClockSkew=10"}, good: true},
		"no iat":                {change: map[string]any{"iat": nil}},
		"of the future":         {change: map[string]any{"iat": now.Unix() + 60}},
		"not yet":               {change: map[string]any{"nbf": now.Unix() + 60}},

		"no iss":           {change: map[string]any{"iss": nil}},
		"another iss":      {change: map[string]any{"iss": "https://up.example/"}},
		"no issuer is set": {settings: []string{"issuer="}},
		"no sub":           {change: map[string]any{"sub": nil}},

		"no typ":                   {change: map[string]any{"typ": nil}},
		"typ Refresh":              {change: map[string]any{"typ": "Refresh"}},
		"typ in lower case":        {change: map[string]any{"typ": "bearer"}},
		"no typ, not checked":      {change: map[string]any{"typ": nil}, settings: []string{"disableTypeClaimCheck=true"}, good: true},
		"logout token":             {change: map[string]any{"typ": "Logout"}},
		"of events, not checked":   {change: map[string]any{"typ": nil, "events": map[string]any{}}, settings: []string{"disableTypeClaimCheck=true"}},
		"of events, said a Bearer": {change: map[string]any{"events": map[string]any{}}},

		"header JWT":                  {header: "JWT", good: true},
		"header of access tokens":     {header: "at+jwt", good: true},
		"header written in full":      {header: "application/AT+JWT", good: true},
		"identity assertion":          {header: "oauth-id-jag+jwt"},
		"one that says no typ":        {change: map[string]any{"typ": nil}, header: "oauth-id-jag+jwt", settings: []string{"disableTypeClaimCheck=true"}},
		"logout token, by its header": {header: "logout+jwt"},
		"proof":                       {header: "dpop+jwt"},
	}) {
		t.Run(name, func(t *testing.T) {
			claims := maps.Clone(good)
			for name, value := range tt.change {
				if claims[name] = value; value == nil {
					delete(claims, name)
				}
			}
			f, err := federation.ReadUnverified(sign(t, "RS256", pair()["rsa"], "rsa", claims))
			if err != nil {
				t.Fatal(err)
			}
			f.HeaderType = tt.header
			s := provider(t, "oidc", tt.settings...)
			err = s.CheckSubject(f, federation.TrustIn(&realm.Provider{Config: config(tt.settings...)}), here, now)
			if (err == nil) != tt.good || err != nil && !errors.Is(err, federation.ErrClaims) {
				t.Errorf("%v", err)
			}
		})
	}
}

// TestNamed: an alias, or an issuer as it is written; of several, the first that is trusted.
func TestNamed(t *testing.T) {
	d := realm.New("shop", realm.Settings{Name: "shop"})
	for i, alias := range []string{"first", "off", "trusted", "elsewhere"} {
		issuer := "https://up.example"
		if alias == "elsewhere" {
			issuer = "https://elsewhere.example"
		}
		d.PutProvider(&realm.Provider{Key: alias, Alias: alias, Kind: "oidc", Enabled: alias != "off",
			Config: map[string]string{"issuer": issuer, federation.SettingTrusted: []string{"false", "true"}[min(i, 1)]}})
	}
	d.PutProvider(&realm.Provider{Key: "tenants", Alias: "tenants", Kind: "oidc", Enabled: true,
		Config: map[string]string{"issuer": "https://many.example/{tenantid}/v2", federation.SettingTrusted: "true"}})
	const tenant = "https://many.example/11111111-2222-3333-4444-555555555555/v2"
	for name, want := range map[string]string{tenant: "tenants", tenant + "/": "", "https://many.example/a/b/v2": "", "first": "first", "off": "off", "https://up.example": "trusted", "https://elsewhere.example": "elsewhere",
		"": "", "FIRST": "", "https://up.example/": "", "https://up": ""} {
		got := ""
		if p := federation.Named(d.Realm(), name); p != nil {
			got = p.Alias
		}
		if got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
}
