package keycloak_test

import (
	"testing"

	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
)

// TestEncryptionIsAskedForInVain, which whoever imports the client is told.
func TestEncryptionIsAskedForInVain(t *testing.T) {
	r := realm.New("shop-key", realm.Settings{Name: "shop"}).Realm()
	for alg, want := range map[string]int{"": 0, "RSA-OAEP": 1} {
		o := keycloak.Object{}
		o.Put("clientId", "app")
		o.Put("attributes", map[string]string{"id.token.encrypted.response.alg": alg})
		if _, notes := keycloak.ToClient(r, o); len(notes) != want {
			t.Errorf("%q: %v, want %d notes", alg, notes, want)
		}
	}
}
