package people_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/flow/people"
	"github.com/tokenhouse/tokenhouse/internal/flow/verify"
	"github.com/tokenhouse/tokenhouse/internal/store/storetest"
)

// letters keeps the errands whose letters were sent; down makes it refuse.
type letters struct {
	sent []people.Errand
	down bool
}

func (l *letters) Post(_ context.Context, _ verify.At, _ *user.User, q people.Errand) error {
	if l.down {
		return &fault.Refused{Message: "the mail server said: 550 no"}
	}
	l.sent = append(l.sent, q)
	return nil
}

func TestAsk(t *testing.T) {
	d := newDesk(t, storetest.SQLite(t))
	ann := d.account(t, "ann").User
	text := func(s string) *string { return &s }
	var log strings.Builder
	post := &letters{}
	box := &people.Postbox{Store: d.store, Rules: d.Rules, Letters: post, Log: slog.New(slog.NewTextHandler(&log, nil))}
	hour := time.Hour
	none := time.Duration(0)
	tests := []struct {
		name string
		mail bool // the realm has a mail server
		q    people.Asking
		want string         // error; empty: it is sent
		sent *people.Errand // what was sent
	}{
		{name: "no mail server", want: "Invalid sender address 'null'."},
		{name: "redirect alone", q: people.Asking{Redirect: text("https://app.test/")}, want: "Client id missing"},
		{name: "unknown client", q: people.Asking{Client: text("none")}, want: "Client doesn't exist"},
		{name: "foreign redirect", q: people.Asking{Client: text("app"), Redirect: text("https://evil.test/")}, want: "Invalid redirect uri."},
		{name: "below, and out again", q: people.Asking{Client: text("app"), Redirect: text("https://app.test/../x")}, want: "Invalid redirect uri."},
		{name: "own redirect", q: people.Asking{Client: text("app"), Redirect: text("https://app.test/x")}, want: "Invalid sender address 'null'."},
		{name: "unknown action", q: people.Asking{Actions: []string{"none"}}, want: "Provided invalid required actions"},
		{name: "no time", q: people.Asking{Life: &none}, want: "Lifespan must be positive"},
		{name: "sent", mail: true, q: people.Asking{Actions: []string{"UPDATE_PASSWORD"}},
			sent: &people.Errand{Client: "account", Actions: []string{"UPDATE_PASSWORD"}, Life: 12 * time.Hour}},
		{name: "sent with all", mail: true, q: people.Asking{Client: text("app"), Redirect: text("https://app.test/x"), Actions: []string{"VERIFY_EMAIL"}, Life: &hour},
			sent: &people.Errand{Client: "app", Redirect: "https://app.test/x", Actions: []string{"VERIFY_EMAIL"}, Life: time.Hour}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := d.realm
			if tt.mail {
				r = d.withMail(t)
			}
			err := box.Ask(t.Context(), d.author(), r, &ann, tt.q)
			if tt.want != "" {
				if err == nil || !strings.HasPrefix(err.Error(), tt.want) {
					t.Errorf("got %v, want %s", err, tt.want)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(*tt.sent, post.sent[len(post.sent)-1]); diff != "" {
				t.Error(diff)
			}
		})
	}
	post.down = true
	err := box.Ask(t.Context(), d.author(), d.withMail(t), &ann, people.Asking{})
	if unsent, ok := errors.AsType[*people.Unsent](err); !ok || unsent.Reason != "the mail server said: 550 no" || !strings.Contains(log.String(), "550 no") {
		t.Errorf("got %v, logged %s", err, log.String())
	}
	stranger, away := ann, ann
	stranger.Email, away.Enabled = "", false
	for who, want := range map[*user.User]string{&stranger: "User email missing", &away: "User is disabled"} {
		if err := box.Ask(t.Context(), d.author(), d.realm, who, people.Asking{}); err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

// withMail is the desk's realm with a mail server.
func (d *desk) withMail(t *testing.T) *realm.Realm {
	t.Helper()
	err := d.store.Edit(t.Context(), d.realm.Name, func(draft *realm.Draft) ([]event.Admin, error) {
		return nil, draft.EditKept(func(kept realm.Extra) error {
			kept["smtpServer"] = []byte(`{"host": "mail.office.test", "from": "id@office.test"}`)
			return nil
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	r, err := d.store.Realm(t.Context(), d.realm.Name)
	if err != nil {
		t.Fatal(err)
	}
	return r
}
