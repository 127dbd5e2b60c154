package exchange_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenhouse/tokenhouse/internal/core/exchange"
	"github.com/tokenhouse/tokenhouse/internal/core/explain"
	"github.com/tokenhouse/tokenhouse/internal/core/federation"
	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/session"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
)

// What is issued says which tokens it came of, oldest first.
func TestPath(t *testing.T) {
	q := play{Client: "gateway", Subject: &held{Client: "spa", User: "alice", Path: []string{"app", "refresher"}}}.request(t, shop(t))
	before := slices.Clone(q.Subject.Token.Path)
	d := exchange.Decide(q)
	if d.Refuse != nil {
		t.Fatal(d.Refuse)
	}
	want := []token.Hop{{Client: "app", JTI: "jti of app"}, {Client: "refresher", JTI: "jti of refresher"}, {Client: "spa", JTI: "jti"}}
	if diff := cmp.Diff(want, d.Grant.Path); diff != "" {
		t.Errorf("path (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(before, q.Subject.Token.Path[:len(before)]); diff != "" {
		t.Errorf("the subject's own path was changed:\n%s", diff)
	}
}

func TestNoChainLimit(t *testing.T) {
	s := shop(t)
	if err := s.Admin(`tokenhouse admin update realms/shop -r shop -s 'attributes."tokenhouse.exchange.chain-limit"=-1'`); err != nil {
		t.Fatal(err)
	}
	long := make([]string, 100)
	d := exchange.Decide(play{Client: "gateway", Subject: &held{Client: "spa", User: "alice", Path: long}}.request(t, s))
	if d.Refuse != nil {
		t.Error(d.Refuse)
	}
}

const enforce = `tokenhouse admin update realms/shop -r shop -s 'attributes."tokenhouse.exchange.downscope"=true'`

// Under downscope enforcement a token has no scope and no role that its subject could not have.
func TestDownscope(t *testing.T) {
	const (
		limitSPA  = `tokenhouse admin update clients/spa -r shop -s fullScopeAllowed=false`
		limitApp  = `tokenhouse admin update clients/app -r shop -s fullScopeAllowed=false`
		addAgent  = `tokenhouse admin create clients/refresher/protocol-mappers/models -r shop -s name=agent -s protocol=openid-connect -s protocolMapper=oidc-hardcoded-role-mapper -s 'config."role"=crm.agent'`
		byDefault = `tokenhouse admin update clients/refresher/default-client-scopes/partners -r shop`
	)
	tests := map[string]struct {
		setup   []string
		play    play
		scope   string
		aud     []string
		dropped []string
	}{
		"nothing to cut": {nil, play{Client: "gateway", Subject: ofAlice()}, "", []string{"billing", "orders"}, nil},
		"a scope that the subject has": {nil, play{Client: "gateway", Subject: ofAlice(), Scope: ptr("profile")},
			"profile", []string{"billing", "orders"}, nil},
		"one that it has and one that it has not": {nil, play{Client: "gateway", Subject: ofAlice(), Scope: ptr("partners profile")},
			"profile", []string{"billing", "orders"}, []string{"partners"}},
		"openid that the subject was not asked for": {nil, play{Client: "gateway", Subject: ofAlice(), Scope: ptr("openid profile")},
			"profile", []string{"billing", "orders"}, []string{"openid"}},
		"a default of the requester": {[]string{byDefault}, play{Client: "refresher", Subject: ofAlice()},
			"", []string{"billing", "orders"}, []string{"partners"}},
		"roles that the subject's client may not carry": {[]string{limitSPA},
			play{Client: "refresher", Subject: ofAlice()}, "", nil, []string{"billing/read", "orders/read"}},
		"roles that a client further back may not carry": {[]string{limitApp},
			play{Client: "refresher", Subject: &held{Client: "spa", User: "alice", Path: []string{"app"}}}, "", nil, []string{"billing/read", "orders/read"}},
		"roles by way of a client that is gone": {nil,
			play{Client: "refresher", Subject: &held{Client: "spa", User: "alice", Path: []string{"gone"}}}, "", nil, []string{"billing/read", "orders/read"}},
		"a role that a mapper of the requester adds": {[]string{addAgent}, play{Client: "refresher", Subject: ofAlice()},
			"", []string{"billing", "orders"}, []string{"crm/agent"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := shop(t)
			for _, command := range append(tt.setup, enforce) {
				if err := s.Admin(command); err != nil {
					t.Fatal(err)
				}
			}
			d := exchange.Decide(tt.play.request(t, s))
			if d.Refuse != nil {
				t.Fatal(d.Refuse)
			}
			if got := d.Grant.Resolution.ScopeClaim(); got != tt.scope {
				t.Errorf("scope %q, want %q", got, tt.scope)
			}
			if diff := cmp.Diff(tt.aud, slices.Sorted(slices.Values(d.Grant.Resolution.Audiences))); diff != "" {
				t.Errorf("audience (-want +got):\n%s", diff)
			}
			var dropped []string
			for _, step := range d.Trace.Steps {
				if step.Rule == explain.ExchangeDownscope {
					dropped = append(dropped, step.Subject)
				}
			}
			slices.Sort(dropped)
			if diff := cmp.Diff(tt.dropped, dropped); diff != "" {
				t.Errorf("dropped (-want +got):\n%s", diff)
			}
		})
	}
}

// Without enforcement the requester's scopes and roles are its own matter, as in Keycloak.
func TestDownscopeOff(t *testing.T) {
	s := shop(t)
	if err := s.Admin(`tokenhouse admin update clients/app -r shop -s fullScopeAllowed=false`); err != nil {
		t.Fatal(err)
	}
	d := exchange.Decide(play{Client: "gateway", Subject: &held{Client: "gateway", User: "alice", Path: []string{"app"}}, Scope: ptr("profile partners")}.request(t, s))
	if d.Refuse != nil {
		t.Fatal(d.Refuse)
	}
	if got := d.Grant.Resolution.ScopeClaim(); got != "profile partners" || len(d.Grant.Resolution.Roles) != 2 {
		t.Errorf("scope %q, roles %v", got, d.Grant.Resolution.Roles)
	}
}

// What was cut stays cut when it is refreshed.
func TestDownscopeOfARenewal(t *testing.T) {
	s := shop(t)
	for _, command := range []string{enforce, `tokenhouse admin update clients/app -r shop -s fullScopeAllowed=false`,
		`tokenhouse admin update clients/refresher/default-client-scopes/partners -r shop`} {
		if err := s.Admin(command); err != nil {
			t.Fatal(err)
		}
	}
	renew := func(held string, path ...token.Hop) exchange.Decision {
		return exchange.Renew(exchange.Renewal{Realm: s.Realm, Issuer: issuer, Client: s.Realm.Client("refresher"), User: s.User(t, "alice"),
			Scope: held, Held: held, Path: path, Explain: true})
	}
	cut := renew("roles", token.Hop{Client: "app", JTI: "1"})
	if cut.Refuse != nil || len(cut.Grant.Resolution.Roles) != 0 || cut.Grant.Resolution.ScopeClaim() != "" {
		t.Errorf("by way of app: %v, roles %v, scope %q", cut.Refuse, cut.Grant.Resolution.Roles, cut.Grant.Resolution.ScopeClaim())
	}
	whole := renew("roles partners", token.Hop{Client: "spa", JTI: "1"})
	if whole.Refuse != nil || len(whole.Grant.Resolution.Roles) != 2 || whole.Grant.Resolution.ScopeClaim() != "partners" {
		t.Errorf("by way of spa: %v, roles %v, scope %q", whole.Refuse, whole.Grant.Resolution.Roles, whole.Grant.Resolution.ScopeClaim())
	}
}

// A cut token is cut again to the same.
func TestDownscopeAgain(t *testing.T) {
	s := shop(t)
	if err := s.Admin(enforce); err != nil {
		t.Fatal(err)
	}
	access := oauth.TypeAccessToken
	q := play{Client: "gateway", Subject: ofAlice(), Scope: ptr("profile partners")}.request(t, s)
	first := exchange.Decide(q)
	if first.Refuse != nil {
		t.Fatal(first.Refuse)
	}
	scope := first.Grant.Resolution.ScopeClaim()
	second := exchange.Decide(exchange.Request{Realm: s.Realm, Issuer: issuer, Client: q.Client, SubjectType: &access, Scope: q.Scope, Explain: true,
		Subject: &exchange.Subject{User: q.Subject.User, Session: q.Subject.Session, Token: &token.Verified{Origin: token.Origin{Session: token.OnlineTransient},
			Claims: token.Claims{ID: "2", Client: "gateway", Audience: first.Grant.Resolution.Audiences, Scope: &scope, Path: first.Grant.Path}}}})
	if second.Refuse != nil {
		t.Fatal(second.Refuse)
	}
	if got := second.Grant.Resolution.ScopeClaim(); got != scope {
		t.Errorf("scope %q, want %q", got, scope)
	}
	if diff := cmp.Diff(first.Grant.Resolution.Roles, second.Grant.Resolution.Roles); diff != "" {
		t.Errorf("roles (-first +second):\n%s", diff)
	}
}

// Refresh tokens name scopes that no other token shows. A client on the way has such a scope as an optional one, which
// its token was not asked for: the roles that go with it stay away on refresh too.
func TestRefreshByHiddenScopeGrows(t *testing.T) {
	d := realm.New("r", realm.Settings{Name: "shop", Exchange: realm.ExchangePolicy{Downscope: true, ChainLimit: -1}})
	d.PutRole(&realm.Role{Key: "agent", Name: "agent"})
	d.PutScope(&realm.ClientScope{Key: "hidden", Name: "hidden", Protocol: "openid-connect", ScopeMappings: []string{"agent"}})
	d.PutClient(&realm.Client{Key: "spa", ID: "spa", Enabled: true, OptionalScopes: []string{"hidden"}})
	d.PutClient(&realm.Client{Key: "gateway", ID: "gateway", Enabled: true, DefaultScopes: []string{"hidden"}, Exchange: realm.ClientExchange{Enabled: true, Refresh: true}})
	alice := &user.User{ID: "alice", Username: "alice", Enabled: true, Roles: []string{"agent"}}
	s := &session.Session{ID: "session", UserID: "alice", Started: noon}
	subject := &exchange.Subject{User: alice, Session: s, Token: &token.Verified{
		Claims: token.Claims{ID: "jti", Client: "spa", Session: "session", Audience: []string{"gateway"}}, Origin: token.Origin{Session: token.Online}}}
	first := exchange.Decide(exchange.Request{Realm: d.Realm(), Issuer: issuer, Client: d.Realm().Client("gateway"),
		Subject: subject, SubjectType: ptr(oauth.TypeAccessToken), RequestedType: ptr(oauth.TypeRefreshToken)})
	if first.Refuse != nil || len(first.Grant.Resolution.Roles) > 0 {
		t.Fatalf("exchanged: %v, %+v", first.Refuse, first.Grant)
	}
	held := first.Grant.Resolution.RefreshScope()
	renewed := exchange.Renew(exchange.Renewal{Realm: d.Realm(), Issuer: issuer, Client: d.Realm().Client("gateway"), User: alice, Session: s,
		Scope: held, Held: held, Path: first.Grant.Path})
	if renewed.Refuse != nil || held != "hidden" {
		t.Fatalf("refreshed for %q: %v", held, renewed.Refuse)
	}
	if roles := renewed.Grant.Resolution.Roles; len(roles) > 0 {
		t.Errorf("a refresh brings roles %v", roles)
	}
}

// TestHopOfAnotherRealm: what leaves a realm of this server says what stands behind it there, and comes by a refresh token
// only where that is a session. Of other servers' tokens nobody would know what it means.
func TestHopOfAnotherRealm(t *testing.T) {
	const home = "https://partner.example"
	for name, c := range map[string]struct {
		kind    token.SessionKind
		want    token.Hop
		refresh bool
	}{
		"with a session":   {token.OnlineTransient, token.Hop{Issuer: home, Client: "app", JTI: "jti", Session: "there"}, true},
		"an ID token":      {token.UnknownSession, token.Hop{Issuer: home, Client: "app", JTI: "jti", Session: "there"}, true},
		"without":          {token.Transient, token.Hop{Issuer: home, Client: "app", JTI: "jti", Subject: "alice-there"}, false},
		"another server's": {"", token.Hop{Issuer: home, Client: "app", JTI: "jti"}, true},
	} {
		q := play{Client: "gateway", Subject: ofAlice()}.request(t, shop(t))
		besidePartner(&q)
		q.Foreign = &exchange.Foreign{Name: "partner", Provider: q.Realm.Provider("partner")}
		s := q.Subject.Token
		s.Issuer, s.Client, s.ID, s.Session, s.Subject, s.Origin.Session = home, "app", "jti", "there", "alice-there", c.kind
		d := exchange.Decide(q)
		if d.Refuse != nil {
			t.Fatalf("%s: %v", name, d.Refuse)
		}
		if diff := cmp.Diff([]token.Hop{c.want}, d.Grant.Path); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		client := *q.Client
		client.Exchange.Refresh = true
		q.Client, q.RequestedType = &client, ptr(oauth.TypeRefreshToken)
		if d := exchange.Decide(q); (d.Refuse == nil) != c.refresh || d.Refuse != nil && d.Rule != explain.ExchangeSession {
			t.Errorf("%s, for a refresh token: %v by %q", name, d.Refuse, d.Rule)
		}
	}
}

// A client of another issuer may have the id of one here: it is another client. What its token was asked for binds
// nobody here, and a requester that the token went through here has come back.
func TestClientOfAnotherIssuer(t *testing.T) {
	s := shop(t)
	gateway := *s.Realm.Client("gateway")
	gateway.Exchange.External = true
	s.Draft.PutClient(&gateway)
	provider := &realm.Provider{Key: "up", Alias: "up", Kind: "oidc", Enabled: true,
		Config: map[string]string{"issuer": "https://up.example", federation.SettingTrusted: "true"}}
	s.Draft.PutProvider(provider)
	abroad := func(h *held) exchange.Decision {
		q := play{Client: "gateway", Subject: h}.request(t, s)
		q.Subject.Token.Issuer, q.Foreign = "https://up.example", &exchange.Foreign{Name: "up", Provider: provider}
		return exchange.Decide(q)
	}
	d := abroad(&held{Client: "gateway", User: "alice", Asked: []string{"urn:client:orders"}})
	if d.Refuse != nil || d.Grant.Resources != nil || d.Grant.Resolution.Request.Audiences != nil {
		t.Errorf("with a resource of its issuer's: %v, %+v", d.Refuse, d.Grant)
	}
	if d := abroad(&held{Client: "gateway", User: "alice", Path: []string{"gateway"}}); d.Rule != explain.ExchangeCycle {
		t.Errorf("gateway, abroad, gateway: %v", d.Refuse)
	}
}
