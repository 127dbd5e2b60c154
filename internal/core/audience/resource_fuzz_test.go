package audience_test

import (
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/tokenhouse/tokenhouse/internal/core/audience"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
)

// FuzzResource asks for any resources (RFC 8707): what is a client's is an absolute URI without fragment that this client
// is known by, and who chooses among granted ones gets no other.
func FuzzResource(f *testing.F) {
	d := realm.New("shop-key", realm.Settings{Name: "shop", Enabled: true})
	d.PutClient(&realm.Client{Key: "k1", ID: "orders", Enabled: true, Resource: []string{"https://orders.example"}})
	d.PutClient(&realm.Client{Key: "k2", ID: "billing", Enabled: true, Resource: []string{"https://billing.example", "https://both.example"}})
	d.PutClient(&realm.Client{Key: "k3", ID: "closed", Resource: []string{"https://closed.example", "https://both.example"}})
	r := d.Realm()
	f.Fuzz(func(t *testing.T, one, other string) {
		asked := []string{one, other}
		clients, err := audience.Targets(r, asked)
		if err == nil {
			for _, uri := range asked {
				u, err := url.Parse(uri)
				if err != nil || !u.IsAbs() || u.User != nil || strings.ContainsAny(uri, "#?") || !audience.WellFormed(uri) {
					t.Errorf("%q is a resource: %v", uri, err)
				}
			}
			for _, id := range clients {
				c := r.Client(id)
				if !c.Enabled || !slices.ContainsFunc(asked, c.Has) {
					t.Errorf("%q is of %s", asked, id)
				}
			}
		}
		chosen, err := audience.Choose([]string{one}, asked)
		if (err == nil) != (one == other) || err == nil && slices.ContainsFunc(chosen, func(uri string) bool { return uri != one }) {
			t.Errorf("of %q one may choose %q: %v", one, chosen, err)
		}
	})
}
