package mint_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenhouse/tokenhouse/internal/core/audience"
	"github.com/tokenhouse/tokenhouse/internal/core/explain"
	"github.com/tokenhouse/tokenhouse/internal/core/mapper"
	"github.com/tokenhouse/tokenhouse/internal/core/mint"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/session"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
)

// request asks for a token of client web for a user with roles at orders and crm, of an online session.
func request(change func(*audience.Request)) mint.Request {
	d := realm.New("r", realm.Settings{Name: "shop"})
	web := &realm.Client{Key: "key-web", ID: "web", Enabled: true, FullScope: true, Public: true, DefaultScopes: []string{"roles", "hidden"}, Mappers: []realm.Mapper{
		{Name: "sub", Kind: "oidc-sub-mapper", Config: map[string]string{"access.token.claim": "true"}},
		{Name: "tenant", Kind: "oidc-usersessionmodel-note-mapper", Config: map[string]string{"user.session.note": "tenant", "claim.name": "tenant", "access.token.claim": "true"}},
		{Name: "for ID tokens", Kind: "oidc-hardcoded-claim-mapper", Config: map[string]string{"claim.name": "x", "claim.value": "1", "id.token.claim": "true"}},
	}}
	d.PutClient(web)
	d.PutScope(&realm.ClientScope{Key: "hidden", Name: "hidden"})
	d.PutScope(&realm.ClientScope{Key: "roles", Name: "roles", InToken: true, Mappers: []realm.Mapper{
		{Name: "resolve", Kind: mapper.KindResolve},
		{Name: "client roles", Kind: "oidc-usermodel-client-role-mapper", Config: map[string]string{
			"claim.name": "resource_access.${client_id}.roles", "multivalued": "true", "access.token.claim": "true"}},
	}})
	u := &user.User{ID: "user-1", Username: "alice"}
	for _, id := range []string{"orders", "crm"} {
		d.PutClient(&realm.Client{Key: "key-" + id, ID: id, Enabled: true})
		d.PutRole(&realm.Role{Key: "role-" + id, Name: "read", Client: "key-" + id})
		u.Roles = append(u.Roles, "role-"+id)
	}
	q := audience.Request{
		Realm: d.Realm(), Issuer: "https://id.example/realms/shop", Client: web, User: u,
		Session: &session.Session{ID: "session-1", Notes: map[string]string{"tenant": "east"}}, Use: mapper.Access,
	}
	if change != nil {
		change(&q)
	}
	r := audience.Resolve(q)
	return mint.Request{
		For: &r, Base: "https://id.example", ID: "id-1", Origin: token.Origin{Session: token.Online, Grant: token.ByPassword},
		Now: noon, Expires: noon.Add(5 * time.Minute),
	}
}

func text(c token.Claims) string { return string(c.AppendJSON(nil)) }

func expect(t *testing.T, what, want, got string) {
	t.Helper()
	if want != got {
		t.Errorf("%s is\n%s\nwant\n%s", what, got, want)
	}
}

func TestAccess(t *testing.T) {
	q := request(nil)
	expect(t, "access token", `{"exp":1772366700,"iat":1772366400,"jti":"onrtro:id-1","iss":"https://id.example/realms/shop","aud":["crm","orders"],"sub":"user-1",`+
		`"typ":"Bearer","azp":"web","sid":"session-1","scope":"roles","tenant":"east","resource_access":{"crm":{"roles":["read"]},"orders":{"roles":["read"]}}}`, text(mint.Access(q).Claims))
}

func TestAccessNarrowed(t *testing.T) {
	q := request(func(q *audience.Request) { q.Audiences = []string{"orders"} })
	c := mint.Access(q).Claims
	want := `{"orders":{"roles":["read"]}}`
	if got, _ := c.Other.Get("resource_access").(token.Object); string(got.AppendJSON(nil)) != want || len(c.Audience) != 1 {
		t.Errorf("resource_access %v, aud %v", got, c.Audience)
	}
	if c.RequestedAudience != nil {
		t.Errorf("req-aud is %v, though resource_access shows the filter", c.RequestedAudience)
	}
	q.Origin.Lightweight = true
	if c := mint.Access(q).Claims; !slices.Equal(c.RequestedAudience, []string{"orders"}) {
		t.Errorf("lightweight: req-aud is %v", c.RequestedAudience)
	}
	q = request(func(q *audience.Request) { q.Audiences = []string{"ghost"} })
	c = mint.Access(q).Claims
	if got, ok := c.Other.Get("resource_access").(token.Object); !ok || len(got) > 0 || c.Audience != nil {
		t.Errorf("nothing asked for is there: resource_access %v, aud %v", got, c.Audience)
	}
}

// TestSubject: the subject is for a mapper to write, but for tokens behind which nothing is kept of their client.
func TestSubject(t *testing.T) {
	for kind, want := range map[token.SessionKind]string{
		token.Online: "", token.Offline: "", token.Transient: "user-1", token.OnlineTransient: "user-1", token.OfflineTransient: "user-1",
	} {
		q := request(func(q *audience.Request) { q.Use = mapper.Lightweight }) // no mapper writes sub to it
		q.Origin.Session = kind
		c := mint.Access(q).Claims
		if c.Subject != want {
			t.Errorf("session %s: sub is %q, want %q", kind, c.Subject, want)
		}
		if hasSession := c.Session != ""; hasSession != (kind != token.Transient) {
			t.Errorf("session %s: sid is %q", kind, c.Session)
		}
		if c := mint.ID(q, "", "RS256").Claims; c.Subject != "user-1" {
			t.Errorf("session %s: sub of the ID token is %q", kind, c.Subject)
		}
	}
}

// TestBound: a token bound to a key says so, and so does a refresh token of a client without credentials.
func TestBound(t *testing.T) {
	cnf := &token.Confirmation{JKT: "thumb", JKTType: "DPoP"}
	q := request(nil)
	q.Confirmation = cnf
	access := mint.Access(q).Claims
	if access.Type != token.TypDPoP || access.Confirmation != cnf {
		t.Errorf("typ %s, cnf %v", access.Type, access.Confirmation)
	}
	if c := mint.Refresh(q, &access).Claims; c.Confirmation != cnf {
		t.Error("the refresh token of a public client is not bound")
	}
	confidential := *q.For.Client
	confidential.Public = false
	q.For.Client = &confidential
	if c := mint.Refresh(q, &access).Claims; c.Confirmation != nil {
		t.Error("the refresh token of a confidential client is bound")
	}
	q.Confirmation = &token.Confirmation{Certificate: "x5t"}
	if c := mint.Access(q).Claims; c.Type != token.TypBearer || c.Confirmation == nil {
		t.Errorf("bound to a certificate: typ %s, cnf %v", c.Type, c.Confirmation)
	}
}

// TestAttackT11: who acts, who may act and the path survive in every token.
func TestAttackT11(t *testing.T) {
	q := request(nil)
	q.Actor, q.MayAct, q.Path = &token.Actor{Subject: "a"}, &token.Actor{Subject: "b"}, []token.Hop{{Client: "spa", JTI: "j"}}
	access := mint.Access(q).Claims
	for name, c := range map[string]token.Claims{
		"access token": access, "ID token": mint.ID(q, "", "").Claims, "refresh token": mint.Refresh(q, &access).Claims,
		"introspection": mint.Introspection(q, &access).Claims, // T13
	} {
		if c.Actor != q.Actor || c.MayAct != q.MayAct || !cmp.Equal(c.Path, q.Path) {
			t.Errorf("%s: act %v, may_act %v, path %v", name, c.Actor, c.MayAct, c.Path)
		}
	}
}

func TestID(t *testing.T) {
	q := request(func(q *audience.Request) { q.Audiences = []string{"orders"} })
	q.Nonce = "n-1"
	expect(t, "ID token", `{"exp":1772366700,"iat":1772366400,"jti":"id-1","iss":"https://id.example/realms/shop","aud":"web","sub":"user-1",`+
		`"typ":"ID","azp":"web","nonce":"n-1","sid":"session-1","x":"1"}`, text(mint.ID(q, "", "RS256").Claims))
}

// TestAccessHash checks at_hash with the example of OpenID Connect Core §A.3, and each hash function's length.
func TestAccessHash(t *testing.T) {
	hash := func(token, alg string) string { return mint.ID(request(nil), token, alg).Claims.AccessHash }
	if got, want := hash("jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y", "RS256"), "77QmUPtjPfzWtF2AnpK9RQ"; got != want {
		t.Errorf("at_hash is %s, want %s", got, want)
	}
	for alg, bytes := range map[string]int{"": 16, "HS256": 16, "ES256": 16, "PS384": 24, "ES384": 24, "RS512": 32, "EdDSA": 32} {
		if got, want := len(hash("x", alg)), (bytes*8+5)/6; got != want {
			t.Errorf("%s: at_hash of %d characters, want %d", alg, got, want)
		}
	}
}

func TestRefresh(t *testing.T) {
	q := request(func(q *audience.Request) { q.Audiences, q.Scope = []string{"orders"}, "openid" })
	q.ID, q.Expires = "id-2", noon.Add(30*time.Minute)
	access := mint.Access(q).Claims
	access.Client, access.Subject = "someone", "fixed" // as mappers may have it
	expect(t, "refresh token", `{"exp":1772368200,"iat":1772366400,"jti":"id-2","iss":"https://id.example/realms/shop","aud":"https://id.example/realms/shop","sub":"fixed",`+
		`"typ":"Refresh","azp":"someone","sid":"session-1","scope":"openid roles hidden","req-aud":["orders"],"aud_x":"orders","prov":"default"}`, text(mint.Refresh(q, &access).Claims))

	q = request(func(q *audience.Request) { q.Session.Offline = true })
	q.Expires = time.Time{}
	if c := mint.Refresh(q, &token.Claims{}).Claims; c.Type != token.TypOffline || c.Expires != 0 || c.RequestedAudience != nil {
		t.Errorf("offline token: %s", text(c))
	}
}

func TestUserInfo(t *testing.T) {
	q := request(func(q *audience.Request) { q.Use = mapper.UserInfo })
	expect(t, "userinfo", `{"sub":"user-1","x":"1"}`, string(mint.UserInfo(q).AppendJSON(nil)))
}

// TestIntrospection: the token's own audience and that of mappers now, less what the token was narrowed to.
func TestIntrospection(t *testing.T) {
	held := mint.Access(request(func(q *audience.Request) { q.Audiences = []string{"orders"} })).Claims
	held.Other = append(held.Other, token.Member{Name: "old", Value: "claim"})
	wide := mint.Introspection(request(func(q *audience.Request) { q.Use = mapper.Introspection }), &held).Claims
	expect(t, "introspection without filter", `{"exp":1772366700,"iat":1772366400,"jti":"onrtro:id-1","iss":"https://id.example/realms/shop","aud":["orders","crm"],"sub":"user-1",`+
		`"typ":"Bearer","azp":"web","sid":"session-1","scope":"roles","tenant":"east","resource_access":{"crm":{"roles":["read"]},"orders":{"roles":["read"]}}}`, text(wide))
	narrow := mint.Introspection(request(func(q *audience.Request) { q.Use, q.Audiences = mapper.Introspection, held.Audience }), &held).Claims
	expect(t, "introspection", `{"exp":1772366700,"iat":1772366400,"jti":"onrtro:id-1","iss":"https://id.example/realms/shop","aud":"orders","sub":"user-1",`+
		`"typ":"Bearer","azp":"web","sid":"session-1","scope":"roles","tenant":"east","resource_access":{"orders":{"roles":["read"]}}}`, text(narrow))
}

func TestTrace(t *testing.T) {
	q := request(func(q *audience.Request) { q.Session.Notes = nil })
	if mint.Access(q).Trace != nil {
		t.Error("there is a trace that nobody asked for")
	}
	q.Explain = true
	var got strings.Builder
	for _, s := range mint.Access(q).Trace.Steps {
		if s.Rule != explain.ClaimMapper {
			t.Errorf("unexpected rule %s", s.Rule)
		}
		got.WriteString(string(s.Outcome) + " " + s.Subject + ": " + s.Because() + "\n")
	}
	expect(t, "trace", `added sub: mapper sub of the client
none tenant: mapper tenant of the client has no value for this user
skipped x: mapper for ID tokens of the client is not for this token
added resource_access.${client_id}.roles: mapper client roles of client scope roles
`, got.String())
}

func TestResponse(t *testing.T) {
	q := request(nil)
	if got := mint.Response(q); got != nil {
		t.Errorf("members %v", got)
	}
	q = request(func(q *audience.Request) {
		c := *q.Client
		c.Mappers = []realm.Mapper{{Name: "region", Kind: "oidc-hardcoded-claim-mapper", Config: map[string]string{"claim.name": "region", "claim.value": "eu", "access.tokenResponse.claim": "true"}}}
		q.Client = &c
	})
	expect(t, "members", `{"region":"eu"}`, string(mint.Response(q).AppendJSON(nil)))
}

// TestAttackT17: mappers dress tokens up for those that read them, but where the token alone tells the realm
// whose it is, it stays that.
func TestAttackT17(t *testing.T) {
	for origin, want := range map[token.Origin][2]string{
		{Session: token.Online, Grant: token.ByPassword}:             {"evil", "evil"},
		{Session: token.OnlineTransient, Grant: token.ByExchange}:    {"evil", "web"},
		{Session: token.OfflineTransient, Grant: token.ByExchange}:   {"evil", "web"},
		{Session: token.Transient, Grant: token.ByClientCredentials}: {"evil", "web"},
		{Session: token.Transient, Grant: token.ByExchange}:          {"user-1", "web"},
	} {
		q := request(func(q *audience.Request) {
			c := *q.Client
			for _, claim := range []string{"sub", "azp"} {
				c.Mappers = append(slices.Clone(c.Mappers), realm.Mapper{Name: claim, Kind: "oidc-hardcoded-claim-mapper",
					Config: map[string]string{"claim.name": claim, "claim.value": "evil", "access.token.claim": "true"}})
			}
			q.Client = &c
		})
		q.Origin = origin
		if c := mint.Access(q).Claims; c.Subject != want[0] || c.Client != want[1] {
			t.Errorf("%+v: sub %s, azp %s, want %v", origin, c.Subject, c.Client, want)
		}
	}
}
