package server

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/explain"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
)

// kept is a database that remembers what it was given, and knows the realm "key" alone.
type kept struct {
	settings realm.EventSettings
	events   []event.Event
}

func (k *kept) RealmByKey(_ context.Context, key string) (*realm.Realm, error) {
	if key != "key" {
		return nil, errors.New("database is away")
	}
	return &realm.Realm{Key: key, Settings: realm.Settings{Name: "shop", Events: k.settings}}, nil
}

func (k *kept) Record(_ context.Context, e event.Event) { k.events = append(k.events, e) }

// record passes an event through a recorder, and gives what was kept and logged.
func record(settings realm.EventSettings, level slog.Level, m *metrics, e event.Event) ([]event.Event, string) {
	var log bytes.Buffer
	k := &kept{settings: settings}
	r := &recorder{realms: k, store: k, metrics: m, log: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: level}))}
	r.Record(context.Background(), e)
	return k.events, log.String()
}

func TestRealmDecidesWhatIsKept(t *testing.T) {
	tests := map[string]struct {
		settings realm.EventSettings
		kind     event.Kind
		want     bool
	}{
		"off":                       {realm.EventSettings{}, event.Login, false},
		"off, with a list":          {realm.EventSettings{Kinds: []string{"LOGIN"}}, event.Login, false},
		"on":                        {realm.EventSettings{Enabled: true}, event.Login, true},
		"on, a failure":             {realm.EventSettings{Enabled: true}, event.TokenExchange.Failed(), true},
		"frequent ones are not":     {realm.EventSettings{Enabled: true}, event.RefreshToken, false},
		"nor their failures":        {realm.EventSettings{Enabled: true}, event.IntrospectToken.Failed(), false},
		"unless they are listed":    {realm.EventSettings{Enabled: true, Kinds: []string{"REFRESH_TOKEN"}}, event.RefreshToken, true},
		"and others are not, then":  {realm.EventSettings{Enabled: true, Kinds: []string{"REFRESH_TOKEN"}}, event.Login, false},
		"failures are listed apart": {realm.EventSettings{Enabled: true, Kinds: []string{"LOGIN"}}, event.Login.Failed(), false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, _ := record(tt.settings, slog.LevelError, newMetrics(), event.Event{Kind: tt.kind, Realm: "key"})
			if (len(got) == 1) != tt.want {
				t.Errorf("%d events kept, want one: %v", len(got), tt.want)
			}
		})
	}
}

func TestEventsAreLoggedAndCountedAlways(t *testing.T) {
	m := newMetrics()
	refused := event.Event{ID: "e1", Kind: event.TokenExchange.Failed(), Realm: "key", RealmName: "shop", Client: "gateway", Error: "not_allowed",
		Details: []event.Detail{{Name: "audience", Value: "payment"}},
		Trace:   &explain.Trace{Steps: []explain.Step{{Rule: explain.ExchangePermitted, Outcome: explain.Denied, Subject: "payment"}}}}
	_, log := record(realm.EventSettings{}, slog.LevelInfo, m, refused)
	for _, want := range []string{"level=WARN", "type=TOKEN_EXCHANGE_ERROR", "realm=shop", "client=gateway", "error=not_allowed", "audience=payment", "rule=exchange.permitted", "id=e1"} {
		if !strings.Contains(log, want) {
			t.Errorf("the log lacks %s: %s", want, log)
		}
	}
	granted := event.Event{Kind: event.TokenExchange, Realm: "key", RealmName: "shop"}
	if _, log := record(realm.EventSettings{}, slog.LevelInfo, m, granted); log != "" {
		t.Errorf("a success is logged above debug: %s", log)
	}
	if _, log := record(realm.EventSettings{}, slog.LevelDebug, m, granted); !strings.Contains(log, "level=DEBUG") {
		t.Errorf("a success is not logged at debug: %q", log)
	}
	nobodys := event.Event{Kind: event.Login.Failed(), RealmName: "made-up", Error: "realm_not_found"}
	record(realm.EventSettings{}, slog.LevelError, m, nobodys)
	figures := scrape(m)
	for _, want := range []string{
		`keycloak_user_events_total{error="not_allowed",event="token_exchange",realm="shop"} 1`,
		`keycloak_user_events_total{error="",event="token_exchange",realm="shop"} 2`,
		`keycloak_user_events_total{error="realm_not_found",event="login",realm=""} 1`,
	} {
		if !strings.Contains(figures, want) {
			t.Errorf("the figures lack %s", want)
		}
	}
}

func TestEventThatCannotBeKeptIsLogged(t *testing.T) {
	got, log := record(realm.EventSettings{Enabled: true}, slog.LevelError, newMetrics(), event.Event{ID: "e1", Kind: event.Login, Realm: "other"})
	if len(got) > 0 || !strings.Contains(log, "database is away") || !strings.Contains(log, "e1") {
		t.Errorf("kept %d, logged %q; want the id and the cause in the log", len(got), log)
	}
}
