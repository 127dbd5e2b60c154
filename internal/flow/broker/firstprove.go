package broker

import (
	"context"
	"errors"
	"net/url"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/login"
	"github.com/tokenhouse/tokenhouse/internal/core/page"
	"github.com/tokenhouse/tokenhouse/internal/flow/authorize"
)

// prove has the owner of the account prove that it is theirs.
func (s *step) prove(ctx context.Context) (authorize.Result, error) {
	if s.p.First.ByLetter {
		sent, err := s.mail(ctx)
		switch {
		case err != nil:
			return authorize.Result{}, err
		case sent:
			return s.awaitLetter(ctx)
		}
	}
	if s.p.First.ByPassword {
		return s.askPassword("")
	}
	return s.exists(ctx)
}

// askPassword asks for the password of the account; wrong is the key of what was wrong with the one before.
func (s *step) askPassword(wrong string) (authorize.Result, error) {
	p := page.Login{Form: page.Form{Action: s.t.FormURL()}, Username: s.at.Name, NameLabel: "username"}
	if wrong == "" {
		p.Notice = page.Notice{Kind: page.Inform, Text: page.T("federatedIdentityConfirmReauthenticateMessage", s.p.Name)}
	} else {
		p.Wrong = page.Wrong{"username": {page.T(wrong)}}
	}
	return s.show(askPassword, p)
}

// takePassword checks the password of the account, whatever name the form says: no other can be linked.
func (s *step) takePassword(ctx context.Context, form url.Values) (authorize.Result, error) {
	owner, err := s.Users.User(ctx, s.t.Realm().Key, s.at.Owner)
	if errors.Is(err, fault.ErrNotFound) {
		return s.review(ctx) // who had the account is gone
	}
	if err != nil {
		return authorize.Result{}, err
	}
	wrong, err := s.Sign.Prove(ctx, s.t, owner, form.Get("password"))
	switch {
	case err != nil:
		return authorize.Result{}, err
	case wrong != "":
		return s.askPassword(wrong)
	}
	s.at.Passed = []string{login.FactorPassword} // of this owner, and nobody before
	return s.nextFactor(ctx)
}

// factor is the first factor that the owner has and has not passed; nil where none is left.
func (s *step) factor(ctx context.Context) (authorize.Action, error) {
	if s.t.User == nil {
		var err error
		if s.t.User, err = s.Users.User(ctx, s.t.Realm().Key, s.at.Owner); err != nil {
			return nil, err
		}
	}
	return s.Sign.Owed(ctx, s.t, s.at.Passed)
}

// nextFactor asks for the owner's next factor, and links the account where none is left.
func (s *step) nextFactor(ctx context.Context) (authorize.Result, error) {
	f, err := s.factor(ctx)
	switch {
	case err != nil:
		return authorize.Result{}, err
	case f == nil:
		return s.link(ctx)
	}
	p, err := f.Challenge(ctx, s.t)
	if err != nil {
		return authorize.Result{}, err
	}
	return s.show(askFactor, p)
}

// takeFactor takes the form of a factor.
func (s *step) takeFactor(ctx context.Context, form url.Values) (authorize.Result, error) {
	f, err := s.factor(ctx)
	switch {
	case err != nil:
		return authorize.Result{}, err
	case f == nil:
		return s.link(ctx)
	}
	result, err := f.Process(ctx, s.t, form)
	if err != nil || result.Kind != authorize.Done {
		return result, errors.Join(err, s.who.keep(s.t))
	}
	s.at.Passed = append(s.at.Passed, f.Alias())
	return s.nextFactor(ctx)
}
