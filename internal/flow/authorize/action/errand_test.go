package action_test

import (
	"net/url"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/letter"
	"github.com/tokenhouse/tokenhouse/internal/core/login"
	"github.com/tokenhouse/tokenhouse/internal/core/page"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/flow/authorize"
	"github.com/tokenhouse/tokenhouse/internal/flow/authorize/action"
	"github.com/tokenhouse/tokenhouse/internal/flow/people"
	"github.com/tokenhouse/tokenhouse/internal/flow/verify"
)

// posts sends a letter to ann, and gives the parameters of its link.
func (h *house) posts(t *testing.T, q people.Errand) url.Values {
	t.Helper()
	ann, err := h.store.User(t.Context(), h.realm.Key, "ann")
	if err != nil {
		t.Fatal(err)
	}
	errands := action.Errands{Postman: action.Postman{Rules: h.Rules, Mail: h.Mail, Tokens: h.Tokens, NewID: h.NewID}}
	if err := errands.Post(t.Context(), verify.At{Realm: h.realm, Base: "https://id.test", Now: noon}, ann, q); err != nil {
		t.Fatal(err)
	}
	return h.mailed(t)
}

// elsewhere is a turn in a browser that has begun nothing.
func (h *house) elsewhere(t *testing.T) *authorize.Turn {
	t.Helper()
	turn := h.turn(t, "", login.Request{})
	turn.Attempt, turn.Browser = nil, nil
	return turn
}

// leads follows a link that signs nobody in.
func (h *house) leads(t *testing.T, turn *authorize.Turn, q url.Values) authorize.Result {
	t.Helper()
	result, proves := h.follow(t, turn, q)
	if proves {
		t.Error("the link signs in")
	}
	return result
}

func TestErrand(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		q := people.Errand{Client: "app", Redirect: "https://app.test/done", Actions: []string{"UPDATE_PASSWORD", "VERIFY_EMAIL"}, Life: time.Hour}
		link := h.posts(t, q)
		shown := h.leads(t, h.elsewhere(t), link)
		info, ok := shown.Page.(page.Info)
		if !ok || !slices.EqualFunc(info.Actions, []string{"requiredAction.UPDATE_PASSWORD", "requiredAction.VERIFY_EMAIL"}, func(t page.Text, key string) bool { return t.Key == key }) {
			t.Fatalf("%+v", shown)
		}
		onward, err := url.Parse(info.Back.URL)
		if err != nil {
			t.Fatal(err)
		}
		turn := h.elsewhere(t)
		got := h.leads(t, turn, onward.Query())
		want := &login.Errand{Actions: []string{"UPDATE_PASSWORD"}, BackURL: "https://app.test/done"}
		if diff := cmp.Diff(want, got.Errand); diff != "" || turn.User == nil || turn.User.ID != "ann" || !turn.User.EmailVerified {
			t.Errorf("%s %+v", diff, turn.User)
		}
		if got := h.leads(t, h.elsewhere(t), onward.Query()); !isExpired(got) {
			t.Errorf("the link works twice: %+v", got)
		}
	})
}

func TestErrandRefused(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		on := func(link url.Values) url.Values { link.Set("confirm", "true"); return link }
		q := people.Errand{Client: "app", Redirect: "https://app.test/done", Actions: []string{"UPDATE_PASSWORD"}, Life: time.Hour}
		good := on(h.posts(t, q))
		if got := h.leads(t, h.elsewhere(t), good); got.Errand == nil {
			t.Fatalf("nothing is wrong: %+v", got)
		}
		later := h.elsewhere(t)
		later.At.Now = noon.Add(time.Hour)
		if got := h.leads(t, later, on(h.posts(t, q))); !isExpired(got) {
			t.Errorf("late: %+v", got)
		}
		for name, client := range map[string]*realm.Client{"of another client": h.realm.Client("account"), "of no client": nil} {
			turn := h.elsewhere(t)
			turn.Client = client
			if got := h.leads(t, turn, on(h.posts(t, q))); !isExpired(got) {
				t.Errorf("%s: %+v", name, got)
			}
		}
		foreign := q
		foreign.Redirect = "https://evil.test/"
		if got := h.leads(t, h.elsewhere(t), on(h.posts(t, foreign))); !isExpired(got) {
			t.Errorf("to another place: %+v", got)
		}
		forged := on(h.posts(t, q))
		forged.Set("key", forged.Get("key")+"x")
		if got := h.leads(t, h.elsewhere(t), forged); !isExpired(got) {
			t.Errorf("forged: %+v", got)
		}
		for name, change := range map[string]func(u *user.User){"address changed": func(u *user.User) { u.Email = "ann@elsewhere.test" }, "switched off": func(u *user.User) { u.Enabled = false }} {
			link := on(h.posts(t, q))
			err := h.store.EditUser(t.Context(), h.realm.Key, "ann", func(a *user.Account) ([]event.Admin, error) { change(&a.User); return nil, nil })
			if err != nil {
				t.Fatal(err)
			}
			if got := h.leads(t, h.elsewhere(t), link); !isExpired(got) {
				t.Errorf("%s: %+v", name, got)
			}
		}
	})
}

// An administrator's letter that asks whether an address is the user's works in any browser.
func TestAddressAskedFor(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		err := h.store.EditUser(t.Context(), h.realm.Key, "ann", func(a *user.Account) ([]event.Admin, error) { a.User.EmailVerified = false; return nil, nil })
		if err != nil {
			t.Fatal(err)
		}
		link := h.posts(t, people.Errand{Client: "app", Redirect: "https://app.test/done", Life: time.Hour})
		if sent := h.post.sent[len(h.post.sent)-1]; sent.Subject != letter.Write(letter.VerifyEmail, "en", letter.Facts{}).Subject {
			t.Errorf("the letter is about %q", sent.Subject)
		}
		h.leads(t, h.elsewhere(t), link)
		link.Set("confirm", "true")
		got := h.leads(t, h.elsewhere(t), link)
		info, ok := got.Page.(page.Info)
		if ann, _ := h.store.User(t.Context(), h.realm.Key, "ann"); !ok || info.Back.URL != "https://app.test/done" || !ann.EmailVerified {
			t.Errorf("%+v", got)
		}
	})
}

// verifies makes the turn's realm one that verifies addresses.
func verifies(turn *authorize.Turn) {
	r := *turn.At.Realm
	r.SignIn.VerifyEmail = true
	turn.At.Realm = &r
}

// An address changes when its owner follows the link of a letter to it, and not before.
func TestUpdateEmail(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		a, turn := action.UpdateEmail{Deps: h.Deps}, h.turn(t, "ann", login.Request{Action: "UPDATE_EMAIL"})
		verifies(turn)
		for name, address := range map[string]string{"taken": "ben@club.test", "no address": "ann", "nothing": " "} {
			if got := process(t, a, turn, "email", address); got.Kind != authorize.Again {
				t.Errorf("%s: %+v", name, got)
			}
		}
		if len(h.post.sent) > 0 {
			t.Error("a letter went to an address that is not to be")
		}
		h.post.down = true
		got := process(t, a, turn, "email", "Annie@club.test")
		if e, ok := got.Page.(page.Error); !ok || e.ID == "" || e.RetryTo == "" {
			t.Errorf("%+v", got)
		}
		h.post.down = false
		process(t, a, turn, "email", "Annie@club.test", "logout-sessions", "on")
		if ann, _ := h.store.User(t.Context(), h.realm.Key, "ann"); ann.Email != "ann@club.test" || len(h.post.sent) != 1 || h.post.sent[0].To != "annie@club.test" {
			t.Fatalf("%+v", h.post.sent)
		}
		link := h.mailed(t)
		if got := h.leads(t, h.elsewhere(t), link); got.Page.(page.Info).Message.Key != "confirmEmailUpdate" {
			t.Errorf("%+v", got)
		}
		link.Set("confirm", "true")
		h.leads(t, h.elsewhere(t), link)
		ann, err := h.store.User(t.Context(), h.realm.Key, "ann")
		if err != nil || ann.Email != "annie@club.test" || !ann.EmailVerified || len(h.ended) != 1 {
			t.Errorf("%+v, %v; ended %v", ann, err, h.ended)
		}
		if got := h.leads(t, h.elsewhere(t), link); !isExpired(got) {
			t.Errorf("the link works twice: %+v", got)
		}
	})
}

// Where addresses are not verified, another is taken at once, and is not verified.
func TestUpdateEmailUnverified(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		a, turn := action.UpdateEmail{Deps: h.Deps}, h.turn(t, "ann", login.Request{Action: "UPDATE_EMAIL"})
		if got := process(t, a, turn, "email", "ben@club.test"); got.Kind != authorize.Again {
			t.Errorf("somebody else's: %+v", got)
		}
		if got := process(t, a, turn, "email", "annie@club.test"); got.Kind != authorize.Done || turn.User.Email != "annie@club.test" || turn.User.EmailVerified {
			t.Errorf("%+v, %+v", got, turn.User)
		}
		if len(h.post.sent) > 0 || !slices.Contains(h.kinds, event.UpdateEmail) {
			t.Errorf("sent %v, events %v", h.post.sent, h.kinds)
		}
		if got := process(t, a, turn, "cancel-aia", "true"); got.Kind != authorize.Cancelled {
			t.Errorf("%+v", got)
		}
	})
}
