package grant_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
	"github.com/tokenhouse/tokenhouse/internal/flow/grant"
)

const (
	ordersURI  = "https://orders.example"
	billingURI = "urn:client:billing"
	unmatched  = "The requested resource is not matching the original request."
)

// resourceful is the shop in which orders names a resource.
func resourceful(t *testing.T) *world {
	w := newWorld(t)
	w.client("orders", func(c *realm.Client) { c.Resource = []string{ordersURI} })
	return w
}

// ask is a request of a client's for a resource; "" asks for none.
func ask(client, resource string) grant.Call {
	q := as(client)
	if resource != "" {
		q.Resource = &resource
	}
	return q
}

func (w *world) password(client, resource string) (*grant.Response, error) {
	return w.Password(w.t.Context(), grant.PasswordRequest{Call: ask(client, resource), Username: ptr("alice"), Password: "alice"})
}

// wantNarrowed asks that a token is for one client, with its roles alone, and says what it was asked for.
func (w *world) wantNarrowed(compact, client string, resources ...string) token.Verified {
	w.t.Helper()
	got := w.read(compact)
	if diff := cmp.Diff([]string{client}, got.Audience); diff != "" {
		w.t.Errorf("aud (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(resources, got.RequestedResource); diff != "" {
		w.t.Errorf("req-res (-want +got):\n%s", diff)
	}
	access, _ := got.Other.Get("resource_access").(token.Object)
	if len(access) != 1 || access[0].Name != client {
		w.t.Errorf("roles of %v", access)
	}
	return got
}

func TestResourceNarrows(t *testing.T) {
	w := resourceful(t)
	wide, err := w.password("gateway", "")
	if err != nil {
		t.Fatal(err)
	}
	if aud := w.read(wide.AccessToken).Audience; len(aud) < 2 {
		t.Fatalf("aud %v: nothing to narrow", aud)
	}
	narrow, err := w.password("gateway", ordersURI)
	if err != nil {
		t.Fatal(err)
	}
	w.wantNarrowed(narrow.AccessToken, "orders", ordersURI)
	own, err := w.password("gateway", billingURI)
	if err != nil {
		t.Fatal(err)
	}
	w.wantNarrowed(own.AccessToken, "billing", billingURI)
}

func TestResourceRefused(t *testing.T) {
	w := resourceful(t)
	w.client("outsider", func(c *realm.Client) { c.Resource = []string{"https://twice.example", "https://outsider.example"} })
	w.client("billing", func(c *realm.Client) { c.ResourceURL = "https://twice.example" })
	for name, uri := range map[string]string{
		"of nobody": "https://nobody.example", "of two": "https://twice.example", "not reachable": "https://outsider.example",
		"empty": " ", "relative": "/orders", "client id": "orders", "fragment": ordersURI + "#x", "query": ordersURI + "?x",
		"slash": ordersURI + "/", "capitals": "HTTPS://orders.example", "unknown client": "urn:client:nobody", "somebody": "https://a@orders.example",
	} {
		t.Run(name, func(t *testing.T) {
			_, err := w.password("gateway", uri)
			w.refused(err, 400, oauth.InvalidTarget, "Invalid audience: "+uri, "invalid_request")
		})
	}
	w.client("orders", func(c *realm.Client) { c.Enabled = false })
	_, err := w.password("gateway", ordersURI)
	w.refused(err, 400, oauth.InvalidTarget, "Invalid audience: "+ordersURI, "invalid_request")
}

// Where no client names resources, a resource is passed over as in Keycloak.
func TestResourceUnread(t *testing.T) {
	w := newWorld(t)
	resp, err := w.password("gateway", "https://nobody.example")
	if err != nil {
		t.Fatal(err)
	}
	if got := w.read(resp.AccessToken); len(got.Audience) < 2 || got.RequestedResource != nil {
		t.Errorf("aud %v, req-res %v", got.Audience, got.RequestedResource)
	}
}

// T30, T36: what a grant was given for, its refreshes are for, and what was given for none has none to choose.
func TestResourceOfRefreshes(t *testing.T) {
	w := resourceful(t)
	for _, granted := range []string{"", ordersURI} {
		for _, asked := range []string{"", ordersURI, billingURI} {
			t.Run("granted "+granted+" asked "+asked, func(t *testing.T) {
				first, err := w.password("gateway", granted)
				if err != nil {
					t.Fatal(err)
				}
				second, err := w.Refresh(t.Context(), grant.RefreshRequest{Call: ask("gateway", asked), RefreshToken: &first.RefreshToken})
				switch {
				case asked != "" && asked != granted:
					w.refused(err, 400, oauth.InvalidTarget, unmatched, "invalid_request")
				case err != nil:
					t.Fatal(err)
				case granted == "":
					if got := w.read(second.AccessToken); len(got.Audience) < 2 || got.RequestedResource != nil {
						t.Errorf("aud %v, req-res %v", got.Audience, got.RequestedResource)
					}
				default:
					w.wantNarrowed(second.AccessToken, "orders", ordersURI)
				}
			})
		}
	}
}

// An exchange says nothing free, and what it issues is bound to the resources as long as its client goes on with it.
func TestResourceOfExchanges(t *testing.T) {
	w := resourceful(t)
	w.client("gateway", func(c *realm.Client) { c.Exchange.Refresh = true })
	first, err := w.password("gateway", ordersURI)
	if err != nil {
		t.Fatal(err)
	}
	next := w.exchange(swap("gateway", first.AccessToken))
	w.wantNarrowed(next.AccessToken, "orders", ordersURI)
	next = w.exchange(swap("gateway", next.AccessToken))
	w.wantNarrowed(next.AccessToken, "orders", ordersURI)

	q := swap("gateway", next.AccessToken)
	q.Resources = []string{billingURI}
	_, err = w.Exchange(t.Context(), q)
	w.refused(err, 400, oauth.InvalidTarget, unmatched, "invalid_request")
	q.Resources, q.Audiences = nil, []string{"billing"}
	_, err = w.Exchange(t.Context(), q)
	w.refused(err, 400, oauth.InvalidTarget, "Invalid audience: billing", "invalid_request")

	q = swap("gateway", w.signIn("gateway", "alice", "").AccessToken)
	q.RequestedTokenType, q.Resources = ptr(string(oauth.TypeRefreshToken)), []string{ordersURI, billingURI}
	both := w.exchange(q)
	if got := w.read(both.AccessToken).Audience; len(got) != 2 {
		t.Errorf("aud %v, want both", got)
	}
	one, err := w.Refresh(t.Context(), grant.RefreshRequest{Call: ask("gateway", ordersURI), RefreshToken: &both.RefreshToken})
	if err != nil {
		t.Fatal(err)
	}
	w.wantNarrowed(one.AccessToken, "orders", ordersURI)
	again, err := w.refresh("gateway", one.RefreshToken) // it keeps what the exchange was for
	if err != nil {
		t.Fatal(err)
	}
	got := w.read(again.AccessToken).Audience
	slices.Sort(got)
	if diff := cmp.Diff([]string{"billing", "orders"}, got); diff != "" {
		t.Errorf("aud (-want +got):\n%s", diff)
	}
}
