package authorize

import (
	"context"
	"errors"
	"net/url"
	"slices"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/login"
	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/core/page"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
)

// ConsentAlias is what the execution of consent is called in addresses.
const ConsentAlias = "OAUTH_GRANT"

// advance takes the attempt as far as it gets without the user: to a page, or to the answer.
func (a *Authorizer) advance(ctx context.Context, t *Turn) (*Outcome, error) {
	if err := a.recall(ctx, t); err != nil {
		return nil, err
	}
	if t.Attempt.Errand != nil && (t.User == nil || !t.Attempt.Proven()) {
		return t.with(spent()), nil
	}
	for {
		state, err := a.state(ctx, t)
		if err != nil {
			return nil, err
		}
		step := login.Next(state)
		switch step.Kind {
		case login.UseSession:
			t.Attempt.Session, t.Attempt.User = t.identity.Session.ID, t.identity.User.ID
			t.User = t.identity.User
			continue
		case login.RefuseLogin:
			return a.refuse(ctx, t, oauth.Errorf(loginRequired, ""))
		case login.RefuseInteraction:
			return a.refuse(ctx, t, oauth.Errorf(interactionRequired, ""))
		case login.AskPassword:
			if to, err := a.elsewhere(ctx, t); to != nil || err != nil {
				return to, err
			}
			return a.askPassword(ctx, t, step)
		case login.AskFactor:
			t.Attempt.Path, t.Attempt.Execution, t.ways = login.Authenticate, step.Alias, step.Ways
			return a.challenge(ctx, t, find(a.Factors, step.Alias))
		case login.Act:
			return a.leadTo(ctx, t, step.Alias)
		case login.AskConsent:
			return a.leadTo(ctx, t, ConsentAlias)
		}
		return a.finish(ctx, t)
	}
}

// recall loads the attempt's user. Who was deleted or switched off meanwhile begins again.
func (a *Authorizer) recall(ctx context.Context, t *Turn) error {
	if t.Attempt.User == "" || t.User != nil {
		return nil
	}
	u, err := a.Users.User(ctx, t.At.Realm.Key, t.Attempt.User)
	if err != nil && !errors.Is(err, fault.ErrNotFound) {
		return err
	}
	gone := t.Attempt.Session != "" && (t.identity.Session == nil || t.identity.Session.ID != t.Attempt.Session)
	if u == nil || !u.Enabled || gone {
		t.Attempt.Restart()
		return nil
	}
	t.User = u
	return nil
}

// state is what decides the next step.
func (a *Authorizer) state(ctx context.Context, t *Turn) (login.State, error) {
	s := login.State{Attempt: t.Attempt, Session: t.identity.Session, Reached: -1, Now: t.At.Now}
	if s.Session != nil {
		plan, err := a.Plans.Plan(ctx, t.At.Realm, t.Client)
		if err != nil {
			return s, err
		}
		held := heldBy(s.Session, nil)
		s.Reached, s.StepsUp = plan.Highest(held, t.At.Now), plan.StepsUp(held, t.At.Now)
	}
	if started := t.Attempt.Request.Action; started != "" && a.Order != nil {
		var err error
		if s.MaxAge, err = a.Order.MaxAge(ctx, t.At.Realm, started); err != nil {
			return s, err
		}
	}
	if t.User == nil {
		return s, nil
	}
	ways, lacking, err := a.choices(ctx, t)
	if err != nil {
		return s, err
	}
	s.Choices = ways
	if s.Actions, err = a.due(ctx, t, lacking); err != nil {
		return s, err
	}
	if a.Consent != nil && !t.Attempt.Allowed && t.Attempt.Errand == nil {
		s.Consent, err = a.Consent.Due(ctx, t)
	}
	return s, err
}

// due are the required actions that the user has to take, those that they lack a factor for among them, in the
// realm's order; what the application started comes last.
func (a *Authorizer) due(ctx context.Context, t *Turn, lacking []string) ([]string, error) {
	var out []string
	order, err := a.order(ctx, t)
	if err != nil {
		return nil, err
	}
	for _, alias := range order {
		action := find(a.Actions, alias)
		if action == nil {
			continue
		}
		due, err := action.Due(ctx, t)
		if err != nil {
			return nil, err
		}
		_, started := action.(Starter)
		errand := !started && t.Attempt.Errand != nil && slices.Contains(t.Attempt.Errand.Actions, alias)
		if due || errand || slices.Contains(lacking, alias) {
			out = append(out, alias)
		}
	}
	started := t.Attempt.Request.Action
	if started == "" || t.Attempt.Outcome != "" || slices.Contains(out, started) {
		return out, nil
	}
	may, err := a.mayStart(ctx, t, order)
	switch {
	case err != nil:
		return nil, err
	case !may:
		t.Attempt.Outcome = outcomeError
	default:
		out = append(out, started)
	}
	return out, nil
}

// What becomes of an action that an application started and that is not done, as kc_action_status.
const (
	outcomeError     = "error"
	outcomeCancelled = "cancelled"
)

// mayStart tells whether the application may start the action that it asks for; order are those that are switched on.
func (a *Authorizer) mayStart(ctx context.Context, t *Turn, order []string) (bool, error) {
	action := find(a.Actions, t.Attempt.Request.Action)
	if action == nil || !slices.Contains(order, t.Attempt.Request.Action) {
		return false, nil
	}
	if s, ok := action.(Starter); ok {
		return s.MayStart(ctx, t)
	}
	return true, nil
}

// order are the aliases of the actions that are switched on.
func (a *Authorizer) order(ctx context.Context, t *Turn) ([]string, error) {
	if a.Order != nil {
		return a.Order.Order(ctx, t.At.Realm)
	}
	var out []string
	for _, action := range a.Actions {
		out = append(out, action.Alias())
	}
	return out, nil
}

// find is the action of an alias; nil where there is none.
func find(actions []Action, alias string) Action {
	for _, a := range actions {
		if a.Alias() == alias {
			return a
		}
	}
	return nil
}

// challenge shows the page of an action.
func (a *Authorizer) challenge(ctx context.Context, t *Turn, action Action) (*Outcome, error) {
	return a.Show(ctx, t, func() (page.Page, error) { return action.Challenge(ctx, t) })
}

// leadTo sends the browser to the address of a required action, which shows its page.
func (a *Authorizer) leadTo(ctx context.Context, t *Turn, alias string) (*Outcome, error) {
	t.Attempt.Path, t.Attempt.Execution = login.RequiredActions, alias
	return a.leadOn(ctx, t, alias)
}

// leadOn sends the browser to the page of its attempt. execution may be empty.
func (a *Authorizer) leadOn(ctx context.Context, t *Turn, execution string) (*Outcome, error) {
	t.Attempt.Code, t.Attempt.Touched = a.NewToken(), t.At.Now
	if err := a.save(ctx, t); err != nil {
		return a.twice(t, err)
	}
	q := t.TabQuery()
	if execution != "" {
		q.Set("execution", execution)
	}
	return t.with(&Outcome{Redirect: t.pathWith(t.Attempt.Path, q)}), nil
}

func (t *Turn) pathWith(p login.Path, q url.Values) string {
	return t.URL("/login-actions/" + string(p) + "?" + q.Encode())
}

// enter shows the page of another way in.
func (a *Authorizer) enter(ctx context.Context, t *Turn) (*Outcome, error) {
	e := a.entrance(t.Attempt.Path)
	t.Attempt.Execution = string(e.Path())
	if g, ok := e.(Guide); ok {
		t.Attempt.Code, t.Attempt.Touched = a.NewToken(), t.At.Now
		result, err := g.Guide(ctx, t)
		if err != nil {
			return nil, err
		}
		return a.after(ctx, t, result)
	}
	return a.Show(ctx, t, func() (page.Page, error) { return e.Challenge(ctx, t) })
}

// Accept says who the user of an attempt is, and what they proved, and goes on. Whoever is locked is kept out however
// they come in.
func (a *Authorizer) Accept(ctx context.Context, t *Turn, u *user.User, proof login.Factor) (*Outcome, error) {
	lock, err := a.Lockouts.Locked(ctx, t.At.Realm, u, t.At.Now)
	switch {
	case err != nil:
		return nil, err
	case lock != user.Open:
		return a.failed(ctx, t, &t.Attempt.Request, onPage("user_temporarily_disabled", "invalidUserMessage"))
	case !u.Enabled:
		return a.failed(ctx, t, &t.Attempt.Request, onPage("user_disabled", "accountDisabledMessage"))
	}
	a.accept(t, u, proof)
	return a.advance(ctx, t)
}

// accept gives the tab another id once something is proven: whoever knew the one before, because they began the
// sign-in and planted its cookie in the victim's browser, cannot go on in its name (session fixation). Nor does the
// session count any more that somebody, maybe another, was taken from: all that a sign-in takes is asked for.
func (a *Authorizer) accept(t *Turn, u *user.User, proof login.Factor) {
	t.User, t.Attempt.User, t.Attempt.Session = u, u.ID, ""
	t.Attempt.Pass(proof)
	t.Attempt.Tab = a.NewToken()
	t.Event.UserID = u.ID
	t.Event.Set("username", u.Username)
}
