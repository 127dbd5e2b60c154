package broker_test

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/tokenhouse/tokenhouse/internal/core/exchange"
	"github.com/tokenhouse/tokenhouse/internal/core/federation"
	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/flow/broker"
	"github.com/tokenhouse/tokenhouse/internal/flow/verify"
	"github.com/tokenhouse/tokenhouse/internal/store/storetest"
)

// TestOutlook: what is foreseen of a token is what becomes of it, and foreseeing changes nothing.
func TestOutlook(t *testing.T) {
	const grants = `"roles": {"realm": [{"name": "member"}]}, "groups": [{"name": "guests", "realmRoles": ["member"]}],
		"identityProviderMappers": [{"name": "g", "identityProviderAlias": "up", "identityProviderMapper": "oidc-hardcoded-group-idp-mapper",
			"config": {"group": "/guests", "syncMode": "FORCE"}}],`
	whole := map[string]any{"preferred_username": "carl", "email": "carl@up.test", "given_name": "Carl", "family_name": "Cole"}
	with := func(more map[string]any) map[string]any {
		out := maps.Clone(whole)
		maps.Copy(out, more)
		return out
	}
	for name, tt := range map[string]struct {
		claims   map[string]any // beside those of a good token of ben's; nil leaves out
		provider func(p *realm.Provider)
		standing exchange.Standing
		flaw     exchange.Flaw
		made     bool
	}{
		"somebody linked":          {},
		"somebody disabled":        {claims: map[string]any{"sub": "gone-there"}, standing: exchange.Barred},
		"nobody, and little told":  {claims: map[string]any{"sub": "new"}, standing: exchange.Unlinked},
		"nobody, and all told":     {claims: with(map[string]any{"sub": "new"}), made: true},
		"nobody, of a known name":  {claims: with(map[string]any{"sub": "new", "preferred_username": "ann"}), standing: exchange.Taken},
		"nobody, of a known mail":  {claims: with(map[string]any{"sub": "new", "email": "ann@club.test"}), standing: exchange.Taken},
		"nobody, linking only":     {claims: with(map[string]any{"sub": "new"}), provider: func(p *realm.Provider) { p.LinkOnly = true }, standing: exchange.Unlinked},
		"nobody is spoken of":      {claims: map[string]any{"sub": nil}, flaw: exchange.FlawToken},
		"expired":                  {claims: map[string]any{"exp": 1}, flaw: exchange.FlawToken},
		"for others":               {claims: map[string]any{"aud": "x"}, flaw: exchange.FlawToken},
		"of another kind":          {claims: map[string]any{"typ": "Logout"}, flaw: exchange.FlawType},
		"of another issuer":        {claims: map[string]any{"iss": "https://other.test"}, flaw: exchange.FlawToken},
		"signatures do not count":  {provider: func(p *realm.Provider) { p.Config["validateSignature"] = "false" }, flaw: exchange.FlawToken},
		"who acts is no object":    {claims: map[string]any{"act": "x"}, flaw: exchange.FlawToken},
		"somebody there acts":      {claims: map[string]any{"act": map[string]any{"sub": "x"}}},
		"somebody here acts":       {claims: map[string]any{"act": map[string]any{"sub": "x", "iss": base + "/realms/club"}}, flaw: exchange.FlawToken},
		"somebody here acted":      {claims: map[string]any{"act": map[string]any{"sub": "x", "act": map[string]any{"iss": base + "/realms/club"}}}, flaw: exchange.FlawToken},
		"somebody here may act":    {claims: map[string]any{"may_act": map[string]any{"sub": "x", "iss": base + "/realms/club"}}},
		"of a realm that is not":   {claims: map[string]any{"iss": base + "/realms/nowhere"}, provider: func(p *realm.Provider) { p.Config["issuer"] = base + "/realms/nowhere" }, flaw: exchange.FlawToken},
		"no provider for sign-ins": {provider: func(p *realm.Provider) { p.Enabled = false }, flaw: exchange.FlawToken},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t, storetest.SQLite(t), grants)
			h.configure("up", func(p *realm.Provider) {
				p.Config["disableUserInfo"] = "true"
				if tt.provider != nil {
					tt.provider(p)
				}
			})
			claims := map[string]any{"iss": "https://up.test", "sub": "ben-there", "aud": "club", "typ": "Bearer", "iat": h.now.Unix(), "exp": h.now.Unix() + 60}
			for name, value := range tt.claims {
				if claims[name] = value; value == nil {
					delete(claims, name)
				}
			}
			r, err := h.store.Realm(t.Context(), "club")
			if err != nil {
				t.Fatal(err)
			}
			at := verify.At{Realm: r, Base: base, Now: h.now}
			text, err := json.Marshal(claims)
			if err != nil {
				t.Fatal(err)
			}
			said, err := federation.Described(text, "ES256", "JWT")
			if err != nil {
				t.Fatal(err)
			}
			o := broker.Outlook{Realms: h.store, Kept: h.store, Users: h.store, Tokens: h.store, Now: h.Now, NewID: uuid.NewString}
			foreseen, err := o.Expect(t.Context(), at, verify.Described{Provider: r.Provider("up"), Claims: said})
			if err != nil {
				t.Fatal(err)
			}
			if tt.made && (foreseen.Admit != nil || h.account("carl") != nil) {
				t.Fatal("an account was made by looking, or could be")
			}
			found, err := h.Subject(t.Context(), at, verify.Abroad{Provider: r.Provider("up"), Compact: h.alg(claims), Type: oauth.TypeAccessToken})
			if err != nil {
				t.Fatal(err)
			}
			if foreseen.Flaw != found.Flaw || foreseen.Standing != found.Standing || foreseen.Why != found.Why ||
				(foreseen.Token == nil) != (found.Token == nil) || rights(r, foreseen.User) != rights(r, found.User) {
				t.Errorf("foreseen %+v %s\nfound    %+v %s", foreseen, rights(r, foreseen.User), found, rights(r, found.User))
			}
			if tt.flaw == "" && tt.standing == "" && !strings.Contains(rights(r, foreseen.User), `"member"`) {
				t.Errorf("the provider's mapper is not heeded: %s", rights(r, foreseen.User))
			}
			if found.Flaw != tt.flaw || found.Standing != tt.standing || (found.Admit != nil && found.User.ID == "") != tt.made {
				t.Errorf("found %+v", found)
			}
			if found.Admit == nil || tt.made {
				return
			}
			stored := func() string {
				u, err := h.store.User(t.Context(), r.Key, found.User.ID)
				if err != nil {
					t.Fatal(err)
				}
				return rights(r, u)
			}
			if strings.Contains(stored(), `"member"`) {
				t.Error("the user was changed by looking")
			}
			admitted, err := found.Admit(t.Context())
			if err != nil || admitted.Admit != nil || rights(r, admitted.User) != rights(r, found.User) || stored() != rights(r, found.User) {
				t.Errorf("admitted %+v, %v; stored %s", admitted, err, stored())
			}
		})
	}
}

// rights are what a user may do, as text.
func rights(r *realm.Realm, u *user.User) string {
	if u == nil {
		return "nobody"
	}
	var roles []string
	for _, role := range u.RolesIn(r).All() {
		roles = append(roles, role.Name)
	}
	slices.Sort(roles)
	text, _ := json.Marshal(append([]string{u.Username, u.Email}, roles...)) // strings can always be written
	return string(text)
}
