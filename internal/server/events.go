package server

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/decision"
	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
)

// recorder passes each event on to everybody who wants it: the log and the counters always, the
// database where the realm keeps events of the kind, the decision log where the realm has one.
type recorder struct {
	realms interface {
		RealmByKey(ctx context.Context, key string) (*realm.Realm, error)
	}
	store interface {
		Record(ctx context.Context, e event.Event)
	}
	decisions interface {
		Append(ctx context.Context, r *realm.Realm, at time.Time, d *decision.Record)
	}
	log     *slog.Logger
	metrics *metrics
}

// Record never fails what is recorded: an event that cannot be kept is logged all the same.
func (r *recorder) Record(ctx context.Context, e event.Event) {
	r.metrics.event(e)
	logEvent(ctx, r.log, e)
	if e.Realm == "" {
		return // nobody's: no realm was found
	}
	from, err := r.realms.RealmByKey(ctx, e.Realm)
	if err != nil {
		r.log.ErrorContext(ctx, "event not kept", "id", e.ID, "cause", err)
		return
	}
	if keeps(&from.Settings.Events, e.Kind) {
		r.store.Record(ctx, e)
	}
	if e.Decision != nil {
		r.decisions.Append(ctx, from, e.Time, e.Decision)
	}
}

// keeps tells whether a realm keeps events of a kind in the database.
func keeps(s *realm.EventSettings, k event.Kind) bool {
	if !s.Enabled {
		return false
	}
	if len(s.Kinds) == 0 {
		return k.SavedByDefault()
	}
	return slices.Contains(s.Kinds, string(k))
}

// logEvent writes an event as one line: refusals as warnings, all else for those who want to see it,
// as Keycloak does. Details are names and ids; tokens and secrets never become details.
func logEvent(ctx context.Context, log *slog.Logger, e event.Event) {
	level := slog.LevelDebug
	if e.Error != "" {
		level = slog.LevelWarn
	}
	if !log.Enabled(ctx, level) {
		return
	}
	attrs := make([]slog.Attr, 0, 10+len(e.Details))
	for _, a := range []slog.Attr{
		slog.String("type", string(e.Kind)), slog.String("realm", e.RealmName), slog.String("client", e.Client),
		slog.String("user", e.UserID), slog.String("session", e.Session), slog.String("address", e.Address),
		slog.String("error", e.Error), slog.String("id", e.ID),
	} {
		if a.Value.String() != "" {
			attrs = append(attrs, a)
		}
	}
	for _, d := range e.Details {
		attrs = append(attrs, slog.String(d.Name, d.Value))
	}
	if denials := e.Trace.Denials(); len(denials) > 0 {
		attrs = append(attrs, slog.String("rule", string(denials[0].Rule)))
	}
	log.LogAttrs(ctx, level, "event", attrs...)
}

// kindLabel is an event's kind as Keycloak's metrics spell it: what was tried, in lower case.
func kindLabel(k event.Kind) string {
	return strings.ToLower(strings.TrimSuffix(string(k), "_ERROR"))
}
