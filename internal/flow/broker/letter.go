package broker

import (
	"context"
	"errors"
	"net/url"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/letter"
	"github.com/tokenhouse/tokenhouse/internal/core/login"
	"github.com/tokenhouse/tokenhouse/internal/core/page"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/flow/authorize"
)

const (
	eventLetter event.Kind = "SEND_IDENTITY_PROVIDER_LINK"

	linkJoins    = "idp-verify-account-via-email" // type of the token in the link
	purposeJoins = "idp-link"
	claimAddress = "eml"
	claimTab     = "asid"
	keyAlg       = "HS512" // the realm's own key: nobody else reads these
)

// mail sends the owner of the account a link that proves that it is theirs. sent is false where that cannot be: the
// realm has no mail server, the owner no address, or the letter was not taken.
func (s *step) mail(ctx context.Context) (sent bool, err error) {
	terms, err := s.Rules.Terms(ctx, s.t.Realm())
	if err != nil || terms.Mail == nil {
		return false, err
	}
	owner, err := s.Users.User(ctx, s.t.Realm().Key, s.at.Owner)
	if err != nil || owner.Email == "" {
		return false, err
	}
	life := s.t.Realm().Lifespans.UserAction
	address, err := s.letterURL(ctx, owner, life)
	if err != nil {
		return false, err
	}
	facts := letter.Facts{To: owner.Email, Realm: terms.Name, Link: address, Life: life, Provider: s.p.Name, Username: s.who.Person.Username}
	e := s.t.Event
	e.ID, e.Kind, e.UserID = s.NewID(), eventLetter, owner.ID
	e.Details = append(append([]event.Detail(nil), e.Details...), event.Detail{Name: "email", Value: owner.Email})
	failed := s.Mail.Send(ctx, s.t.Realm(), terms.Mail, letter.Write(letter.LinkAccount, localeOf(s.t, owner), facts))
	if failed != nil {
		e.Kind, e.Error = e.Kind.Failed(), "email_send_failed"
		e.Set("reason", failed.Error())
	}
	s.Events.Record(context.WithoutCancel(ctx), e)
	s.at.Mailed = failed == nil
	return s.at.Mailed, nil
}

// localeOf is the language that a user chose, or else that of the browser.
func localeOf(t *authorize.Turn, u *user.User) string {
	if chosen := u.Attributes["locale"]; len(chosen) > 0 {
		return chosen[0]
	}
	return t.Locale
}

// letterURL is the link: it is good once, for the address it is sent to, in the tab that asked for it.
func (s *step) letterURL(ctx context.Context, owner *user.User, life time.Duration) (string, error) {
	issuer := s.t.URL("")
	key, err := s.Keys.Sign(ctx, s.t.Realm(), keyAlg, "JWT", &token.Claims{ID: s.NewID(), Type: linkJoins, Issuer: issuer, Audience: []string{issuer},
		Subject: owner.ID, IssuedAt: s.t.At.Now.Unix(), Expires: s.t.At.Now.Add(life).Unix(),
		Other: token.Object{{Name: claimAddress, Value: owner.Email}, {Name: claimTab, Value: tab(s.t)}}})
	q := s.t.TabQuery()
	q.Set("key", key)
	return s.t.URL("/login-actions/" + string(authorize.LinkPath) + "?" + q.Encode()), err
}

// tab names the tab of a turn, to those who do not know its browser.
func tab(t *authorize.Turn) string { return challenge("S256", t.Browser.ID+"."+t.Attempt.Tab) }

// awaitLetter shows the page that waits for the link, and sends it where it was not sent yet.
func (s *step) awaitLetter(ctx context.Context) (authorize.Result, error) {
	if !s.at.Mailed {
		sent, err := s.mail(ctx)
		switch {
		case err != nil:
			return authorize.Result{}, err
		case !sent && s.p.First.ByPassword:
			return s.askPassword("")
		case !sent:
			return *s.failed(ctx, s.t, "email_send_failed", serverError, page.T("emailSendErrorMessage")), nil
		}
	}
	terms, err := s.Rules.Terms(ctx, s.t.Realm())
	if err != nil {
		return authorize.Result{}, err
	}
	return s.show(askLetter, page.LinkEmail{Provider: s.p.Name, Username: s.who.Person.Username, Realm: terms.Name,
		ResendURL: s.t.FormURL(), ContinueURL: s.t.TabURL(login.FirstBroker)})
}

// Letters follows the links by which owners of accounts prove that they are theirs. Other links are Others'. It is an
// authorize.Links.
type Letters struct {
	*Broker
	Others authorize.Links
}

// Follow links the account of who opened the letter, in the tab that waits for that: who began to sign in as somebody
// else must not get the account by the owner's click.
func (l Letters) Follow(ctx context.Context, t *authorize.Turn, q url.Values) (authorize.Result, bool, error) {
	v, err := l.Keys.Verify(t.Realm(), q.Get("key"))
	if err != nil || v.Type != linkJoins {
		return l.Others.Follow(ctx, t, q)
	}
	text := func(name string) string {
		s, _ := v.Other.Get(name).(string)
		return s
	}
	if v.Alg != keyAlg || v.Issuer != t.URL("") || v.Expires <= t.At.Now.Unix() || t.Attempt == nil || tab(t) != text(claimTab) || t.Attempt.Proven() {
		return expired(), false, nil
	}
	s, no, err := FirstLogin{l.Broker}.begin(ctx, t)
	if no != nil || err != nil {
		result, err := orFailed(no, err)
		return result, false, err
	}
	owner, err := l.Users.User(ctx, t.Realm().Key, v.Subject)
	switch {
	case errors.Is(err, fault.ErrNotFound):
		return expired(), false, nil
	case err != nil:
		return authorize.Result{}, false, err
	case s.at.Asks != askLetter || s.at.Owner != owner.ID || owner.Email != text(claimAddress):
		return expired(), false, nil
	}
	first, err := l.Once.UseOnce(ctx, t.Realm().Key, purposeJoins, v.ID, time.Unix(v.Expires, 0))
	if err != nil || !first {
		return expired(), false, err
	}
	t.Attempt.Code = l.NewSecret()
	result, err := s.link(ctx)
	return result, false, err
}

// expired is the page for links that do not work, for whatever reason.
func expired() authorize.Result {
	return authorize.Result{Kind: authorize.Again, Status: badRequest, Page: page.Error{Message: page.T("expiredActionTokenNoSessionMessage")}}
}
