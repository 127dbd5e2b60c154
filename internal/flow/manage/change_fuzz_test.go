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

// FuzzReadChange: whatever a change that is only supposed says, it is told what is wrong with it, and the realm stays as
// it is.
func FuzzReadChange(f *testing.F) {
	d := realm.New("shop-key", realm.Settings{Name: "shop", Enabled: true, SSLRequired: "external"})
	d.PutClient(&realm.Client{Key: "app-key", ID: "app", Enabled: true, Protocol: "openid-connect"})
	d.PutRole(&realm.Role{Key: "role-key", Name: "buyer"})
	d.PutScope(&realm.ClientScope{Key: "scope-key", Name: "orders", Protocol: "openid-connect"})
	r := d.Realm()
	f.Fuzz(func(t *testing.T, text []byte) {
		c, err := manage.ReadChange(text)
		if err == nil {
			_, err = manage.Suppose(r, c, manage.InMemory(r), audit.Author{NewID: uuid.NewString})
		}
		_, invalid := errors.AsType[*fault.Invalid](err)
		_, conflict := errors.AsType[*fault.Conflict](err)
		if err != nil && !invalid && !conflict {
			t.Errorf("%q: %v", text, err)
		}
		if app := r.Client("app"); len(r.Clients()) != 1 || !app.Enabled || len(app.Mappers) > 0 || r.Scope("orders") == nil || len(r.Roles()) != 1 {
			t.Errorf("%q changed the realm itself", text)
		}
	})
}
