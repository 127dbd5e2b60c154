package authorize

import (
	"context"
	"maps"
	"slices"
	"strconv"

	"github.com/tokenhouse/tokenhouse/internal/core/login"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/session"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
)

// Plans tell what browser flows ask for: the realm's, or the one that a client has in its place. It is a
// *people.Rulebook.
type Plans interface {
	Plan(ctx context.Context, r *realm.Realm, c *realm.Client) (login.Plan, error)
}

// heldBy are the levels that a session has of a user; none where it is another's, or nil.
func heldBy(s *session.Session, u *user.User) login.Reached {
	if s == nil || u != nil && s.UserID != u.ID {
		return nil
	}
	return login.ReadReached(s.Notes[session.NoteLevels])
}

// standing is where the turn's attempt stands in the plan of its client. The turn has a user.
func (a *Authorizer) standing(ctx context.Context, t *Turn) (login.Standing, error) {
	s := login.Standing{Attempt: t.Attempt, Wanted: t.Attempt.Request.Level(), Held: heldBy(t.identity.Session, t.User), Now: t.At.Now}
	var err error
	if s.Plan, err = a.Plans.Plan(ctx, t.At.Realm, t.Client); err != nil || t.vouchedFor() {
		return s, err
	}
	facts := login.Facts{Realm: t.At.Realm, User: t.User, Scopes: t.Scopes(), Passed: t.Attempt.Passed}
	s.Open, err = s.Plan.For(&facts, func(factor string) (bool, error) {
		action := find(a.Factors, factor)
		if action == nil {
			return false, nil
		}
		return action.Due(ctx, t)
	})
	if t.Attempt.Errand != nil {
		s.WantAll()
	}
	for factor, setup := range setups {
		if setup == t.Attempt.Request.Action && t.Attempt.Outcome == "" {
			s.Raise(factor)
		}
	}
	return s, err
}

// vouchedFor tells whether an identity provider vouches for the user. They are not asked for more, unless the provider
// is configured so: how sure it is of them is the provider's business.
func (t *Turn) vouchedFor() bool {
	o := t.Attempt.Origin
	return t.Attempt.Has(login.FactorProvider) && (o == nil || !o.AskMore)
}

// choices are the ways that are open to the user in each choice of the plan that they still have to make, and the
// required actions by which they get a factor where they must have one and have none. Nobody gets a factor by a letter.
func (a *Authorizer) choices(ctx context.Context, t *Turn) (ways [][]string, lacking []string, err error) {
	s, err := a.standing(ctx, t)
	if err != nil {
		return nil, nil, err
	}
	ways, missing := s.Owed()
	for _, c := range missing {
		if t.Attempt.Errand == nil {
			lacking = append(lacking, setups[c.Ways[0]])
		}
	}
	return ways, lacking, nil
}

// level takes the levels that the attempt gave over into the notes of the session and of the client's part in it.
func (a *Authorizer) level(ctx context.Context, t *Turn) error {
	s, err := a.standing(ctx, t)
	if err != nil || len(s.Plan.Levels) == 0 {
		return err
	}
	all, level := s.Reached()
	if len(all) > 0 {
		t.levels = all.String()
	}
	if level >= 0 {
		t.level = strconv.Itoa(level)
	}
	return nil
}

// fallsShort tells whether the request insists on a level that the attempt does not reach. In a flow that knows of no
// levels nobody can insist, as in Keycloak: the token says what was reached.
func (a *Authorizer) fallsShort(ctx context.Context, t *Turn) (bool, error) {
	q := &t.Attempt.Request
	if !q.Essential {
		return false, nil
	}
	s, err := a.standing(ctx, t)
	if err != nil || len(s.Plan.Levels) == 0 {
		return false, err
	}
	_, level := s.Reached()
	return level < q.Level(), nil
}

// noted are notes with a value in the place of the one that they had; with none where it is empty.
func noted(notes map[string]string, name, value string) map[string]string {
	notes = maps.Clone(notes)
	if notes == nil {
		notes = map[string]string{}
	}
	delete(notes, name)
	if value != "" {
		notes[name] = value
	}
	return notes
}

// Owed is the first factor that the turn's user has to pass beside those that they passed, whatever its level and
// whoever the browser is signed in as; nil where none is left. Of several that may be chosen from it is the one that is
// asked for first.
func (a *Authorizer) Owed(ctx context.Context, t *Turn, passed []string) (Action, error) {
	s, err := a.standing(ctx, t)
	if err != nil {
		return nil, err
	}
	anew := *t.Attempt
	anew.Session = ""
	s.Attempt = &anew
	s.WantAll()
	choices, _ := s.Owed()
	for _, ways := range choices {
		if !slices.ContainsFunc(ways, func(way string) bool { return slices.Contains(passed, way) }) {
			return find(a.Factors, ways[0]), nil
		}
	}
	return nil, nil
}
