package manage_test

import (
	"errors"
	"testing"

	"github.com/google/uuid"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/flow/audit"
	"github.com/tokenhouse/tokenhouse/internal/flow/manage"
)

// supposedShop is a realm with a client, a client scope and a role, and what it is after a change.
func supposedShop(t *testing.T, change string) (before, after *realm.Realm, err error) {
	t.Helper()
	d := realm.New("shop-key", realm.Settings{Name: "shop", Enabled: true, SSLRequired: "external", Exchange: realm.ExchangePolicy{ChainLimit: 5, Downscope: true}})
	d.PutScope(&realm.ClientScope{Key: "scope-key", Name: "orders-api", Protocol: "openid-connect"})
	d.PutRole(&realm.Role{Key: "role-key", Name: "buyer"})
	d.PutClient(&realm.Client{Key: "app-key", ID: "app", Enabled: true, Protocol: "openid-connect", DefaultScopes: []string{"scope-key"},
		Mappers: []realm.Mapper{{Key: "mapper-key", Name: "orders", Protocol: "openid-connect", Kind: "oidc-audience-mapper"}}})
	c, err := manage.ReadChange([]byte(change))
	if err != nil {
		return d.Realm(), nil, err
	}
	after, err = manage.Suppose(d.Realm(), c, manage.InMemory(d.Realm()), audit.Author{NewID: uuid.NewString})
	return d.Realm(), after, err
}

func TestSuppose(t *testing.T) {
	for change, holds := range map[string]func(*realm.Realm) bool{
		`{}`: func(r *realm.Realm) bool { return r.Client("app") != nil },
		`{"attributes": {"tokenhouse.exchange.chain-limit": "1"}}`: func(r *realm.Realm) bool {
			return r.Exchange.ChainLimit == 1 && r.Exchange.Downscope // an attribute that is not named stays
		},
		`{"clients": [{"clientId": "app", "enabled": false}]}`: func(r *realm.Realm) bool {
			return !r.Client("app").Enabled && len(r.Client("app").Mappers) == 1 && len(r.Client("app").DefaultScopes) == 1
		},
		`{"clients": [{"clientId": "app", "protocolMappers": [{"name": "more", "protocol": "openid-connect", "protocolMapper": "oidc-audience-mapper"}]}]}`: func(r *realm.Realm) bool {
			return len(r.Client("app").Mappers) == 2
		},
		`{"clients": [{"clientId": "new"}]}`:                                                func(r *realm.Realm) bool { return r.Client("new") != nil },
		`{"clientScopes": [{"name": "new", "protocol": "openid-connect"}]}`:                 func(r *realm.Realm) bool { return r.Scope("new") != nil && r.Scope("orders-api") != nil },
		`{"roles": {"client": {"app": [{"name": "admin"}]}}}`:                               func(r *realm.Realm) bool { return r.Role(realm.RoleRef{Client: "app", Name: "admin"}) != nil },
		`{"roles": {"realm": [{"name": "chief", "composites": {"realm": ["buyer"]}}]}}`:     func(r *realm.Realm) bool { return len(r.Role(realm.RoleRef{Name: "chief"}).Composites) == 1 },
		`{"scopeMappings": [{"client": "app", "roles": ["buyer"]}]}`:                        func(r *realm.Realm) bool { return len(r.Client("app").ScopeMappings) == 1 },
		`{"remove": {"clients": ["app"], "clientScopes": ["orders-api"]}}`:                  func(r *realm.Realm) bool { return r.Client("app") == nil && r.Scope("orders-api") == nil },
		`{"remove": {"clientScopes": ["orders-api"]}, "attributes": {"my.own": "setting"}}`: func(r *realm.Realm) bool { return len(r.Client("app").DefaultScopes) == 0 },
	} {
		before, after, err := supposedShop(t, change)
		if err != nil || !holds(after) {
			t.Errorf("%s: %v", change, err)
		}
		if c := before.Client("app"); c == nil || !c.Enabled || len(c.Mappers) != 1 || len(c.DefaultScopes) != 1 || before.Exchange.ChainLimit != 5 {
			t.Errorf("%s changed the realm itself", change)
		}
	}
}

func TestSupposeRefuses(t *testing.T) {
	for _, change := range []string{`[]`, `null`, `nonsense`, `{"clientz": []}`, `{"users": []}`, `{"clients": {}}`, `{"remove": {"client": ["app"]}}`,
		`{"remove": {"clients": ["nobody"]}}`, `{"attributes": {"tokenhouse.exchange.chain-limit": "many"}}`, `{"clients": [{"enabled": false}]}`,
		`{"clients": [{"clientId": "app", "attributes": {"tokenhouse.exchange.public": "perhaps"}}]}`,
		`{"roles": {"client": {"nobody": [{"name": "x"}]}}}`, `{"scopeMappings": [{"client": "nobody", "roles": ["buyer"]}]}`} {
		_, _, err := supposedShop(t, change)
		if _, invalid := errors.AsType[*fault.Invalid](err); !invalid {
			t.Errorf("%s: %v", change, err)
		}
	}
}
