package mapper_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenhouse/tokenhouse/internal/core/mapper"
	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/session"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
)

// bench is what the mappers of the tests work on: gina of two groups, signed in at client web.
func bench() mapper.Work {
	d := realm.New("r", realm.Settings{Name: "shop", ACR: map[string]int{"gold": 2}})
	web := &realm.Client{Key: "key-web", ID: "web", Enabled: true, WebOrigins: []string{"+", "https://extra.example"},
		RedirectURIs: []string{"https://app.example/cb", "https://app.example/other/*"}}
	d.PutClient(web)
	d.PutClient(&realm.Client{Key: "key-api", ID: "api.v2", Enabled: true})
	d.PutClient(&realm.Client{Key: "key-closed", ID: "closed"})
	staff := &realm.Group{Key: "g1", Name: "staff", Path: "/staff", Attributes: map[string][]string{"office": {"north"}, "colour": {"grey"}, "floor": {"1"}}}
	night := &realm.Group{Key: "g2", Parent: "g1", Name: "night shift", Path: "/staff/night shift", Attributes: map[string][]string{"office": {"south"}}}
	guests := &realm.Group{Key: "g3", Name: "guests", Path: "/guests"}
	return mapper.Work{
		Realm: d.Realm(), Issuer: "https://id.example/realms/shop", Base: "https://id.example", Client: web,
		User: &user.User{
			ID: "user-1", Username: "gina", Email: "gina@shop.example", EmailVerified: true, FirstName: "Gina", LastName: "Vendor",
			Enabled: true, Created: time.UnixMilli(1_700_000_000_123),
			Attributes: map[string][]string{
				"colour": {"red", "green"}, "one": {"only"}, "empty": {""}, "shoe": {"42"}, "big": {"9007199254740991"}, "member": {"TRUE"},
				"numbers": {"1", "2"}, "mixed": {"1", "two"}, "prefs": {`{"theme":"dark","sizes":[1,2]}`}, "bad": {"not json"}, "street": {"1 Main St"}, "ort": {"Shopton"},
			},
			GroupKeys: []string{"g2", "g3"}, Groups: []*realm.Group{night, staff, guests},
		},
		Session: &session.Session{ID: "session-1", AuthTime: time.Unix(1_700_000_000, 0), Notes: map[string]string{"tenant": "east"}},
		Grant:   &session.Grant{},
		Nonce:   "n-1",
		Roles:   []realm.RoleRef{{Name: "lead"}, {Name: "seller"}, {Client: "api.v2", Name: "read"}, {Client: "api.v2", Name: "write"}, {Client: "web", Name: "own"}},
		Claims:  &token.Claims{},
	}
}

// config is settings of a mapper, written as "name=value".
func config(settings ...string) map[string]string {
	out := map[string]string{}
	for _, s := range settings {
		name, value, _ := strings.Cut(s, "=")
		out[name] = value
	}
	return out
}

func attributeMapper(attribute string, more ...string) realm.Mapper {
	return realm.Mapper{Name: "m", Kind: "oidc-usermodel-attribute-mapper", Config: config(append(more, "user.attribute="+attribute, "claim.name=c")...)}
}

func hardcodedMapper(claim, value, label string) realm.Mapper {
	return realm.Mapper{Name: "m", Kind: "oidc-hardcoded-claim-mapper", Config: config("claim.name="+claim, "claim.value="+value, "jsonType.label="+label)}
}

func of(kind string, settings ...string) realm.Mapper {
	return realm.Mapper{Name: "m", Kind: kind, Config: config(settings...)}
}

// apply lets a mapper write, whatever it is set to write to.
func apply(t *testing.T, w *mapper.Work, m realm.Mapper) bool {
	t.Helper()
	k := mapper.KindOf(&m)
	if k == nil {
		t.Fatalf("no kind %s", m.Kind)
	}
	return k.Apply(w, &m)
}

// TestClaims lets one mapper write; "" is a claim that is not there.
func TestClaims(t *testing.T) {
	tests := map[string]struct {
		mapper realm.Mapper
		want   string // all claims, as JSON
	}{
		"attribute":                       {attributeMapper("one"), `{"c":"only"}`},
		"first of many":                   {attributeMapper("colour"), `{"c":"red"}`},
		"multivalued":                     {attributeMapper("colour", "multivalued=true"), `{"c":["red","green"]}`},
		"multivalued of one":              {attributeMapper("one", "multivalued=true"), `{"c":["only"]}`},
		"empty":                           {attributeMapper("empty"), `{"c":""}`},
		"missing":                         {attributeMapper("absent"), `{}`},
		"missing multivalued":             {attributeMapper("absent", "multivalued=true"), `{}`},
		"a field":                         {attributeMapper("lastName"), `{"c":"Vendor"}`},
		"int":                             {attributeMapper("shoe", "jsonType.label=int"), `{"c":42}`},
		"int that is none":                {attributeMapper("one", "jsonType.label=int"), `{}`},
		"int that is too big":             {attributeMapper("big", "jsonType.label=int"), `{}`},
		"long":                            {attributeMapper("big", "jsonType.label=long"), `{"c":9007199254740991}`},
		"boolean":                         {attributeMapper("member", "jsonType.label=boolean"), `{"c":true}`},
		"boolean that is none":            {attributeMapper("one", "jsonType.label=boolean"), `{"c":false}`},
		"JSON":                            {attributeMapper("prefs", "jsonType.label=JSON"), `{"c":{"theme":"dark","sizes":[1,2]}}`},
		"JSON that is none":               {attributeMapper("bad", "jsonType.label=JSON"), `{}`},
		"ints":                            {attributeMapper("numbers", "jsonType.label=int", "multivalued=true"), `{"c":[1,2]}`},
		"ints, one of them none":          {attributeMapper("mixed", "jsonType.label=int", "multivalued=true"), `{}`},
		"unknown type":                    {attributeMapper("shoe", "jsonType.label=decimal"), `{"c":"42"}`},
		"attribute of a group":            {attributeMapper("office"), `{"c":"south"}`},
		"attribute of a group above":      {attributeMapper("floor", "jsonType.label=int"), `{"c":1}`},
		"attributes of all groups":        {attributeMapper("office", "multivalued=true", "aggregate.attrs=true"), `{"c":["south","north"]}`},
		"attributes of user and groups":   {attributeMapper("colour", "multivalued=true", "aggregate.attrs=true"), `{"c":["red","green","grey"]}`},
		"no claim name":                   {of("oidc-hardcoded-claim-mapper", "claim.value=x"), `{}`},
		"no value":                        {of("oidc-hardcoded-claim-mapper", "claim.name=c"), `{}`},
		"hardcoded":                       {hardcodedMapper("c", "x y", "String"), `{"c":"x y"}`},
		"hardcoded list":                  {hardcodedMapper("c", `["a","b"]`, "JSON"), `{"c":["a","b"]}`},
		"nested":                          {hardcodedMapper("shop.size.shoe", "42", "int"), `{"shop":{"size":{"shoe":42}}}`},
		"escaped dot":                     {hardcodedMapper(`shop\.size`, "x", ""), `{"shop.size":"x"}`},
		"name of a URL":                   {hardcodedMapper(`https://shop\.example/tier`, "x", ""), `{"https://shop.example/tier":"x"}`},
		"escaped backslash":               {hardcodedMapper(`a\\b.c`, "x", ""), `{"a\\b":{"c":"x"}}`},
		"dots with nothing between":       {hardcodedMapper("a..b", "x", ""), `{"a":{".b":"x"}}`},
		"dot at the end":                  {hardcodedMapper("a.", "x", ""), `{"a":"x"}`},
		"nested too deep":                 {hardcodedMapper(strings.Repeat("a.", 40)+"b", "x", ""), `{}`},
		"property":                        {of("oidc-usermodel-property-mapper", "user.attribute=firstName", "claim.name=c"), `{"c":"Gina"}`},
		"property id":                     {of("oidc-usermodel-property-mapper", "user.attribute=id", "claim.name=c"), `{"c":"user-1"}`},
		"property emailVerified":          {of("oidc-usermodel-property-mapper", "user.attribute=emailVerified", "claim.name=c", "jsonType.label=boolean"), `{"c":true}`},
		"property createdTimestamp":       {of("oidc-usermodel-property-mapper", "user.attribute=createdTimestamp", "claim.name=c", "jsonType.label=long"), `{"c":1700000000123}`},
		"property that is none":           {of("oidc-usermodel-property-mapper", "user.attribute=shoe", "claim.name=c"), `{}`},
		"full name":                       {of("oidc-full-name-mapper"), `{"name":"Gina Vendor"}`},
		"address":                         {of("oidc-address-mapper", "user.attribute.locality=ort"), `{"address":{"street_address":"1 Main St","locality":"Shopton"}}`},
		"groups":                          {of("oidc-group-membership-mapper", "claim.name=c"), `{"c":["guests","night shift"]}`},
		"paths of groups":                 {of("oidc-group-membership-mapper", "claim.name=c", "full.path=true"), `{"c":["/guests","/staff/night shift"]}`},
		"note":                            {of("oidc-usersessionmodel-note-mapper", "user.session.note=tenant", "claim.name=c"), `{"c":"east"}`},
		"note that is missing":            {of("oidc-usersessionmodel-note-mapper", "user.session.note=none", "claim.name=c"), `{}`},
		"auth_time":                       {of("oidc-usersessionmodel-note-mapper", "user.session.note=AUTH_TIME", "claim.name=auth_time", "jsonType.label=long"), `{"auth_time":1700000000}`},
		"auth_time as text":               {of("oidc-usersessionmodel-note-mapper", "user.session.note=AUTH_TIME", "claim.name=auth_time"), `{"auth_time":1700000000}`},
		"allowed origins":                 {of("oidc-allowed-origins-mapper"), `{"allowed-origins":["https://app.example","https://extra.example"]}`},
		"acr":                             {of("oidc-acr-mapper"), `{"acr":"1"}`},
		"session state":                   {of("oidc-session-state-mapper"), `{"session_state":"session-1"}`},
		"nonce":                           {of("oidc-nonce-backwards-compatible-mapper"), `{"nonce":"n-1"}`},
		"sub":                             {of("oidc-sub-mapper"), `{"sub":"user-1"}`},
		"realm roles":                     {of("oidc-usermodel-realm-role-mapper", "claim.name=realm_access.roles", "multivalued=true"), `{"realm_access":{"roles":["lead","seller"]}}`},
		"realm roles with prefix":         {of("oidc-usermodel-realm-role-mapper", "claim.name=c", "multivalued=true", "usermodel.realmRoleMapping.rolePrefix=R_"), `{"c":["R_lead","R_seller"]}`},
		"realm roles, one of them":        {of("oidc-usermodel-realm-role-mapper", "claim.name=c"), `{"c":"seller"}`},
		"roles of all clients":            {of("oidc-usermodel-client-role-mapper", "claim.name=by.${client_id}.list", "multivalued=true"), `{"by":{"api.v2":{"list":["read","write"]},"web":{"list":["own"]}}}`},
		"roles of all clients, one claim": {of("oidc-usermodel-client-role-mapper", "claim.name=c", "multivalued=true"), `{"c":["read","write","own"]}`},
		"roles of one client":             {of("oidc-usermodel-client-role-mapper", "claim.name=c", "multivalued=true", "usermodel.clientRoleMapping.clientId=api.v2", "usermodel.clientRoleMapping.rolePrefix=A_"), `{"c":["A_read","A_write"]}`},
		"roles of a client without":       {of("oidc-usermodel-client-role-mapper", "claim.name=c", "multivalued=true", "usermodel.clientRoleMapping.clientId=closed"), `{}`},
		"kept, not acted on":              {of("oidc-amr-mapper"), `{}`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			w := bench()
			wrote := apply(t, &w, tt.mapper)
			if got := string(w.Claims.AppendJSON(nil)); got != tt.want {
				t.Errorf("claims %s, want %s", got, tt.want)
			}
			if wrote != (tt.want != "{}") {
				t.Errorf("wrote is %v", wrote)
			}
		})
	}
}

// TestNobody: without user, session and grant no mapper fails.
func TestNobody(t *testing.T) {
	for _, k := range mapper.Kinds {
		w := bench()
		w.User, w.Session, w.Grant, w.Roles = nil, nil, nil, nil
		m := of(k.Name, "claim.name=c", "claim.value=x", "user.attribute=one", "user.session.note=tenant", "role=r", "new.role.name=s")
		apply(t, &w, m)
	}
}

// TestAttackT17 lets mappers write claims that are not theirs to write.
func TestAttackT17(t *testing.T) {
	reserved := []string{
		"iss", "exp", "iat", "nbf", "jti", "typ", "nonce", "sid", "scope", "session_state", "at_hash", "c_hash", "s_hash", "reuse_id", "req-aud", "aud_x",
		"prov", "cnf", "act", "exchange_path", "cnf.jkt", "act.sub", "may_act.act", "may_act.act.sub", "may_act.jti", "may_act.sid", "aud.x", "sub.x", `i\ss`,
	}
	for _, claim := range reserved {
		w := bench()
		if apply(t, &w, hardcodedMapper(claim, "evil", "")) || !mapper.Reserved(claim) {
			t.Errorf("%s is not reserved", claim)
		}
		if got := string(w.Claims.AppendJSON(nil)); got != "{}" {
			t.Errorf("%s gave %s", claim, got)
		}
		if apply(t, &w, hardcodedMapper(claim, `{"jkt":"x"}`, "JSON")) {
			t.Errorf("%s can be written as JSON", claim)
		}
	}
	for _, member := range []string{"access_token", "refresh_token", "id_token", "expires_in", "token_type", "scope", "error", "refresh_token.x"} {
		w := bench()
		w.Use = mapper.Response
		if apply(t, &w, hardcodedMapper(member, "evil", "")) || len(w.Claims.Other) > 0 {
			t.Errorf("member %s can be written: %v", member, w.Claims.Other)
		}
	}
	for claim, want := range map[string]string{"sub": `{"sub":"x"}`, "azp": `{"azp":"x"}`, "acr": `{"acr":"x"}`, "email": `{"email":"x"}`,
		"may_act.sub": `{"may_act":{"sub":"x"}}`, "may_act.client_id": `{"may_act":{"client_id":"x"}}`, "may_act.tenant": `{"may_act":{"tenant":"x"}}`} {
		w := bench()
		if !apply(t, &w, hardcodedMapper(claim, "x", "")) || mapper.Reserved(claim) || string(w.Claims.AppendJSON(nil)) != want {
			t.Errorf("%s cannot be written: %s", claim, w.Claims.AppendJSON(nil))
		}
	}
}

func TestAudience(t *testing.T) {
	hardcoded := func(value, label string) realm.Mapper { return hardcodedMapper("aud", value, label) }
	tests := map[string]struct {
		mapper realm.Mapper
		want   []string
	}{
		"client":                     {of(mapper.KindAudience, "included.client.audience=api.v2"), []string{"there", "api.v2"}},
		"clients":                    {of(mapper.KindAudience, "included.client.audience=api.v2## web ##closed##ghost##"), []string{"there", "api.v2", "web"}},
		"custom":                     {of(mapper.KindAudience, "included.custom.audience=urn:x"), []string{"there", "urn:x"}},
		"custom that is closed":      {of(mapper.KindAudience, "included.custom.audience=closed"), []string{"there"}},
		"client wins over custom":    {of(mapper.KindAudience, "included.client.audience=web", "included.custom.audience=urn:x"), []string{"there", "web"}},
		"a client that is gone wins": {of(mapper.KindAudience, "included.client.audience=ghost", "included.custom.audience=urn:x"), []string{"there"}},
		"neither":                    {of(mapper.KindAudience), []string{"there"}},
		"there already":              {of(mapper.KindAudience, "included.custom.audience=there"), []string{"there"}},
		"of roles":                   {of(mapper.KindResolve), []string{"there", "api.v2"}},
		"of the realm":               {of("tokenhouse-realm-audience-mapper"), []string{"there", "https://id.example/realms/shop"}},
		"claim":                      {hardcoded("urn:x", "String"), []string{"urn:x"}},
		"claim that is closed":       {hardcoded("closed", "String"), nil},
		"claim of a JSON list":       {hardcoded(`["one","two"]`, "JSON"), []string{`["one","two"]`}},
		"claim of a JSON object":     {hardcoded(`{"a":1}`, "JSON"), []string{`{"a":1}`}},
		"claim of a number":          {hardcoded("42", "int"), []string{"42"}},
		"claim of many":              {of("oidc-usermodel-attribute-mapper", "user.attribute=colour", "claim.name=aud", "multivalued=true"), []string{"red", "green"}},
		"claim of many numbers":      {of("oidc-usermodel-attribute-mapper", "user.attribute=numbers", "claim.name=aud", "multivalued=true", "jsonType.label=int"), []string{"1", "2"}},
		"claim of roles":             {of("oidc-usermodel-realm-role-mapper", "claim.name=aud", "multivalued=true"), []string{"lead", "seller"}},
		"claim without value":        {of("oidc-usermodel-attribute-mapper", "user.attribute=absent", "claim.name=aud"), []string{"there"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			w := bench()
			w.Audiences.Add("there")
			m := tt.mapper
			if !mapper.KindOf(&m).Shapes(&m) {
				t.Error("it does not shape the audience")
			}
			apply(t, &w, m)
			if diff := cmp.Diff(tt.want, w.Audiences.All()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestRoles(t *testing.T) {
	there := bench().Roles
	tests := map[string]struct {
		mapper realm.Mapper
		want   string
	}{
		"add a realm role":           {of("oidc-hardcoded-role-mapper", "role=extra"), "lead seller extra api.v2/read api.v2/write web/own"},
		"add a client role":          {of("oidc-hardcoded-role-mapper", "role=api.v2.admin"), "lead seller api.v2/read api.v2/write api.v2/admin web/own"},
		"add one that is there":      {of("oidc-hardcoded-role-mapper", "role=api.v2.read"), "lead seller api.v2/read api.v2/write web/own"},
		"add one of a closed client": {of("oidc-hardcoded-role-mapper", "role=closed.use"), "lead seller api.v2/read api.v2/write web/own"},
		"add one of nobody":          {of("oidc-hardcoded-role-mapper", "role=ghost.use"), "lead seller api.v2/read api.v2/write web/own"},
		"add nothing":                {of("oidc-hardcoded-role-mapper"), "lead seller api.v2/read api.v2/write web/own"},
		"rename":                     {of("oidc-role-name-mapper", "role=seller", "new.role.name=vendor"), "lead vendor api.v2/read api.v2/write web/own"},
		"rename to a client's":       {of("oidc-role-name-mapper", "role=lead", "new.role.name=web.lead"), "seller api.v2/read api.v2/write web/own web/lead"},
		"rename what is not there":   {of("oidc-role-name-mapper", "role=boss", "new.role.name=lead"), "lead seller api.v2/read api.v2/write web/own"},
		"rename to one of nobody":    {of("oidc-role-name-mapper", "role=lead", "new.role.name=ghost.lead"), "seller api.v2/read api.v2/write web/own"},
		"rename to nothing":          {of("oidc-role-name-mapper", "role=lead"), "lead seller api.v2/read api.v2/write web/own"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			w := bench()
			w.Roles = append([]realm.RoleRef(nil), there...)
			apply(t, &w, tt.mapper)
			var got []string
			for _, role := range w.Roles {
				got = append(got, role.String())
			}
			if diff := cmp.Diff(tt.want, strings.Join(got, " ")); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestWritesTo(t *testing.T) {
	const attribute, audience, resolve = "oidc-usermodel-attribute-mapper", mapper.KindAudience, mapper.KindResolve
	tests := map[string]struct {
		mapper realm.Mapper
		want   string // letters of the uses that it writes to: access, lightweight, id, userinfo, introspection, response
	}{
		"nothing set":                 {of(attribute), ""},
		"access":                      {of(attribute, "access.token.claim=true"), "an"},
		"access, not introspection":   {of(attribute, "access.token.claim=true", "introspection.token.claim=false"), "a"},
		"introspection only":          {of(attribute, "access.token.claim=false", "introspection.token.claim=true"), "n"},
		"id":                          {of(attribute, "id.token.claim=true"), "iu"},
		"id, not userinfo":            {of(attribute, "id.token.claim=true", "userinfo.token.claim=false"), "i"},
		"userinfo only":               {of(attribute, "userinfo.token.claim=true"), "u"},
		"lightweight":                 {of(attribute, "lightweight.claim=true"), "l"},
		"all, but true is lower case": {of(attribute, "access.token.claim=TRUE", "id.token.claim=yes", "userinfo.token.claim=1"), ""},
		"no members of the answer":    {of(attribute, "access.tokenResponse.claim=true"), ""},
		"members of the answer":       {of("oidc-hardcoded-claim-mapper", "access.tokenResponse.claim=true"), "r"},
		"audience is no userinfo":     {of(audience, "access.token.claim=true", "id.token.claim=true", "userinfo.token.claim=true"), "ain"},
		"resolve is on unless off":    {of(resolve), "an"},
		"resolve is off":              {of(resolve, "access.token.claim=false"), ""},
		"resolve is no ID token":      {of(resolve, "id.token.claim=true"), "an"},
		"roles always":                {of("oidc-hardcoded-role-mapper"), "aliun"},
		"pairwise always":             {of("oidc-sha256-pairwise-sub-mapper", "access.token.claim=false"), "aliun"},
	}
	letters := map[mapper.Use]byte{mapper.Access: 'a', mapper.Lightweight: 'l', mapper.ID: 'i', mapper.UserInfo: 'u', mapper.Introspection: 'n', mapper.Response: 'r'}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var got []byte
			for use := mapper.Access; use <= mapper.Response; use++ {
				if mapper.KindOf(&tt.mapper).WritesTo(&tt.mapper, use) {
					got = append(got, letters[use])
				}
			}
			if string(got) != tt.want {
				t.Errorf("writes to %q, want %q", got, tt.want)
			}
		})
	}
}

func TestPairwise(t *testing.T) {
	sub := func(change func(*mapper.Work, *realm.Mapper)) string {
		w, m := bench(), of("oidc-sha256-pairwise-sub-mapper", "pairwiseSubAlgorithmSalt=salt")
		change(&w, &m)
		apply(t, &w, m)
		return w.Claims.Subject
	}
	plain := sub(func(*mapper.Work, *realm.Mapper) {})
	// Keycloak's: UUID.nameUUIDFromBytes(SHA-256("app.example" + "user-1" + "salt")).
	if want := "868ae925-0cd0-333f-8aea-e8b2dcf74c43"; plain != want {
		t.Errorf("sub is %s, want %s", plain, want)
	}
	same := sub(func(w *mapper.Work, m *realm.Mapper) {
		w.Client = &realm.Client{Key: "other", ID: "other", RedirectURIs: []string{"https://app.example/else"}}
	})
	if same != plain {
		t.Error("two clients of a sector know the user by different names")
	}
	others := map[string]string{
		"another user":   sub(func(w *mapper.Work, _ *realm.Mapper) { w.User = &user.User{ID: "user-2"} }),
		"another salt":   sub(func(_ *mapper.Work, m *realm.Mapper) { m.Config["pairwiseSubAlgorithmSalt"] = "pepper" }),
		"another sector": sub(func(_ *mapper.Work, m *realm.Mapper) { m.Config["sectorIdentifierUri"] = "https://sector.example/uris" }),
		"no redirect":    sub(func(w *mapper.Work, _ *realm.Mapper) { w.Client = &realm.Client{Key: "key-x", ID: "x"} }),
		"several hosts": sub(func(w *mapper.Work, _ *realm.Mapper) {
			w.Client = &realm.Client{Key: "key-y", ID: "y", RedirectURIs: []string{"https://app.example/", "https://b.example/"}}
		}),
	}
	seen := map[string]string{plain: "the plain one"}
	for name, s := range others {
		if seen[s] != "" || s == "user-1" || s == "user-2" {
			t.Errorf("%s: sub %s is that of %s", name, s, seen[s])
		}
		seen[s] = name
	}
}

// TestACR: a sign-in is level 1, a session that was there already level 0. The token has the highest of the values that
// were asked for, or else of all names, that the level is enough for.
func TestACR(t *testing.T) {
	precious := map[string]int{"silver": 1, "gold": 2}
	sso := map[string]string{"SSO_AUTH": "true"}
	asking := func(level string, asked oauth.ACR) map[string]string {
		return map[string]string{"LEVEL": level, "ACR": asked.String()}
	}
	tests := map[string]struct {
		levels map[string]int
		notes  map[string]string
		client realm.ClientSignIn
		want   string
	}{
		"signed in":                   {want: "1"},
		"single sign-on":              {notes: sso, want: "0"},
		"named":                       {levels: precious, want: "silver"},
		"named, but not so low":       {levels: map[string]int{"gold": 2}, notes: sso, want: "0"},
		"above all names":             {levels: precious, notes: asking("3", oauth.ACR{}), want: "gold"},
		"two names, the first of abc": {levels: map[string]int{"silver": 1, "argent": 1}, want: "argent"},
		"the client's names":          {levels: precious, client: realm.ClientSignIn{ACR: map[string]int{"low": 0, "high": 5}}, want: "low"},
		"asked for by number":         {levels: precious, notes: asking("1", oauth.ACR{Values: []string{"1", "2"}}), want: "1"},
		"by number without names":     {notes: asking("1", oauth.ACR{Values: []string{"0"}}), want: "1"},
		"asked for too much":          {levels: precious, notes: asking("1", oauth.ACR{Values: []string{"gold"}}), want: "silver"},
		"asked for less":              {levels: precious, notes: asking("2", oauth.ACR{Values: []string{"silver", "0"}}), want: "silver"},
		"asked for by the client":     {levels: precious, notes: asking("2", oauth.ACR{}), client: realm.ClientSignIn{DefaultACR: []string{"0", "1"}}, want: "1"},
		"less than the least":         {levels: precious, notes: asking("2", oauth.ACR{Values: []string{"1"}}), client: realm.ClientSignIn{LeastACR: "gold"}, want: "gold"},
		"nobody knows it":             {levels: precious, notes: asking("1", oauth.ACR{Values: []string{"lead"}}), want: "silver"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			w := bench()
			w.Realm = realm.New("r", realm.Settings{Name: "shop", ACR: tt.levels}).Realm()
			client := *w.Client
			client.SignIn = tt.client
			w.Client, w.Grant = &client, &session.Grant{Notes: tt.notes}
			apply(t, &w, of("oidc-acr-mapper"))
			if w.Claims.ACR != tt.want {
				t.Errorf("acr is %q, want %q", w.Claims.ACR, tt.want)
			}
		})
	}
}

// FuzzClaimName writes to claims of any name and reads the token again.
func FuzzClaimName(f *testing.F) {
	for _, name := range []string{"a.b", `a\.b`, "..", "a..b.", `\`, "aud.x", "${client_id}.x", "\x00", "ä.ö", strings.Repeat(".a", 100)} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		w := bench()
		m := of("oidc-usermodel-client-role-mapper", "multivalued=true")
		m.Config["claim.name"] = name
		apply(t, &w, m)
		m = hardcodedMapper("", "x", "")
		m.Config["claim.name"] = name
		apply(t, &w, m)
		if _, err := token.Parse(w.Claims.AppendJSON(nil)); err != nil {
			t.Errorf("claim %q: %v", name, err)
		}
	})
}
