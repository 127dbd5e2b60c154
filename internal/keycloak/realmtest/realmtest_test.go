package realmtest_test

import (
	"testing"

	"github.com/tokenhouse/tokenhouse/internal/keycloak/realmtest"
)

func TestRead(t *testing.T) {
	f, err := realmtest.Read(`{"realm": "shop", "enabled": true,
		"groups": [{"name": "staff", "subGroups": [{"name": "night"}]}],
		"clients": [{"clientId": "robot", "secret": "s", "serviceAccountsEnabled": true, "baseUrl": "${base}/x"}],
		"users": [{"username": "ann", "enabled": true, "groups": ["/staff/night"]}]}`)
	if err != nil {
		t.Fatal(err)
	}
	if c := f.Realm.Client("robot"); c == nil || c.BaseURL != "http://127.0.0.1:8080/x" {
		t.Errorf("client: %+v", c)
	}
	if groups := f.User(t, "ann").Groups; len(groups) != 2 || groups[1].Name != "staff" {
		t.Errorf("groups: %v", groups)
	}
	if u := f.User(t, "service-account-robot"); u.ServiceAccount != f.Realm.Client("robot").Key {
		t.Errorf("service account of %q", u.ServiceAccount)
	}
}

func TestAdmin(t *testing.T) {
	f, err := realmtest.Read(`{"realm": "shop", "enabled": true, "clients": [{"id": "r1", "clientId": "robot", "secret": "s", "attributes": {"a": "b"}}]}`)
	if err != nil {
		t.Fatal(err)
	}
	for _, command := range []string{
		`tokenhouse admin update clients/r1 -r shop -s enabled=false -s 'attributes."tokenhouse.exchange.permitted"=x##it'\''s'`,
		`tokenhouse admin create clients -r shop -s clientId=new && tokenhouse admin create clients/r1/protocol-mappers/models -r shop -s name=m -s 'config."included.client.audience"=x'`,
	} {
		if err := f.Admin(command); err != nil {
			t.Fatal(err)
		}
	}
	c := f.Realm.Client("robot")
	if c.Enabled || c.Exchange.Permitted == nil || len(*c.Exchange.Permitted) != 2 || (*c.Exchange.Permitted)[1] != "it's" {
		t.Errorf("updated client: %+v", c.Exchange)
	}
	if len(c.Mappers) != 1 || c.Mappers[0].Config["included.client.audience"] != "x" || f.Realm.Client("new") == nil {
		t.Errorf("mappers %v, new client %v", c.Mappers, f.Realm.Client("new"))
	}
	for _, command := range []string{
		"rm -r x", "tokenhouse admin update clients/r1 -r other -s enabled=true", "tokenhouse admin update clients/none -r shop -s enabled=true",
		"tokenhouse admin update users/r1 -r shop -s enabled=true", "tokenhouse admin update clients/r1 -r shop -s 'enabled=true",
	} {
		if err := f.Admin(command); err == nil {
			t.Errorf("%s: no error", command)
		}
	}
}
