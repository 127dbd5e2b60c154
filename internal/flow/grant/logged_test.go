package grant_test

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenhouse/tokenhouse/internal/core/decision"
	"github.com/tokenhouse/tokenhouse/internal/core/exchange"
	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/flow/verify"
)

// safe keeps a token that a provider gave for everybody.
type safe struct{ token string }

func (safe) Subject(context.Context, verify.At, verify.Abroad) (verify.Guest, error) {
	return verify.Guest{Flaw: exchange.FlawToken}, nil
}

func (safe) Holding(context.Context, *realm.Realm, *user.User, string) (exchange.Holding, error) {
	return exchange.Kept, nil
}

func (s safe) HandOut(context.Context, *realm.Realm, *user.User, string) (token.Object, error) {
	return token.Object{{Name: "access_token", Value: s.token}}, nil
}

// TestLoggedElsewhere: the decision log finds what was given out for another issuer, or of one, as it finds the realm's own
// tokens. The same realm decides the same again.
func TestLoggedElsewhere(t *testing.T) {
	w := newWorld(t)
	w.Abroad = safe{"of-the-provider"}
	w.settings(func(s *realm.Settings) { s.Log.Mode = realm.LogOn })
	w.edit(func(d *realm.Draft) {
		d.PutProvider(&realm.Provider{Key: "p", Alias: "partner", Kind: "oidc", Enabled: true, StoreToken: true})
	})
	w.client("gateway", func(c *realm.Client) {
		c.Assertions = realm.ClientAssertions{Issue: true, Audiences: []string{partner}, Scopes: []string{"orders.read"}}
		c.Exchange.Issuers = []string{"partner"}
	})
	signed := w.signIn("gateway", "alice", "openid")

	resp, err := w.Exchange(t.Context(), asksIdentity("gateway", signed.IDToken))
	if err != nil {
		t.Fatal(err)
	}
	want := decision.Issued{Type: string(oauth.TypeIdentity), Token: decision.Fingerprint(resp.AccessToken), Scope: "orders.read",
		Roles: []string{}, Audience: []string{partner}, Expires: noon.Unix() + 300}
	w.logged("an identity assertion", want)

	q := swap("gateway", signed.AccessToken)
	q.RequestedIssuer = ptr("partner")
	if _, err := w.Exchange(t.Context(), q); err != nil {
		t.Fatal(err)
	}
	w.logged("what a provider gave", decision.Issued{Type: string(oauth.TypeAccessToken), Token: decision.Fingerprint("of-the-provider"), Roles: []string{}, Audience: []string{}})
}

// logged asks that the last decision of the log gave that out, and would be the same again.
func (w *world) logged(name string, want decision.Issued) {
	w.t.Helper()
	record := w.last().Decision
	if diff := cmp.Diff(&want, record.Outcome.Issued); diff != "" {
		w.t.Errorf("%s (-want +got):\n%s", name, diff)
	}
	again, ok := decision.Again(*record, w.realm())
	if moved := decision.Compare(record.Outcome, again.Outcome); !ok || moved != nil {
		w.t.Errorf("%s: decided again, %v, it differs by %+v", name, ok, moved)
	}
}

// TestLoggedCaller: how a client proved itself is in the log, so that it is known whom a policy would keep out.
func TestLoggedCaller(t *testing.T) {
	w := newWorld(t)
	w.settings(func(s *realm.Settings) { s.Log.Mode = realm.LogOn })
	held := w.signIn("gateway", "alice", "openid")
	var asked []*decision.Record
	for _, ask := range []func() error{
		func() error { _, err := w.refresh("gateway", held.RefreshToken); return err },
		func() error { _, err := w.clientCredentials(as("gateway")); return err },
	} {
		if err := ask(); err != nil {
			t.Fatal(err)
		}
		asked = append(asked, w.last().Decision)
	}
	demand := func(method string) *realm.Realm {
		d := realm.Edit(w.realm())
		s := d.Realm().Settings
		s.Policies = []realm.ClientPolicy{{Name: "strict", Conditions: []realm.PolicyPart{{Kind: "any-client"}},
			Executors: []realm.PolicyPart{{Kind: "secure-client-authenticator", Config: map[string][]string{"allowed-client-authenticators": {method}}}}}}
		d.PutSettings(s)
		return d.Realm()
	}
	for _, record := range asked {
		for method, granted := range map[string]bool{verify.MethodSecret: true, verify.MethodPrivateKey: false} {
			again, ok := decision.Again(*record, demand(method))
			if !ok || again.Granted != granted || granted && decision.Compare(record.Outcome, again.Outcome) != nil {
				t.Errorf("%s, where %s is demanded: %v, %+v", record.Grant, method, ok, again)
			}
		}
	}
}
