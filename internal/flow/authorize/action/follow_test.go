package action_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/login"
	"github.com/tokenhouse/tokenhouse/internal/core/page"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/flow/authorize"
	"github.com/tokenhouse/tokenhouse/internal/flow/authorize/action"
)

// mailed is the query of the link in the latest letter.
func (h *house) mailed(t *testing.T) url.Values {
	t.Helper()
	for _, line := range strings.Split(h.post.sent[len(h.post.sent)-1].Text, "\n") {
		if u, err := url.Parse(line); err == nil && u.Host == "id.test" {
			return u.Query()
		}
	}
	t.Fatal("the letter has no link")
	return nil
}

func (h *house) follow(t *testing.T, turn *authorize.Turn, q url.Values) (authorize.Result, bool) {
	t.Helper()
	result, proves, err := action.Links{Deps: h.Deps}.Follow(t.Context(), turn, q)
	if err != nil {
		t.Fatal(err)
	}
	return result, proves
}

func isExpired(r authorize.Result) bool {
	p, ok := r.Page.(page.Error)
	return ok && r.Status == 400 && p.Message.Key == "expiredActionTokenNoSessionMessage"
}

func TestFollowVerifies(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		turn := h.turn(t, "ben", login.Request{})
		turn.Attempt.User = "ben"
		if _, err := (action.VerifyEmail{Deps: h.Deps}).Challenge(t.Context(), turn); err != nil {
			t.Fatal(err)
		}
		q := h.mailed(t)
		turn.At.Realm = h.turn(t, "", login.Request{}).At.Realm
		elsewhere := h.turn(t, "", login.Request{})
		elsewhere.Attempt = nil
		asks, _ := h.follow(t, elsewhere, url.Values{"key": q["key"], "client_id": q["client_id"]})
		if p, ok := asks.Page.(page.Info); !ok || !strings.Contains(p.Back.URL, "confirm=true") {
			t.Errorf("another browser is not asked: %+v", asks)
		}
		if h.turn(t, "ben", login.Request{}).User.EmailVerified {
			t.Error("a look verified the address")
		}
		if got, proves := h.follow(t, turn, q); got.Kind != authorize.Done || proves || !turn.User.EmailVerified {
			t.Errorf("%+v, proves %t", got, proves)
		}
		if got, _ := h.follow(t, turn, q); !isExpired(got) {
			t.Errorf("twice: %+v", got)
		}
	})
}

func TestFollowResets(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		send := func() url.Values {
			process(t, action.ResetPassword{Deps: h.Deps}, h.turn(t, "", login.Request{}), "username", "ben")
			return h.mailed(t)
		}
		another := h.turn(t, "", login.Request{})
		another.Browser.ID = "another"
		forged := url.Values{"key": {"e30.e30.e30"}}
		later := h.turn(t, "", login.Request{})
		later.At.Now = noon.Add(h.realm.Lifespans.UserAction)
		q := send()
		another.At.Realm = h.turn(t, "", login.Request{}).At.Realm
		for name, got := range map[string]struct {
			turn *authorize.Turn
			q    url.Values
		}{"another browser": {another, q}, "forged": {h.turn(t, "", login.Request{}), forged}, "too late": {later, q}} {
			if result, _ := h.follow(t, got.turn, got.q); !isExpired(result) {
				t.Errorf("%s: %+v", name, result)
			}
		}
		turn := h.turn(t, "", login.Request{})
		if got, proves := h.follow(t, turn, q); got.Kind != authorize.Done || !proves || turn.User.ID != "ben" || !due(t, action.UpdatePassword{Deps: h.Deps}, turn) {
			t.Fatalf("%+v, proves %t", got, proves)
		}
		if got, _ := h.follow(t, h.turn(t, "", login.Request{}), q); !isExpired(got) {
			t.Errorf("twice: %+v", got)
		}
		q = send()
		process(t, action.UpdatePassword{Deps: h.Deps}, turn, "password-new", "sesame", "password-confirm", "sesame")
		if got, _ := h.follow(t, h.turn(t, "", login.Request{}), q); !isExpired(got) {
			t.Errorf("after the password changed: %+v", got)
		}
		q = send()
		err := h.store.EditUser(t.Context(), h.realm.Key, "ben", func(a *user.Account) ([]event.Admin, error) {
			a.User.Email = "ben@new.test"
			return nil, nil
		})
		if got, _ := h.follow(t, h.turn(t, "", login.Request{}), q); err != nil || !isExpired(got) {
			t.Errorf("after the address changed: %+v, %v", got, err)
		}
	})
}
