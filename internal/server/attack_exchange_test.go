package server_test

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
)

func attackTargets(t *testing.T) {
	a := newArena(t)
	subject := a.signIn("app", "alice", "").get("access_token")
	lists := map[string]struct {
		permitted, accepts *[]string // of gateway, of orders
		deny               bool
		to                 map[string]bool // granted or not
		unnamed            []string        // what no name leads to; nil: a refusal
	}{
		"no lists": {nil, nil, false,
			map[string]bool{"orders": true, "billing": true, "gateway": true}, []string{"billing", "gateway", "orders"}},
		"permitted":      {&[]string{"orders"}, nil, false, map[string]bool{"orders": true, "gateway": true}, []string{"gateway", "orders"}},
		"permitted none": {&[]string{}, nil, false, map[string]bool{"gateway": true}, []string{"gateway"}},
		"permitted without a mapper": {&[]string{"warehouse"}, nil, false,
			map[string]bool{"warehouse": true, "gateway": true}, []string{"gateway"}},
		"permitted of nobody": {&[]string{"nobody"}, nil, false, map[string]bool{"nobody": true, "gateway": true}, []string{"gateway"}},
		"accepted": {nil, &[]string{"gateway"}, false,
			map[string]bool{"orders": true, "billing": true, "gateway": true}, []string{"billing", "gateway", "orders"}},
		"not accepted":         {nil, &[]string{"app"}, false, map[string]bool{"billing": true, "gateway": true}, []string{"billing", "gateway"}},
		"accepted from nobody": {nil, &[]string{}, false, map[string]bool{"billing": true, "gateway": true}, []string{"billing", "gateway"}},
		"unlisted":             {nil, nil, true, map[string]bool{"gateway": true}, []string{"gateway"}},
		"half listed":          {&[]string{"orders"}, nil, true, map[string]bool{"gateway": true}, []string{"gateway"}},
		"listed":               {&[]string{"orders"}, &[]string{"gateway"}, true, map[string]bool{"orders": true, "gateway": true}, []string{"gateway", "orders"}},
	}
	for name, tt := range lists {
		a.run(name, func(a *arena) {
			a.settings(func(s *realm.Settings) { s.Exchange.DenyUnlisted = tt.deny })
			a.client("gateway", func(c *realm.Client) { c.Exchange.Permitted = tt.permitted })
			a.client("orders", func(c *realm.Client) { c.Exchange.Accepts = tt.accepts })
			for _, to := range []string{"orders", "billing", "gateway", "warehouse", "app", "outsider", "nobody", "", " ", "*", "ORDERS", "orders ", " orders",
				"orders,billing", "orders billing", "orders##billing", "orders\n", "orders\x7f", "http://127.0.0.1/realms/shop", "account", strings.Repeat("orders", 600)} {
				for kind, p := range map[string][]string{"access": nil, "refresh": {"requested_token_type", typeRefresh}, "ID": {"requested_token_type", typeID}} {
					q := a.exchange("gateway", subject, append(p, "audience", to)...)
					if (q.status == 200) != tt.to[to] {
						a.Errorf("%s token for %.20q: %v", kind, to, q)
					}
					if q.status == 200 && kind != "ID" && !slices.Equal(audience(a.T, q.get("access_token")), []string{to}) {
						a.Errorf("for %q: aud %v", to, audience(a.T, q.get("access_token")))
					}
				}
				if q := a.exchange("gateway", subject, "audience", "gateway", "audience", to); (q.status == 200) != tt.to[to] {
					a.Errorf("for %.20q beside one that is granted: %v", to, q)
				}
			}
			q := a.exchange("gateway", subject)
			if d := cmp.Diff(tt.unnamed, audience(a.T, q.get("access_token"))); d != "" {
				a.Errorf("aud where none is named (-want +got):\n%s", d)
			}
			access, _ := claims(a.T, q.get("access_token"))["resource_access"].(map[string]any)
			for client := range access {
				if !slices.Contains(tt.unnamed, client) {
					a.Errorf("roles of %s", client)
				}
			}
		})
	}
}

// attackUnresolved: roles of a client lead there too, where nobody puts it into aud.
func attackUnresolved(t *testing.T) {
	a := newArena(t)
	a.edit(func(d *realm.Draft) {
		s := *d.Realm().Scope("roles")
		s.Mappers = slices.DeleteFunc(slices.Clone(s.Mappers), func(m realm.Mapper) bool { return m.Name == "audience resolve" })
		d.PutScope(&s)
	})
	subject := a.signIn("app", "alice", "").get("access_token")
	got := func(q answer) []string {
		access, _ := claims(t, a.want(q).get("access_token"))["resource_access"].(map[string]any)
		return slices.Sorted(maps.Keys(access))
	}
	if of := got(a.exchange("gateway", subject)); !slices.Equal(of, []string{"billing", "orders"}) {
		t.Fatalf("without a list: roles of %v", of)
	}
	a.client("gateway", func(c *realm.Client) { c.Exchange.Permitted = &[]string{"orders"} })
	if of := got(a.exchange("gateway", subject)); slices.Contains(of, "billing") {
		t.Errorf("a list of orders: roles of %v", of)
	}
	long := a.want(a.exchange("gateway", subject, "requested_token_type", typeRefresh)).get("refresh_token")
	if of := got(a.refresh("gateway", long)); slices.Contains(of, "billing") {
		t.Errorf("a list of orders, refreshed: roles of %v", of)
	}
	a.client("gateway", func(c *realm.Client) { c.Exchange.Permitted = nil })
	a.client("billing", func(c *realm.Client) { c.Exchange.Accepts = &[]string{} })
	if of := got(a.exchange("gateway", subject)); slices.Contains(of, "billing") {
		t.Errorf("billing accepts nobody: roles of %v", of)
	}
	front := a.signIn("front", "alice", "").get("access_token")
	if q := a.exchange("front", front); q.status == 200 && slices.Contains(got(q), "billing") {
		t.Error("a public client got roles of billing")
	}
}

// attackFlags: whatever is switched on, a client has no use of a token that is neither of nor for it.
func attackFlags(t *testing.T) {
	a := newArena(t)
	subject := a.signIn("kiosk", "alice", "openid").get("access_token") // its aud is orders and billing
	for flags := range 1 << 7 {
		on := func(bit int) bool { return flags>>bit&1 == 1 }
		a.edit(func(d *realm.Draft) {
			for _, id := range []string{"outsider", "orders"} {
				c := *d.Realm().Client(id)
				c.Exchange.Enabled, c.Exchange.Refresh, c.Exchange.External, c.Exchange.Public = true, on(0), on(1), on(1)
				c.Tokens.Lightweight, c.FullScope, c.Tokens.IntrospectAnyone = on(2), on(3), on(4)
				c.Exchange.Permitted = nil
				if on(5) {
					c.Exchange.Permitted = &[]string{"billing", "orders", "outsider"}
				}
				d.PutClient(&c)
			}
			kiosk := *d.Realm().Client("kiosk")
			kiosk.Exchange.Public, kiosk.Exchange.Permitted = on(6), &[]string{"orders"}
			d.PutClient(&kiosk)
		})
		for _, kind := range []string{typeAccess, typeID} {
			if q := a.exchange("outsider", subject, "requested_token_type", kind); q.status == 200 {
				t.Errorf("flags %07b: %s token granted to a client that the subject is neither of nor for", flags, kind)
			}
			if q := a.exchange("orders", subject, "requested_token_type", kind); q.status != 200 {
				t.Errorf("flags %07b: %s token: %v", flags, kind, q)
			}
		}
		if got := a.introspect("outsider", subject).members["active"] == true; got != on(4) {
			t.Errorf("flags %07b: introspection granted %v", flags, got)
		}
	}
}

// attackWidening: what was narrowed once stays narrow, whatever is asked of it and whatever is changed.
func attackWidening(t *testing.T) {
	a := newArena(t)
	wide := []string{"billing", "gateway", "orders"}
	subject := a.signIn("app", "alice", "openid")
	narrow := a.want(a.exchange("gateway", subject.get("access_token"), "audience", "orders", "requested_token_type", typeRefresh))
	if aud := audience(t, subject.get("access_token")); !slices.Equal(aud, wide) {
		t.Fatalf("aud before: %v", aud)
	}
	is := func(name string, q answer) string {
		t.Helper()
		if q.status != 200 {
			t.Fatalf("%s: %v", name, q)
		}
		says := claims(t, q.get("access_token"))
		if aud := audience(t, q.get("access_token")); !slices.Equal(aud, []string{"orders"}) {
			t.Errorf("%s: aud %v", name, aud)
		}
		access, _ := says["resource_access"].(map[string]any)
		if len(access) != 1 || access["orders"] == nil {
			t.Errorf("%s: roles of %v", name, access)
		}
		return q.get("refresh_token")
	}
	is("exchanged", narrow)
	held := narrow.get("refresh_token")
	for _, scope := range []string{"", "profile", "for-warehouse", "refunds", "openid for-warehouse profile", "offline_access"} {
		p := []string{"scope", scope}
		if scope == "" {
			p = nil
		}
		held = is("refreshed with scope "+scope, a.refresh("gateway", held, p...))
	}
	for name, p := range map[string][]string{
		"an audience": {"audience", "billing"}, "a type": {"requested_token_type", typeAccess},
		"a subject": {"subject_token", subject.get("access_token")},
	} {
		held = is("refreshed with "+name, a.refresh("gateway", held, p...))
	}
	if q := a.refresh("gateway", held, "resource", "urn:client:billing"); q.get("error") != "invalid_target" {
		t.Errorf("refreshed with a resource where none was asked for: %v", q)
	}
	// Other grants and exchanges of the same client in the same session.
	a.want(a.exchange("gateway", subject.get("access_token"), "scope", "openid for-warehouse", "requested_token_type", typeRefresh))
	held = is("refreshed after a wider exchange", a.refresh("gateway", held))
	// Changes of the configuration.
	err := addMapper(t, a.server, "shop", "gateway", realm.Mapper{Name: "more", Kind: "oidc-audience-mapper",
		Protocol: "openid-connect", Config: map[string]string{"included.client.audience": "warehouse", "access.token.claim": "true"}})
	if err != nil {
		t.Fatal(err)
	}
	held = is("refreshed after a mapper was added", a.refresh("gateway", held))
	a.changeUser("alice", func(u *user.User) {
		u.Roles = append(slices.Clone(u.Roles), a.current().Role(realm.RoleRef{Client: "billing", Name: "refund"}).Key)
	})
	held = is("refreshed after the user got more roles", a.refresh("gateway", held))
	a.settings(func(s *realm.Settings) { s.Lifespans.RotateRefresh = true })
	held = is("refreshed with rotation", a.refresh("gateway", held))
	a.settings(func(s *realm.Settings) { s.Lifespans.RotateRefresh = false })

	// And when the way is shut, nothing is left.
	for name, shut := range map[string]func(on bool){
		"not permitted any more": func(on bool) {
			a.client("gateway", func(c *realm.Client) {
				if c.Exchange.Permitted = nil; on {
					c.Exchange.Permitted = &[]string{"billing"}
				}
			})
		},
		"not accepted any more": func(on bool) {
			a.client("orders", func(c *realm.Client) {
				if c.Exchange.Accepts = nil; on {
					c.Exchange.Accepts = &[]string{}
				}
			})
		},
		"unlisted":        func(on bool) { a.settings(func(s *realm.Settings) { s.Exchange.DenyUnlisted = on }) },
		"target disabled": func(on bool) { a.client("orders", func(c *realm.Client) { c.Enabled = !on }) },
	} {
		shut(true)
		if q := a.refresh("gateway", held); q.status == 200 {
			t.Errorf("%s: aud %v", name, audience(t, q.get("access_token")))
		}
		shut(false)
		held = is("once more, after "+name, a.refresh("gateway", held))
	}
	// Nothing was named, so that a list is what narrows, today's.
	long := a.want(a.exchange("gateway", subject.get("access_token"), "requested_token_type", typeRefresh)).get("refresh_token")
	a.client("gateway", func(c *realm.Client) { c.Exchange.Permitted = &[]string{"orders"} })
	if aud := audience(t, a.want(a.refresh("gateway", long)).get("access_token")); !slices.Equal(aud, []string{"gateway", "orders"}) {
		t.Errorf("refreshed after a list was made: aud %v", aud)
	}
	a.client("orders", func(c *realm.Client) { c.Enabled = false }) // T03
	if aud := audience(t, a.want(a.refresh("gateway", long)).get("access_token")); !slices.Equal(aud, []string{"gateway"}) {
		t.Errorf("refreshed after a target was disabled: aud %v", aud)
	}
	a.client("orders", func(c *realm.Client) { c.Enabled = true })

	// What follows of an exchange ends with its subject.
	first := a.signIn("app", "alice", "openid").get("access_token")
	follows := a.want(a.exchange("gateway", first, "audience", "orders", "requested_token_type", typeRefresh))
	if q := a.refresh("gateway", follows.get("refresh_token")); q.status != 200 {
		t.Fatal(q)
	}
	if q := a.post("revoke", as("app", "token", first)); q.status != 200 || q.text != "" {
		t.Fatal(q)
	}
	for name, q := range map[string]answer{
		"subject":           a.exchange("gateway", first),
		"refresh token":     a.refresh("gateway", follows.get("refresh_token")),
		"access token":      a.exchange("gateway", follows.get("access_token")),
		"for refresh again": a.exchange("gateway", first, "requested_token_type", typeRefresh),
	} {
		if q.status == 200 {
			t.Errorf("%s, after the subject was revoked: granted", name)
		}
	}
	lifetimes(a)
}

// attackSpent: a refresh token that was used twice stays spent, though its client is granted something anew.
func attackSpent(t *testing.T) {
	a := newArena(t)
	a.settings(func(s *realm.Settings) { s.Lifespans.RotateRefresh = true })
	subject := a.signIn("app", "alice", "").get("access_token")
	begin := func() string {
		return a.want(a.exchange("gateway", subject, "requested_token_type", typeRefresh)).get("refresh_token")
	}
	first := begin()
	second := a.want(a.refresh("gateway", first)).get("refresh_token")
	for _, spent := range []string{first, second, first, second} {
		if q := a.refresh("gateway", spent); q.status == 200 {
			t.Error("a spent token, or what came of it, is good again")
		}
		begin()
	}
	a.want(a.refresh("gateway", begin()))
}

// lifetimes: no exchange makes a token live longer than its subject, unless the realm allows it.
func lifetimes(a *arena) {
	for _, capped := range []bool{true, false} {
		a.settings(func(s *realm.Settings) { s.Exchange.CapLifetime, s.Lifespans.AccessToken = capped, time.Minute })
		subject := a.signIn("app", "alice", "openid").get("access_token")
		ends := a.open(subject).Expires
		a.settings(func(s *realm.Settings) { s.Lifespans.AccessToken = time.Hour })
		for _, kind := range []string{typeAccess, typeID, typeRefresh} {
			q := a.want(a.exchange("gateway", subject, "scope", "openid", "requested_token_type", kind))
			for _, member := range []string{"access_token", "id_token"} {
				if compact := q.get(member); compact != "" && (a.open(compact).Expires > ends) == capped {
					a.Errorf("capped %v: %s of an exchange for %s ends at %d, the subject at %d", capped, member, kind, a.open(compact).Expires, ends)
				}
			}
		}
		// By hops one gets no further.
		if hop := a.exchange("gateway", a.want(a.exchange("gateway", subject)).get("access_token")).get("access_token"); capped && a.open(hop).Expires > ends {
			a.Errorf("by two hops: %d, the subject %d", a.open(hop).Expires, ends)
		}
	}
}

func attackConsent(t *testing.T) {
	a := newArena(t)
	err := addMapper(t, a.server, "shop", "app", realm.Mapper{Name: "consenting", Kind: "oidc-audience-mapper",
		Protocol: "openid-connect", Config: map[string]string{"included.client.audience": "consenting", "access.token.claim": "true"}})
	if err != nil {
		t.Fatal(err)
	}
	subject := a.signIn("app", "alice", "profile").get("access_token")
	allow := func(scopes ...string) {
		var keys []string
		for _, s := range scopes {
			keys = append(keys, a.current().Scope(s).Key)
		}
		key := a.current().Client("consenting").Key
		a.changeUser("alice", func(u *user.User) { u.Consents = []user.Consent{{Client: key, Scopes: keys}} })
	}
	ask := func(scope string) answer {
		p := []string{"requested_token_type", typeRefresh}
		if scope != "" {
			p = append(p, "scope", scope)
		}
		return a.exchange("consenting", subject, p...)
	}
	if q := ask("profile"); q.status == 200 {
		t.Error("granted without consent, though the subject's client has the scope")
	}
	if q := ask(""); q.status != 200 { // nothing in it is for users to allow
		t.Error(q)
	}
	allow("offline_access")
	if q := ask("profile"); q.status == 200 {
		t.Error("granted by consent to another scope")
	}
	allow("profile")
	refresh := a.want(ask("profile")).get("refresh_token")
	if q := a.refresh("consenting", refresh); q.status != 200 {
		t.Error(q)
	}
	allow()
	if q := a.refresh("consenting", refresh); q.status == 200 {
		t.Error("refreshed after the consent was taken back")
	}
	if q := a.post("token", as("consenting", "grant_type", "password", "username", "alice", "password", "alice-password")); q.status == 200 {
		t.Error("signed in where nobody can be asked")
	}
}

// attackPublic: a public client proves nothing, so that the token it holds is all that speaks for it.
func attackPublic(t *testing.T) {
	arenas := newArenas(t, databases[0], nil, "shop", "rival")
	a, rival := arenas[0], arenas[1]
	mine := a.signIn("front", "alice", "openid")
	subject := mine.get("access_token")
	form := func(subject string, p ...string) url.Values {
		return pairs(append(p, "grant_type", grantExchange, "subject_token", subject, "subject_token_type", typeAccess)...)
	}
	bearer := func(compact string) http.Header { return http.Header{"Authorization": {"Bearer " + compact}} }
	expired := a.open(subject)
	expired.Expires = time.Now().Unix()
	bound := a.open(subject)
	bound.Confirmation = nil
	tests := map[string]struct {
		form   url.Values
		header http.Header
		want   int
	}{
		"as it should be":                {form(subject, "audience", "orders"), nil, 200},
		"and says who it is":             {form(subject, "audience", "orders", "client_id", "front"), nil, 200},
		"and shows the token":            {form(subject, "audience", "orders"), bearer(subject), 200},
		"shows another token":            {form(subject, "audience", "orders"), bearer(a.signIn("front", "alice", "openid").get("access_token")), 400},
		"shows another's token":          {form(subject, "audience", "orders"), bearer(a.signIn("front", "bob", "openid").get("access_token")), 400},
		"shows an empty token":           {form(subject, "audience", "orders"), http.Header{"Authorization": {"Bearer "}}, 401},
		"shows no token":                 {form(subject, "audience", "orders"), http.Header{"Authorization": {"Bearer"}}, 401},
		"another scheme":                 {form(subject, "audience", "orders"), http.Header{"Authorization": {"Negotiate x"}}, 401},
		"empty client_id":                {form(subject, "audience", "orders", "client_id", ""), nil, 401},
		"empty secret":                   {form(subject, "audience", "orders", "client_secret", ""), nil, 401},
		"empty assertion":                {form(subject, "audience", "orders", "client_assertion", ""), nil, 401},
		"no audience":                    {form(subject), nil, 200},
		"not permitted":                  {form(subject, "audience", "billing"), nil, 403},
		"one that is and one that isn't": {form(subject, "audience", "orders", "audience", "billing"), nil, 403},
		"refresh token":                  {form(subject, "audience", "orders", "requested_token_type", typeRefresh), nil, 400},
		"another public client's":        {form(a.signIn("kiosk", "alice", "openid").get("access_token"), "audience", "orders"), nil, 401},
		"another's, by name":             {form(a.signIn("kiosk", "alice", "openid").get("access_token"), "audience", "orders", "client_id", "front"), nil, 403},
		"a confidential client's":        {form(a.signIn("gateway", "alice", "openid").get("access_token"), "audience", "orders"), nil, 401},
		"ID token":                       {form(mine.get("id_token"), "audience", "orders"), nil, 401},
		"its refresh token":              {form(mine.get("refresh_token"), "audience", "orders"), nil, 401},
		"expired":                        {form(a.sign("ES256", expired), "audience", "orders"), nil, 401},
		"another realm's":                {form(rival.signIn("front", "alice", "openid").get("access_token"), "audience", "orders"), nil, 401},
		"twice":                          {form(subject, "audience", "orders", "subject_token", subject), nil, 400},
		"as a legacy exchange":           {form(subject, "audience", "orders", "requested_subject", "bob"), nil, 400},
		"for another's scope":            {form(subject, "audience", "orders", "scope", "for-gateway"), nil, 400},
		"a page of another origin":       {form(subject, "audience", "orders"), http.Header{"Origin": {"https://evil.example"}}, 403},
		"a page of an origin inside":     {form(subject, "audience", "orders"), http.Header{"Origin": {"http://localhost:3000.evil.example"}}, 403},
		"a page without origin":          {form(subject, "audience", "orders"), http.Header{"Origin": {"null"}}, 403},
		"its page":                       {form(subject, "audience", "orders"), http.Header{"Origin": {"http://localhost:3000"}}, 200},
	}
	for name, tt := range tests {
		q := a.send("token", tt.form.Encode(), tt.header)
		if q.status != tt.want {
			t.Errorf("%s: %v, want %d", name, q, tt.want)
		}
		if q.status == 200 && (!slices.Equal(audience(t, q.get("access_token")), []string{"orders"}) || q.members["refresh_token"] != nil) {
			t.Errorf("%s: aud %v", name, audience(t, q.get("access_token")))
		}
		if q.status == 403 && q.members["error"] == "Invalid origin" && q.header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s: the page may read the answer", name)
		}
	}
	for name, tt := range map[string]struct {
		change func(c *realm.Client)
		named  int // status where orders is named
		open   int // and where nothing is
	}{
		"switched off":                      {func(c *realm.Client) { c.Exchange.Public = false }, 401, 401},
		"disabled":                          {func(c *realm.Client) { c.Enabled = false }, 401, 401},
		"without a list":                    {func(c *realm.Client) { c.Exchange.Permitted = nil }, 403, 403},
		"with an empty list":                {func(c *realm.Client) { c.Exchange.Permitted = &[]string{} }, 403, 403},
		"confidential by now":               {func(c *realm.Client) { c.Public, c.Secret = false, "front-secret" }, 401, 401},
		"confidential that may exchange":    {func(c *realm.Client) { c.Public, c.Exchange.Enabled, c.Secret = false, true, "s" }, 401, 401},
		"with the switch of confidentials":  {func(c *realm.Client) { c.Exchange.Public, c.Exchange.Enabled = false, true }, 401, 401},
		"bound":                             {func(c *realm.Client) { c.Tokens.BindDPoP = true }, 400, 400},
		"bearer-only":                       {func(c *realm.Client) { c.BearerOnly = true }, 400, 400},
		"of tokens that carry no audiences": {func(c *realm.Client) { c.Tokens.Lightweight = true }, 200, 403},
	} {
		was := *a.current().Client("front")
		a.client("front", tt.change)
		if q := a.post("token", form(subject, "audience", "orders")); q.status != tt.named {
			t.Errorf("%s: %v, want %d", name, q, tt.named)
		}
		if q := a.post("token", form(subject)); q.status != tt.open {
			t.Errorf("%s, no audience: %v, want %d", name, q, tt.open)
		}
		a.client("front", func(c *realm.Client) { *c = was })
	}
	if q := a.post("revoke", as("front", "token", subject)); q.status != 200 || q.text != "" {
		t.Fatal(q)
	}
	if q := a.post("token", form(subject, "audience", "orders")); q.status != 401 {
		t.Errorf("revoked: %v", q)
	}
}

// attackMappers: a mapper may dress a token up for those that read it, but the realm knows whose it is.
func attackMappers(t *testing.T) {
	alice, refresher := "", ""
	for _, claim := range []string{"sub", "azp", "none"} {
		a := newArena(t)
		alice, refresher = a.user("alice").ID, a.user("service-account-refresher").ID
		own := a.user("service-account-gateway").ID
		// The account of refresher reads orders, and that of gateway no more: whoever does is another.
		a.changeUser("service-account-gateway", func(u *user.User) { u.Roles = nil })
		a.client("gateway", func(c *realm.Client) {
			c.Mappers = append(slices.Clone(c.Mappers), realm.Mapper{Key: "dress", Name: "dress", Kind: "oidc-hardcoded-claim-mapper", Protocol: "openid-connect",
				Config: map[string]string{"claim.name": claim, "claim.value": map[string]string{"sub": alice, "azp": "refresher", "none": "x"}[claim],
					"jsonType.label": "String", "access.token.claim": "true", "introspection.token.claim": "true"}})
		})
		subject := a.service("gateway").get("access_token")
		for hop := range 3 {
			q := a.exchange("gateway", subject, "scope", "openid profile")
			if q.status != 200 {
				t.Fatalf("%s, hop %d: %v", claim, hop, q)
			}
			subject = q.get("access_token")
			says := claims(t, subject)
			if access := says["resource_access"]; access != nil || says["preferred_username"] != "service-account-gateway" || says["azp"] != "gateway" {
				t.Errorf("%s, hop %d: %v with roles of %v", claim, hop, says["preferred_username"], access)
			}
			if sub := says["sub"]; sub != own {
				t.Errorf("%s, hop %d: sub %v, is it alice's %v or refresher's %v", claim, hop, sub, sub == alice, sub == refresher)
			}
			if info := a.userinfo(subject); info.status != 200 || info.get("preferred_username") != "service-account-gateway" {
				t.Errorf("%s, hop %d: userinfo %v", claim, hop, info.members)
			}
		}
		// A client that dresses its tokens up as another's has no use of what the other holds in the session.
		first := a.signIn("gateway", "alice", "openid")
		if claim == "azp" {
			for _, q := range []answer{a.exchange("gateway", first.get("access_token")), a.refresh("gateway", first.get("refresh_token")), a.refresh("refresher", first.get("refresh_token"))} {
				if q.status == 200 {
					t.Errorf("a token that says to be another's: %v", claims(t, q.get("access_token"))["azp"])
				}
			}
		}
	}
}
