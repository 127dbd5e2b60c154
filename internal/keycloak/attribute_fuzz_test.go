package keycloak_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
)

// ours are the settings that Keycloak does not have, of realms and of clients.
var ours = []string{
	"tokenhouse.exchange.downscope", "tokenhouse.exchange.chain-limit", "tokenhouse.exchange.refuse-cycles", "tokenhouse.exchange.cap-lifetime",
	"tokenhouse.exchange.unlisted", "tokenhouse.events.trace", "tokenhouse.log", "tokenhouse.log.expiration",
	"tokenhouse.exchange.permitted", "tokenhouse.exchange.accepts", "tokenhouse.exchange.public", "tokenhouse.exchange.external",
	"tokenhouse.exchange.issuers", "tokenhouse.resources",
}

// FuzzAttributes gives settings of ours any values: what is not refused means the same once it is written and read again.
func FuzzAttributes(f *testing.F) {
	for at := range ours {
		for _, value := range []string{"true", "-1", "deny", "all", "a##b", "##", "", "https://orders.example", "9999999999999999999", " 5", "durable"} {
			f.Add(uint8(at), value)
		}
	}
	r := realm.New("k", realm.Settings{Name: "r"}).Realm()
	f.Fuzz(func(t *testing.T, at uint8, value string) {
		name := ours[int(at)%len(ours)]
		given, err := json.Marshal(map[string]string{name: value})
		if err != nil {
			t.Fatal(err)
		}
		o := keycloak.Object{"attributes": given}
		s, notes := keycloak.ToSettings(o)
		if keycloak.Refused(notes) == nil {
			again, notes := keycloak.ToSettings(keycloak.FromSettings(realm.New("k", s).Realm()))
			if diff := cmp.Diff(s.Exchange, again.Exchange) + cmp.Diff(s.Events.Trace, again.Events.Trace) + cmp.Diff(s.Log, again.Log); diff != "" || keycloak.Refused(notes) != nil {
				t.Errorf("%s = %q, written and read again (%v): %s", name, value, keycloak.Refused(notes), diff)
			}
		}
		c, notes := keycloak.ToClient(r, o)
		if keycloak.Refused(notes) == nil {
			again, notes := keycloak.ToClient(r, keycloak.FromClient(r, c))
			if diff := cmp.Diff(c.Exchange, again.Exchange) + cmp.Diff(c.Resource, again.Resource); diff != "" || keycloak.Refused(notes) != nil {
				t.Errorf("%s = %q, written and read again (%v): %s", name, value, keycloak.Refused(notes), diff)
			}
		}
	})
}
