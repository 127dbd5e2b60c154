package broker_test

import (
	"context"
	"encoding/base64"
	"testing"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/federation"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/session"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
	"github.com/tokenhouse/tokenhouse/internal/flow/broker"
)

// FuzzLogoutToken: whatever a provider signs, sessions are looked for only by a logout token (Back-Channel Logout 1.0 §2.6)
// of this provider for this realm's client, and by no more than it names.
func FuzzLogoutToken(f *testing.F) {
	d := realm.New("club-key", realm.Settings{Name: "club", Enabled: true})
	d.PutProvider(&realm.Provider{Key: "up", Alias: "up", Kind: "oidc", Enabled: true, Config: map[string]string{"issuer": "https://up.test", "clientId": "club"}})
	now := time.Unix(1_800_000_000, 0)
	f.Fuzz(func(t *testing.T, claims []byte) {
		b64 := base64.RawURLEncoding
		compact := b64.EncodeToString([]byte(`{"alg":"ES256"}`)) + "." + b64.EncodeToString(claims) + "."
		p := &porch{}
		b := &broker.Broker{Book: broker.NewBook(p), Upstream: p, Once: p, Sessions: p, Events: p, Now: func() time.Time { return now }, NewID: func() string { return "id" }}
		err := b.SignedOut(t.Context(), broker.LogoutTokenRequest{Realm: d.Realm(), Base: base, Token: &compact})
		if (err == nil) != (p.asked != nil) {
			t.Fatalf("%s: %v, and asked for %+v", claims, err, p.asked)
		}
		if err != nil {
			return
		}
		said, err := federation.ReadUnverified(compact)
		if err != nil {
			t.Fatal(err)
		}
		events, _ := said.Claims.Get("events").(token.Object)
		age := now.Unix() - said.IssuedAt
		switch {
		case said.Issuer != "https://up.test", said.ID == "", said.Subject+said.Session == "", said.Nonce != "",
			events.Get("http://schemas.openid.net/event/backchannel-logout") == nil, age > 700, age < -100:
			t.Errorf("%s signs somebody out", claims)
		case *p.asked != session.OriginQuery{Provider: "up", Subject: said.Subject, SID: said.Session}:
			t.Errorf("%s signs out %+v", claims, *p.asked)
		}
	})
}

// porch is what stands before a house of nobody: it takes each signature for good, and notes which sessions are asked for.
type porch struct {
	broker.Upstream
	broker.Sessions
	asked *session.OriginQuery
}

func (*porch) Extra(context.Context, string, realm.Kind, string) (realm.Extra, error) {
	return nil, nil
}

func (*porch) Extras(context.Context, string, realm.Kind, []string) (map[string]realm.Extra, error) {
	return nil, nil
}

func (*porch) Verify(_ context.Context, _ *federation.Settings, compact string) (federation.Foreign, error) {
	return federation.ReadUnverified(compact)
}

func (*porch) UseOnce(context.Context, string, string, string, time.Time) (bool, error) {
	return true, nil
}

func (p *porch) SessionsFrom(_ context.Context, _ string, q session.OriginQuery) ([]string, error) {
	p.asked = &q
	return nil, nil
}

func (*porch) Record(context.Context, event.Event) {}
