package broker

import (
	"context"
	"errors"
	"net/url"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/page"
	"github.com/tokenhouse/tokenhouse/internal/core/profile"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/flow/authorize"
)

// unite makes an account, or sees to the one that there is already.
func (s *step) unite(ctx context.Context) (authorize.Result, error) {
	owner, err := s.owner(ctx)
	switch {
	case err != nil:
		return authorize.Result{}, err
	case owner == nil && !s.p.First.Create:
		return *s.failed(ctx, s.t, "user_not_found", badRequest, page.T("federatedIdentityUnavailableMessage", s.who.Person.Username, s.p.Alias)), nil
	case owner == nil:
		return s.create(ctx)
	}
	s.at.Owner, s.at.Name = owner.ID, owner.Username
	rules := &s.p.First
	switch {
	case rules.AutoLink && s.addressProven(owner):
		return s.link(ctx)
	case rules.Confirm && (rules.ByLetter || rules.ByPassword):
		return s.askWhat()
	case rules.ByLetter || rules.ByPassword:
		return s.prove(ctx)
	}
	return s.exists(ctx)
}

// exists ends the way: nothing lets the owner prove that the account is theirs.
func (s *step) exists(ctx context.Context) (authorize.Result, error) {
	return *s.failed(ctx, s.t, failedFirstLogin, conflict, page.T("federatedIdentityExistsMessage", s.at.Same, s.at.Value)), nil
}

// owner is who has the name or the address already; nil where nobody has. at is told which.
func (s *step) owner(ctx context.Context) (*user.User, error) {
	r := s.t.Realm()
	find := func(what, value string, by func(context.Context, string, string) (*user.User, error)) (*user.User, error) {
		if value == "" {
			return nil, nil
		}
		u, err := by(ctx, r.Key, value)
		if errors.Is(err, fault.ErrNotFound) {
			return nil, nil
		}
		s.at.Same, s.at.Value = what, value
		return u, err
	}
	if !r.DuplicateEmails {
		if u, err := find(profile.Email, s.at.Profile.First(profile.Email), s.Users.UserByEmail); u != nil || err != nil {
			return u, err
		}
	}
	return find(profile.Username, s.at.Profile.First(profile.Username), s.Users.UserByName)
}

// addressProven tells whether the provider's word on the e-mail address proves that the account is the visitor's: it
// is trusted with addresses, the user did not type it, and the owner had proven it, too.
func (s *step) addressProven(owner *user.User) bool {
	return s.at.Same == profile.Email && owner.EmailVerified && s.emailTrusted()
}

// emailTrusted tells whether the address of the profile is the provider's, and counts as proven.
func (s *step) emailTrusted() bool {
	p := &s.who.Person
	return s.p.EmailTrusted(p) && strings.EqualFold(p.Email, s.at.Profile.First(profile.Email))
}

// askWhat asks what to do with the account that there is.
func (s *step) askWhat() (authorize.Result, error) {
	return s.show(askWhat, page.LinkConfirm{Provider: s.p.Name, Form: page.Form{Action: s.t.FormURL(),
		Notice: page.Notice{Kind: page.Fail, Text: page.T("federatedIdentityConfirmLinkMessage", s.at.Same, s.at.Value)}}})
}

// decide takes what the user wants: to be called otherwise, or to have the account.
func (s *step) decide(ctx context.Context, form url.Values) (authorize.Result, error) {
	switch form.Get("submitAction") {
	case "updateProfile":
		s.at.Reviewed, s.at.Owner = false, ""
		return s.askProfile(ctx, nil)
	case "linkAccount":
		return s.prove(ctx)
	}
	return s.askWhat()
}
