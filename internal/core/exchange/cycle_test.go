package exchange_test

import (
	"strconv"
	"testing"

	"github.com/tokenhouse/tokenhouse/internal/core/exchange"
	"github.com/tokenhouse/tokenhouse/internal/core/explain"
	"github.com/tokenhouse/tokenhouse/internal/core/federation"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
)

// TestCycles: what went through a client comes back to it by no exchange, and where it came back before the realm refused
// that, it is not refreshed. Exchanging one's own token is no way back, and none out of a cycle that there is.
func TestCycles(t *testing.T) {
	const abroad = "https://up.example"
	hop := func(client string) token.Hop { return token.Hop{Client: client, JTI: "jti of " + client} }
	away := token.Hop{Issuer: abroad, Client: "refresher", JTI: "there"}
	for name, tt := range map[string]struct {
		path    []token.Hop // the last is what was exchanged
		granted bool
	}{
		"of others":                           {[]token.Hop{hop("app"), hop("spa")}, true},
		"its own":                             {[]token.Hop{hop("refresher")}, true},
		"its own, once more":                  {[]token.Hop{hop("app"), hop("refresher"), hop("refresher")}, true},
		"of a namesake elsewhere":             {[]token.Hop{away}, true},
		"a namesake elsewhere, others":        {[]token.Hop{away, hop("app")}, true},
		"a cycle of others":                   {[]token.Hop{hop("app"), hop("spa"), hop("app")}, true},
		"back from another":                   {[]token.Hop{hop("refresher"), hop("app")}, false},
		"back from two":                       {[]token.Hop{hop("spa"), hop("refresher"), hop("app"), hop("gateway")}, false},
		"back from elsewhere":                 {[]token.Hop{hop("refresher"), away}, false},
		"back, and its own once more":         {[]token.Hop{hop("refresher"), hop("app"), hop("refresher")}, false},
		"back, and its own again and again":   {[]token.Hop{hop("refresher"), hop("app"), hop("refresher"), hop("refresher")}, false},
		"back from elsewhere, then exchanged": {[]token.Hop{hop("refresher"), away, hop("refresher")}, false},
	} {
		for _, refuses := range []bool{true, false} {
			s := shop(t)
			if err := s.Admin(`tokenhouse admin update realms/shop -r shop -s 'attributes."tokenhouse.exchange.chain-limit"=-1' -s 'attributes."tokenhouse.exchange.refuse-cycles"=` + strconv.FormatBool(refuses) + "'"); err != nil {
				t.Fatal(err)
			}
			s.Draft.PutProvider(&realm.Provider{Key: "up", Alias: "up", Kind: "oidc", Enabled: true,
				Config: map[string]string{"issuer": abroad, federation.SettingTrusted: "true"}})
			client := *s.Realm.Client("refresher")
			client.Exchange.External = true
			s.Draft.PutClient(&client)
			last := len(tt.path) - 1
			q := play{Client: "refresher", Subject: &held{Client: tt.path[last].Client, User: "alice"}}.request(t, s)
			q.Subject.Token.Path, q.Subject.Token.Audience = tt.path[:last], []string{"refresher"}
			if tt.path[last].Issuer != "" {
				q.Subject.Token.Issuer, q.Foreign = abroad, &exchange.Foreign{Name: "up", Provider: s.Realm.Provider("up")}
			}
			for how, d := range map[string]exchange.Decision{
				"exchange": exchange.Decide(q),
				"refresh": exchange.Renew(exchange.Renewal{Realm: s.Realm, Issuer: issuer, Client: q.Client, User: q.Subject.User, Session: q.Subject.Session,
					Scope: "roles", Held: "roles", Path: tt.path}),
			} {
				if want := tt.granted || !refuses; (d.Refuse == nil) != want || !want && d.Rule != explain.ExchangeCycle {
					t.Errorf("%s, %s, cycles refused %t: %v by %q", name, how, refuses, d.Refuse, d.Rule)
				}
			}
		}
	}
}
