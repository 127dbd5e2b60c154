package register_test

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
)

// TestWhoMayRegister refuses those whose token is not ours or no longer good, and those without who come from elsewhere.
func TestWhoMayRegister(t *testing.T) {
	each(t, func(w *world) {
		later := func(c *token.Claims) { c.Subject, c.NotBefore = "manage-clients", w.now.Unix()+1 }
		expired := func(c *token.Claims) { c.Subject, c.Expires = "manage-clients", w.now.Unix() }
		elsewhere := func(c *token.Claims) { c.Subject, c.Issuer = "manage-clients", base+"/realms/other" }
		another := func(c *token.Claims) { c.Subject, c.Type = "manage-clients", "Refresh" }
		good := w.by("manage-clients")
		gone, dropped := w.initial(`{"count": 1}`)
		if err := w.DropInitialAccess(t.Context(), w.author(), w.shop(), gone); err != nil {
			t.Fatal(err)
		}
		_, none := w.initial(`{"count": 0}`)
		_, lasting := w.initial(`{}`)
		for _, c := range []struct{ name, token, from, want string }{
			{"nothing, from a host that is trusted", "", "192.0.2.1", ""},
			{"nothing, from elsewhere", "", "192.0.2.2", hostRefused},
			{"who makes clients", w.by("create-client"), "192.0.2.2", ""},
			{"who manages clients", good, "192.0.2.2", ""},
			{"who only looks", w.by("view-clients"), "192.0.2.1", "Forbidden"},
			{"an initial access token", lasting, "192.0.2.2", ""},
			{"one that was used up", lasting, "192.0.2.1", "No remaining count on initial access token"},
			{"one for no client", none, "192.0.2.1", "No remaining count on initial access token"},
			{"one that was dropped", dropped, "192.0.2.1", "Initial Access Token not found"},
			{"a token that is cut", good[:len(good)-2], "192.0.2.1", "Failed decode token"},
			{"one that is not yet good", w.signed(later), "192.0.2.1", "Failed decode token"},
			{"one that has expired", w.signed(expired), "192.0.2.1", "Failed decode token"},
			{"one of another realm", w.signed(elsewhere), "192.0.2.1", "Failed decode token"},
			{"one for another purpose", w.signed(another), "192.0.2.1", "Invalid type of token"},
		} {
			w.from = c.from
			before := len(w.clients())
			id, _, err := w.register(c.token, `{}`)
			if got := refusal(err); got != c.want {
				t.Errorf("%s: got %q, want %q", c.name, got, c.want)
			}
			if made := len(w.clients()) - before; made != 0 != (c.want == "") {
				t.Errorf("%s: %d clients were made", c.name, made)
			}
			if told := w.last(); c.want == "" && told != "CLIENT_REGISTER "+id || c.want != "" && !strings.HasPrefix(told, "CLIENT_REGISTER_ERROR") {
				t.Errorf("%s: event %q", c.name, told)
			}
		}
	})
}

// TestPoliciesOfTheWay are those of who comes with nothing: theirs count later too, when the client changes itself.
func TestPoliciesOfTheWay(t *testing.T) {
	each(t, func(w *world) {
		id, own, err := w.register("", `{"clientId": "anonymous"}`)
		if err != nil {
			t.Fatal(err)
		}
		if c := w.shop().Client(id); !c.ConsentRequired {
			t.Error("a client that nobody vouches for needs no consent")
		}
		_, err = w.Update(t.Context(), w.call(own), id, object(t, `{"clientId": "anonymous", "consentRequired": false}`), nil)
		if got := refusal(err); got != consentRefused {
			t.Errorf("it did away with consent: %q", got)
		}
		w.from = "192.0.2.2"
		if _, err := w.View(t.Context(), w.call(own), id); refusal(err) != hostRefused {
			t.Errorf("it looked at itself from elsewhere: %v", err)
		}
		vouched, _, err := w.register(w.by("create-client"), `{"clientId": "vouched"}`)
		if err != nil || w.shop().Client(vouched).ConsentRequired {
			t.Errorf("a client that an administrator made: %v", err)
		}
		w.from = "192.0.2.1"
		if _, _, err := w.register("", `{}`); err != nil {
			t.Errorf("the sixth client: %v", err)
		}
		if _, _, err := w.register("", `{}`); refusal(err) != mostRefused {
			t.Errorf("the seventh: %v", err)
		}
		if _, _, err := w.register(w.by("create-client"), `{}`); err != nil {
			t.Errorf("the seventh, by an administrator: %v", err)
		}
	})
}

// TestInitialAccessIsCounted lets as many clients come as an administrator said, and for as long.
func TestInitialAccessIsCounted(t *testing.T) {
	each(t, func(w *world) {
		_, compact := w.initial(`{"count": 3}`)
		var mu sync.Mutex
		var made int
		var told []string
		var all sync.WaitGroup
		call := w.call(compact)
		for range 10 {
			all.Go(func() {
				one := *w.Registrar
				one.Events = &world{} // it would not be safe to share
				_, err := one.Create(t.Context(), call, object(t, `{}`), nil)
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					made++
				} else {
					told = append(told, refusal(err))
				}
			})
		}
		all.Wait()
		slices.Sort(told)
		if want := []string{"No remaining count on initial access token"}; made != 3 || cmp.Diff(want, slices.Compact(told)) != "" {
			t.Errorf("%d clients of 3; the others were told %q", made, told)
		}

		_, brief := w.initial(`{"count": 2, "expiration": 60}`)
		w.now = noon.Add(59 * time.Second)
		if _, _, err := w.register(brief, `{}`); err != nil {
			t.Errorf("within its time: %v", err)
		}
		w.now = noon.Add(61 * time.Second)
		if _, _, err := w.register(brief, `{}`); refusal(err) != "Failed decode token" {
			t.Errorf("after its time: %v", err)
		}
		for _, wrong := range []string{`{"count": -1}`, `{"expiration": -1}`} {
			if _, _, err := w.NewInitialAccess(t.Context(), w.author(), w.shop(), base, object(t, wrong)); err == nil {
				t.Errorf("%s was accepted", wrong)
			}
		}
	})
}

// TestNotForItself refuses what only who manages clients may give one: limits of exchange, the key and the name.
func TestNotForItself(t *testing.T) {
	const limits, key = `{"attributes": {"tokenhouse.exchange.permitted": "api"}}`, `{"id": "chosen", "clientId": "keyed"}`
	each(t, func(w *world) {
		if _, _, err := w.register(w.by("create-client"), limits); refusal(err) != "Not permitted to change attributes tokenhouse.*" {
			t.Errorf("limits: %v", err)
		}
		if _, _, err := w.register(w.by("manage-clients"), limits); err != nil {
			t.Errorf("limits, by who manages clients: %v", err)
		}
		if _, _, err := w.register(w.by("create-client"), key); err != nil || w.shop().Client("keyed").Key == "chosen" {
			t.Errorf("a key of one's choice: %v", err)
		}
		if _, _, err := w.register(w.by("manage-clients"), strings.Replace(key, "keyed", "keyed-2", 1)); err != nil || w.shop().Client("keyed-2").Key != "chosen" {
			t.Errorf("the same, by who manages clients: %v", err)
		}
		if _, _, err := w.register(w.by("create-client"), `{"clientId": "web"}`); refusal(err) != "Client Identifier in use" {
			t.Errorf("a name that is taken: %v", err)
		}
		err := w.Delete(t.Context(), w.call(w.by("manage-clients")), "realm-management")
		if refusal(err) != "The client holds the rights of administrators" || w.shop().Client("realm-management") == nil {
			t.Errorf("the management client: %v", err)
		}
		if err := w.store.Edit(t.Context(), "shop", func(d *realm.Draft) ([]event.Admin, error) {
			c := *d.Realm().Client("realm-management")
			c.ID = "renamed"
			d.PutClient(&c)
			return nil, nil
		}); err != nil {
			t.Fatal(err)
		}
		if _, _, err := w.register("", `{"clientId": "realm-management"}`); refusal(err) != "The name is kept for clients that hold the rights of administrators" {
			t.Errorf("the name of the management client: %v", err)
		}
	})
}

// TestOwnToken lets a client see, change and remove itself, and no other, by a token that works until the next.
func TestOwnToken(t *testing.T) {
	each(t, func(w *world) {
		id, own, err := w.register(w.by("create-client"), `{"clientId": "mine"}`)
		if err != nil {
			t.Fatal(err)
		}
		w.last()
		_, initial := w.initial(`{}`)
		for _, c := range []struct{ name, id, token, view, update string }{
			{"itself", id, own, "", ""},
			{"another", "api", own, notToView, notToUpdate},
			{"one that is not there", "none", own, notToView, notToUpdate},
			{"with nothing", id, "", notToView, notToUpdate},
			{"with an initial access token", id, initial, "Not initial access token allowed", notToUpdate},
			{"who only looks", id, w.by("view-clients"), "", "Forbidden"},
			{"who only makes", id, w.by("create-client"), "Forbidden", "Forbidden"},
			{"who manages", id, w.by("manage-clients"), "", ""},
			{"who manages, none", "none", w.by("manage-clients"), "Client not found", "Client not found"},
		} {
			_, err := w.View(t.Context(), w.call(c.token), c.id)
			if got := refusal(err); got != c.view {
				t.Errorf("view %s: got %q, want %q", c.name, got, c.view)
			}
			if told := w.last(); c.view == "" && told != "CLIENT_INFO "+c.id || c.view != "" && !strings.HasPrefix(told, "CLIENT_INFO_ERROR "+c.id+" ") {
				t.Errorf("view %s: event %q", c.name, told)
			}
			if c.update == "" { // below
				continue
			}
			_, err = w.Update(t.Context(), w.call(c.token), c.id, object(t, `{"clientId": "`+c.id+`", "name": "taken"}`), nil)
			if got := refusal(err); got != c.update {
				t.Errorf("update %s: got %q, want %q", c.name, got, c.update)
			}
			if got := refusal(w.Delete(t.Context(), w.call(c.token), c.id)); got != c.update {
				t.Errorf("delete %s: got %q, want %q", c.name, got, c.update)
			}
		}

		if _, err := w.Update(t.Context(), w.call(own), id, object(t, `{"clientId": "other"}`), nil); refusal(err) != "Client Identifier modified" {
			t.Errorf("another name: %v", err)
		}
		changed, err := w.Update(t.Context(), w.call(own), id, object(t, `{"clientId": "mine", "name": "changed"}`), nil)
		next := changed.Text("registrationAccessToken")
		if err != nil || next == "" || next == own || changed.Text("name") != "changed" {
			t.Fatalf("changed: %v, %v", changed, err)
		}
		if _, err := w.View(t.Context(), w.call(own), id); refusal(err) != notToView {
			t.Errorf("the token before still works: %v", err)
		}
		byAdministrator, err := w.NewToken(t.Context(), w.author(), w.shop(), base, w.shop().Client(id).Key)
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Delete(t.Context(), w.call(next), id); refusal(err) != notToUpdate {
			t.Errorf("the token before an administrator's still works: %v", err)
		}
		w.last()
		if err := w.Delete(t.Context(), w.call(byAdministrator), id); err != nil || w.shop().Client(id) != nil {
			t.Errorf("removing itself: %v", err)
		}
		if told := w.last(); told != "CLIENT_DELETE mine" {
			t.Errorf("event %q", told)
		}
	})
}

const (
	hostRefused    = "Policy 'hosts' rejected request to client-registration service. Details: Host not trusted."
	consentRefused = "Policy 'consent' rejected request to client-registration service. Details: Not permitted to update consentRequired to false"
	mostRefused    = "Policy 'most' rejected request to client-registration service. Details: It's allowed to have max 6 clients per realm"

	notToView   = "Not authorized to view client. Not valid token or client credentials provided."
	notToUpdate = "Not authorized to update client. Maybe missing token or bad token type."
)

// TestNotBefore ends the tokens that were made before the realm's time.
func TestNotBefore(t *testing.T) {
	each(t, func(w *world) {
		_, compact := w.initial(`{"count": 5}`)
		err := w.store.Edit(t.Context(), "shop", func(d *realm.Draft) ([]event.Admin, error) {
			settings := d.Realm().Settings
			settings.NotBefore = noon.Unix() + 1
			d.PutSettings(settings)
			return nil, nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := w.register(compact, `{}`); refusal(err) != "Failed decode token" {
			t.Errorf("a token from before: %v", err)
		}
		w.now = noon.Add(time.Second)
		_, compact = w.initial(`{}`)
		if _, _, err := w.register(compact, `{}`); err != nil {
			t.Errorf("a token from after: %v", err)
		}
	})
}

// TestInstallation answers the configuration of a client that is public, or proves that it is the one, or to who may see it.
func TestInstallation(t *testing.T) {
	each(t, func(w *world) {
		for _, c := range []struct{ name, authorization, id, want string }{
			{"a public one", "", "web", ""},
			{"itself", "Basic api", "api", ""},
			{"by nobody", "", "api", "Failed to authenticate client"},
			{"by another", "Basic web", "api", "Failed to authenticate client"},
			{"of none by nobody", "", "none", notToView},
			{"by who may see it", "Bearer " + w.by("view-clients"), "api", ""},
			{"by who may not", "Bearer " + w.by("create-client"), "api", "Forbidden"},
			{"none", "Bearer " + w.by("view-clients"), "none", "Client not found"},
		} {
			call := w.call("")
			call.Authorization = c.authorization
			client, _, err := w.Installation(t.Context(), call, c.id)
			if got := refusal(err); got != c.want || err == nil && client.ID != c.id {
				t.Errorf("%s: got %q, want %q", c.name, got, c.want)
			}
		}
	})
}
