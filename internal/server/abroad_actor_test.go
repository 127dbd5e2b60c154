package server_test

import (
	"net/url"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenhouse/tokenhouse/internal/core/realm"
)

// TestActorsAbroad: who acts, and who may act, by another realm's token is somebody of that realm, and nobody of this one.
func TestActorsAbroad(t *testing.T) {
	const notMay = "Token exchange not permitted: the actor is not who the subject token says may act"
	onBothRealms(t, func(r realms) {
		r.edit("realm-a", func(d *realm.Draft) {
			c := *d.Realm().Client("myapp")
			c.Mappers = append(c.Mappers, audienceOf("agent"))
			d.PutClient(&c)
		})
		r.provider(func(p *realm.Provider) { p.Config["tokenhouse.exchange.clients"] = "myapp##agent" })
		asAgent := func(name string, status int, q url.Values) map[string]any {
			r.Helper()
			q.Set("client_id", "agent")
			q.Set("client_secret", "agent-secret")
			return ask(r.T, r.base, name, status, q)
		}
		own := func(name string) string {
			return str(r.T, asAgent(name, 200, url.Values{"grant_type": {"client_credentials"}}), "access_token")
		}
		there, here := own("realm-a"), own("realm-b")

		subject := str(r.T, r.signIn("myapp", "alice"), "access_token")
		delegated := str(r.T, asAgent("realm-a", 200, url.Values{"grant_type": {grantExchange}, "subject_token": {subject}, "subject_token_type": {typeAccess},
			"actor_token": {there}, "actor_token_type": {typeAccess}}), "access_token")
		first := acts(r.T, there, nil)
		first["iss"] = "http://localhost:8080/realms/realm-a"
		for name, tt := range map[string]struct {
			more []string
			want map[string]any
		}{
			"nobody acts here": {nil, first},
			"somebody does":    {[]string{"client_id", "agent", "client_secret", "agent-secret", "actor_token", here, "actor_token_type", typeAccess}, acts(r.T, here, first)},
		} {
			issued := claims(r.T, str(r.T, r.exchange(200, delegated, append([]string{"audience", ""}, tt.more...)...), "access_token"))
			if diff := cmp.Diff(any(tt.want), issued["act"]); diff != "" {
				t.Errorf("%s: act (-want +got):\n%s", name, diff)
			}
		}

		// An agent of the same name is another here.
		r.edit("realm-a", func(d *realm.Draft) {
			c := *d.Realm().Client("myapp")
			c.Mappers = append(c.Mappers, hardcoded("may_act.client_id", "agent"))
			d.PutClient(&c)
		})
		subject = str(r.T, r.signIn("myapp", "alice"), "access_token")
		refused(r.T, r.exchange(403, subject), "access_denied")
		if no := r.exchange(403, subject, "client_id", "agent", "client_secret", "agent-secret", "actor_token", here, "actor_token_type", typeAccess); no["error_description"] != notMay {
			t.Errorf("by an agent of this realm: %v", no)
		}
		if no := r.exchange(400, subject, "client_id", "agent", "client_secret", "agent-secret", "actor_token", there, "actor_token_type", typeAccess); no["error_description"] != "Invalid actor token" {
			t.Errorf("by an actor token of that realm: %v", no)
		}

		// Who acts there no more acts here no more.
		a := &arena{r.T, r.server, r.base, "realm-a"}
		a.want(a.post("revoke", as("agent", "token", there)))
		refused(r.T, r.exchange(400, delegated), "invalid_token")
	})
}
