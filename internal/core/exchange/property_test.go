package exchange_test

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/tokenhouse/tokenhouse/internal/core/audience"
	"github.com/tokenhouse/tokenhouse/internal/core/exchange"
	"github.com/tokenhouse/tokenhouse/internal/core/explain"
	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
	"github.com/tokenhouse/tokenhouse/internal/keycloak/realmtest"
)

var (
	clients   = []string{"gateway", "refresher", "consenting", "app", "outsider", "kiosk"}
	audiences = []string{"orders", "billing", "crm", "gateway", "https://partner.example", "warehouse"}
	scopes    = []string{"", "openid", "profile", "partners", "crm-agents", "offline_access"}
)

// anyPlay is an exchange, mostly one that is not refused early.
func anyPlay() *rapid.Generator[play] {
	return rapid.Custom(func(t *rapid.T) play {
		p := play{
			Client: rapid.SampledFrom(clients).Draw(t, "client"),
			Subject: &held{
				Client: rapid.SampledFrom([]string{"spa", "spa", "app", "gateway"}).Draw(t, "azp"),
				User:   rapid.SampledFrom([]string{"alice", "bob"}).Draw(t, "user"),
			},
			Audience: rapid.SliceOfN(rapid.SampledFrom(audiences), 0, 3).Draw(t, "audience"),
		}
		if scope := rapid.SampledFrom(scopes).Draw(t, "scope"); scope != "" {
			p.Scope = &scope
		}
		if rapid.IntRange(0, 3).Draw(t, "type") == 0 {
			p.Want = ptr(refresh)
		}
		return p
	})
}

// anyLists gives the shop lists of who may exchange to whom, or none.
func anyLists(t *rapid.T, s *realmtest.Fixture) {
	list := func(name string, of []string) *[]string {
		if !rapid.Bool().Draw(t, name+"?") {
			return nil
		}
		return ptr(rapid.SliceOfDistinct(rapid.SampledFrom(of), func(v string) string { return v }).Draw(t, name))
	}
	for _, id := range slices.Concat(clients, []string{"orders", "billing", "crm"}) {
		c := *s.Realm.Client(id)
		c.Exchange.Permitted, c.Exchange.Accepts = list(id+" permitted", audiences), list(id+" accepts", clients)
		s.Draft.PutClient(&c)
	}
	settings := s.Realm.Settings
	settings.Exchange.DenyUnlisted = rapid.Bool().Draw(t, "deny unlisted")
	settings.Exchange.CapLifetime = rapid.Bool().Draw(t, "cap")
	s.Draft.PutSettings(settings)
}

// Nothing is granted beyond what scopes and roles lead to, what the lists say, and what was asked for.
func TestGrantedIsReachable(t *testing.T) {
	s := shop(t)
	rapid.Check(t, func(rt *rapid.T) {
		anyLists(rt, s)
		p := anyPlay().Draw(rt, "play")
		q := p.request(t, s)
		d := exchange.Decide(q)
		if (d.Grant == nil) == (d.Refuse == nil) {
			rt.Fatalf("neither granted nor refused, or both: %+v", d)
		}
		if d.Grant == nil {
			return
		}
		scope := ""
		if q.Scope != nil {
			scope = *q.Scope
		}
		reachable := audience.Resolve(audience.Request{
			Realm: s.Realm, Issuer: issuer, Client: q.Client, User: q.Subject.User, Session: q.Subject.Session, Scope: scope,
		})
		for _, aud := range d.Grant.Resolution.Audiences {
			named := slices.Contains(q.Audiences, aud)
			if !slices.Contains(reachable.Audiences, aud) && !(named && mentions(q.Client.Exchange.Permitted, aud)) {
				rt.Fatalf("%s is granted and neither reachable nor listed", aud)
			}
			if len(q.Audiences) > 0 && !named {
				rt.Fatalf("%s is granted and was not asked for", aud)
			}
			if aud != q.Client.ID && !edge(s.Realm, q.Client, aud) {
				rt.Fatalf("%s is granted against the lists", aud)
			}
		}
		for _, aud := range q.Audiences {
			if !slices.Contains(d.Grant.Resolution.Audiences, aud) {
				rt.Fatalf("%s was asked for, not refused, and is missing", aud)
			}
		}
		for _, ref := range d.Grant.Resolution.Roles {
			if !slices.Contains(reachable.Roles, ref) {
				rt.Fatalf("role %s is granted and not the user's to have here", ref)
			}
		}
	})
}

// edge tells whether the lists let c exchange to an audience.
func edge(r *realm.Realm, c *realm.Client, aud string) bool {
	permitted := mentions(c.Exchange.Permitted, aud)
	if c.Exchange.Permitted == nil {
		permitted = !c.Public && !r.Exchange.DenyUnlisted
	}
	target := r.Client(aud)
	if target == nil {
		return permitted
	}
	accepted := mentions(target.Exchange.Accepts, c.ID)
	if target.Exchange.Accepts == nil {
		accepted = !r.Exchange.DenyUnlisted
	}
	return permitted && accepted
}

func mentions(list *[]string, id string) bool { return list != nil && slices.Contains(*list, id) }

// Under cap-lifetime no token outlives its subject.
func TestNothingOutlivesTheSubject(t *testing.T) {
	s := shop(t)
	rapid.Check(t, func(rt *rapid.T) {
		settings := s.Realm.Settings
		settings.Exchange.CapLifetime = rapid.Bool().Draw(rt, "cap")
		s.Draft.PutSettings(settings)
		q := play{Client: "gateway", Subject: ofAlice()}.request(t, s)
		rest := time.Duration(rapid.IntRange(1, 1000).Draw(rt, "rest of the subject's life")) * time.Second
		q.Subject.Token.Expires = noon.Add(rest).Unix()
		normal := noon.Add(time.Duration(rapid.IntRange(1, 1000).Draw(rt, "normal life")) * time.Second)

		trace := &explain.Trace{}
		got := exchange.Decide(q).Grant.Cap(normal, trace)
		switch {
		case !settings.Exchange.CapLifetime && !got.Equal(normal):
			rt.Fatalf("cut to %v without being asked to", got)
		case settings.Exchange.CapLifetime && got.After(noon.Add(rest)):
			rt.Fatalf("ends %v, its subject %v", got, noon.Add(rest))
		case got.After(normal):
			rt.Fatalf("ends %v, later than %v", got, normal)
		case settings.Exchange.CapLifetime && len(trace.Steps) != 1:
			rt.Fatalf("trace: %+v", trace.Steps)
		}
	})
}

// An audience that is dropped takes no scope with it, nor what else the scope leads to.
func TestNarrowingKeepsScopes(t *testing.T) {
	for _, kind := range []oauth.TokenType{oauth.TypeAccessToken, refresh} {
		s := shop(t)
		agents := s.Realm.Scope("crm-agents") // for those who have role agent of crm
		for _, command := range []string{
			`tokenhouse admin create client-scopes/` + agents.Key + `/protocol-mappers/models -r shop -s name=billing -s protocol=openid-connect -s protocolMapper=oidc-audience-mapper -s 'config."included.client.audience"=billing' -s 'config."access.token.claim"=true'`,
			`tokenhouse admin update clients/refresher -r shop -s 'attributes."tokenhouse.exchange.permitted"=billing'`,
		} {
			if err := s.Admin(command); err != nil {
				t.Fatal(err)
			}
		}
		d := exchange.Decide(play{Client: "refresher", Subject: &held{Client: "spa", User: "bob"}, Scope: ptr("crm-agents"), Want: &kind}.request(t, s))
		if d.Refuse != nil {
			t.Fatal(d.Refuse)
		}
		got := d.Grant.Resolution
		if !slices.Equal(got.Audiences, []string{"billing"}) || got.ScopeClaim() != "crm-agents" {
			t.Errorf("%s: aud %v, scope %q", kind, got.Audiences, got.ScopeClaim())
		}
	}
}

// Roles lead to clients too where no mapper puts those into the audience: if a list leaves nothing of
// them, that is a refusal, as it is of audiences.
func TestNothingIsLeftOfRoles(t *testing.T) {
	decide := func(commands ...string) exchange.Decision {
		s := shop(t)
		for _, command := range commands {
			if err := s.Admin(command); err != nil {
				t.Fatal(err)
			}
		}
		draft := realm.Edit(s.Realm)
		roles := *s.Realm.Scope("roles")
		roles.Mappers = slices.DeleteFunc(slices.Clone(roles.Mappers), func(m realm.Mapper) bool { return m.Kind == "oidc-audience-resolve-mapper" })
		draft.PutScope(&roles)
		s.Realm = draft.Realm()
		return exchange.Decide(play{Client: "refresher", Subject: &held{Client: "spa", User: "alice"}}.request(t, s))
	}
	if d := decide(); d.Refuse != nil || len(d.Grant.Resolution.Audiences) != 0 || len(d.Grant.Resolution.Roles) == 0 {
		t.Fatalf("without a list: %v, want roles and no audience", d.Refuse)
	}
	d := decide(`tokenhouse admin update clients/refresher -r shop -s 'attributes."tokenhouse.exchange.permitted"=refresher'`)
	if d.Refuse == nil || d.Rule != explain.ExchangePermitted {
		t.Errorf("refusal %v, want one by %s", d.Refuse, explain.ExchangePermitted)
	}
}

// What came of an exchange is decided anew when it is refreshed.
func TestRenew(t *testing.T) {
	tests := map[string]struct {
		setup     string
		audiences []string
		aud       []string
		want      string // refusal
	}{
		"as it was":                   {"", []string{"orders"}, []string{"orders"}, ""},
		"not narrowed":                {"", nil, []string{"billing", "orders"}, ""},
		"audience disabled":           {"tokenhouse admin update clients/orders -r shop -s enabled=false", []string{"orders"}, nil, "Client disabled"},
		"no longer permitted":         {`tokenhouse admin update clients/refresher -r shop -s 'attributes."tokenhouse.exchange.permitted"=billing'`, []string{"orders"}, nil, "Token exchange not permitted: client refresher may not exchange to orders"},
		"no longer accepted":          {`tokenhouse admin update clients/orders -r shop -s 'attributes."tokenhouse.exchange.accepts"=gateway'`, []string{"orders"}, nil, "Token exchange not permitted: orders does not accept exchanges from refresher"},
		"no longer reachable":         {"", []string{"crm"}, nil, "Requested audience not available: crm"},
		"custom audience":             {"tokenhouse admin update clients/refresher/default-client-scopes/partners -r shop", []string{"https://partner.example"}, []string{"https://partner.example"}, ""},
		"exchange switched off":       {`tokenhouse admin update clients/refresher -r shop -s 'attributes."standard.token.exchange.enabled"=false'`, []string{"orders"}, nil, "Standard token exchange is not enabled for the requested client"},
		"audience gone":               {"", []string{"warehouse"}, nil, "Requested audience not available: warehouse"},
		"refresh tokens switched off": {`tokenhouse admin update clients/refresher -r shop -s 'attributes."standard.token.exchange.enableRefreshRequestedTokenType"=NO'`, []string{"orders"}, nil, "requested_token_type unsupported"},
		"public by now":               {`tokenhouse admin update clients/refresher -r shop -s publicClient=true`, []string{"orders"}, nil, "Public client is not allowed to exchange token"},
		"chain limit lowered":         {`tokenhouse admin update realms/shop -r shop -s 'attributes."tokenhouse.exchange.chain-limit"=2'`, []string{"orders"}, nil, "Token exchange not permitted: chain limit of 2 reached"},
		"chain limit just not passed": {`tokenhouse admin update realms/shop -r shop -s 'attributes."tokenhouse.exchange.chain-limit"=3'`, []string{"orders"}, []string{"orders"}, ""},
		"not narrowed, now by a list": {`tokenhouse admin update clients/refresher -r shop -s 'attributes."tokenhouse.exchange.permitted"=billing'`, nil, []string{"billing"}, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := shop(t)
			if tt.setup != "" {
				if err := s.Admin(tt.setup); err != nil {
					t.Fatal(err)
				}
			}
			d := exchange.Renew(exchange.Renewal{
				Realm: s.Realm, Issuer: issuer, Client: s.Realm.Client("refresher"), User: s.User(t, "alice"),
				Scope: "roles", Audiences: tt.audiences, Path: []token.Hop{{Client: "spa"}, {Client: "gateway"}, {Client: "refresher"}}, Explain: true,
			})
			switch {
			case tt.want != "":
				if d.Refuse == nil || d.Refuse.Description != tt.want {
					t.Errorf("got %v, want %s", d.Refuse, tt.want)
				}
			case d.Refuse != nil:
				t.Errorf("refused: %v", d.Refuse)
			default:
				got := slices.Sorted(slices.Values(d.Grant.Resolution.Audiences))
				if !slices.Equal(got, tt.aud) {
					t.Errorf("aud %v, want %v", got, tt.aud)
				}
			}
		})
	}
}
