package push_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
	"github.com/tokenhouse/tokenhouse/internal/flow/audit"
	"github.com/tokenhouse/tokenhouse/internal/flow/push"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// network answers as its addresses say, and keeps what was sent and recorded.
type network struct {
	answers map[string]int // status by address; absent ones cannot be reached
	sent    []string       // addresses
	orders  []token.Claims
	events  []event.Admin
	fails   error // of signing
}

func (n *network) Post(_ context.Context, address, _ string) (int, error) {
	n.sent = append(n.sent, address)
	if status, ok := n.answers[address]; ok {
		return status, nil
	}
	return 0, errors.New("no route")
}

func (n *network) Sign(_ context.Context, _ *realm.Realm, _, _ string, c *token.Claims) (string, error) {
	n.orders = append(n.orders, *c)
	return "signed", n.fails
}

func (n *network) Append(_ context.Context, audit []event.Admin) error {
	n.events = append(n.events, audit...)
	return nil
}

func (n *network) pusher() *push.Pusher { return &push.Pusher{Keys: n, Post: n, Record: n} }

func author() audit.Author {
	n := 0
	return audit.Author{Now: noon, NewID: func() string { n++; return fmt.Sprint("id-", n) }}
}

func shop(notBefore int64) *realm.Realm {
	return realm.New("shop-key", realm.Settings{Name: "shop", NotBefore: notBefore, Events: realm.EventSettings{Admin: true}}).Realm()
}

// TestAddresses are those of the admin URL: one, or one for each node that has registered and not long ago.
func TestAddresses(t *testing.T) {
	const nodes = "https://${application.session.host}:8443/admin"
	ago := func(seconds int64) int64 { return noon.Unix() - seconds }
	for name, c := range map[string]struct {
		client push.Client
		want   []string
	}{
		"none":                         {push.Client{Client: &realm.Client{}}, nil},
		"whole":                        {push.Client{Client: &realm.Client{AdminURL: "https://web.example/admin/"}}, []string{"https://web.example/admin/k_test_available"}},
		"below the root":               {push.Client{Client: &realm.Client{AdminURL: "/admin", RootURL: "https://web.example/"}}, []string{"https://web.example/admin/k_test_available"}},
		"the server's own":             {push.Client{Client: &realm.Client{AdminURL: "/admin", RootURL: "${authBaseUrl}"}, Base: "https://sso.example"}, []string{"https://sso.example/admin/k_test_available"}},
		"nodes, but none":              {push.Client{Client: &realm.Client{AdminURL: nodes}}, nil},
		"nodes, for ever":              {push.Client{Client: &realm.Client{AdminURL: nodes}, Nodes: map[string]int64{"b": 1, "a": 2}}, []string{"https://a:8443/admin/k_test_available", "https://b:8443/admin/k_test_available"}},
		"nodes, of the last minute":    {push.Client{Client: &realm.Client{AdminURL: nodes}, Timeout: 60, Nodes: map[string]int64{"late": ago(61), "just": ago(60)}}, []string{"https://just:8443/admin/k_test_available"}},
		"a node that is another place": {push.Client{Client: &realm.Client{AdminURL: nodes}, Nodes: map[string]int64{"evil.example/x?": 1}}, []string{"https://evil.example%2Fx%3F:8443/admin/k_test_available"}},
	} {
		n := &network{}
		c.client.Realm = shop(0)
		reached, err := n.pusher().Test(t.Context(), author(), c.client)
		if err != nil || len(reached.Succeeded) != 0 || len(reached.Failed) != len(c.want) {
			t.Errorf("%s: %+v, %v", name, reached, err)
		}
		if d := cmp.Diff(c.want, n.sent); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
}

// TestReached tells those that answered with success from those that did not, or not at all, and records it.
func TestReached(t *testing.T) {
	n := &network{answers: map[string]int{"https://a/k_test_available": 204, "https://b/k_test_available": 302, "https://c/k_test_available": 500}}
	c := push.Client{Client: &realm.Client{Key: "web-key", ID: "web", AdminURL: "https://${application.session.host}"}, Realm: shop(0),
		Nodes: map[string]int64{"a": 1, "b": 1, "c": 1, "d": 1}}
	reached, err := n.pusher().Test(t.Context(), author(), c)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(push.Reached{Succeeded: []string{"https://a"}, Failed: []string{"https://b", "https://c", "https://d"}}, reached); d != "" {
		t.Error(d)
	}
	if len(n.events) != 1 || n.events[0].ResourcePath != "clients/web-key/test-nodes-available" || n.events[0].ResourceType != "CLUSTER_NODE" {
		t.Errorf("events: %+v", n.events)
	}
}

// TestRevoke orders what is stricter, that of the client or that of the realm, for one client and half a minute.
func TestRevoke(t *testing.T) {
	for name, c := range map[string]struct{ client, realm, want int64 }{
		"the client's": {20, 10, 20}, "the realm's": {10, 20, 20}, "neither": {0, 0, 0},
	} {
		n := &network{answers: map[string]int{"https://web/k_push_not_before": 200}}
		reached, err := n.pusher().Revoke(t.Context(), author(), push.Client{Realm: shop(c.realm),
			Client: &realm.Client{Key: "web-key", ID: "web", AdminURL: "https://web", NotBefore: c.client}})
		if err != nil || len(reached.Succeeded) != 1 {
			t.Fatalf("%s: %+v, %v", name, reached, err)
		}
		want := token.Object{{Name: "id", Value: "id-1"}, {Name: "expiration", Value: noon.Unix() + 30}, {Name: "resource", Value: "web"},
			{Name: "action", Value: "PUSH_NOT_BEFORE"}, {Name: "notBefore", Value: c.want}}
		if d := cmp.Diff(want, n.orders[0].Other); d != "" {
			t.Errorf("%s: %s", name, d)
		}
		if len(n.events) != 1 || n.events[0].ResourcePath != "clients/web-key/push-revocation" {
			t.Errorf("%s: events %+v", name, n.events)
		}
	}
}

// TestUnsigned sends nothing that the realm did not sign, and records nothing.
func TestUnsigned(t *testing.T) {
	n := &network{fails: errors.New("no key")}
	_, err := n.pusher().Revoke(t.Context(), author(), push.Client{Realm: shop(0), Client: &realm.Client{AdminURL: "https://web"}})
	if !errors.Is(err, n.fails) || len(n.sent) != 0 || len(n.events) != 0 {
		t.Errorf("%v; sent %v, recorded %v", err, n.sent, n.events)
	}
}
