package broker

import (
	"cmp"
	"context"
	"errors"
	"net/url"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/inquiry"
	"github.com/tokenhouse/tokenhouse/internal/core/login"
	"github.com/tokenhouse/tokenhouse/internal/core/page"
	"github.com/tokenhouse/tokenhouse/internal/core/profile"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/flow/authorize"
	"github.com/tokenhouse/tokenhouse/internal/flow/authorize/action"
)

// firstLogin is how far the first login of a visitor is.
type firstLogin struct {
	Profile  profile.Attributes // what the account is made of
	Reviewed bool               // by the user themselves
	Asks     ask                // what the page asks for that was shown last
	Owner    string             // id of the user who has an account with the same name or address
	Name     string             // theirs
	Same     string             // which of both: "username" or "email"
	Value    string             // that both have
	Passed   []string           // aliases of the factors by which the owner proved themselves
	Mailed   bool               // the owner was sent a letter
	UserID   string             // whom the visitor is linked to; empty: nobody yet
}

// ask is what a page of the first login asks for.
type ask string

const (
	askProfile  ask = "profile"
	askWhat     ask = "what"     // to do with the account that there is
	askLetter   ask = "letter"   // the link in the letter
	askPassword ask = "password" // of the account
	askFactor   ask = "factor"   // another factor of the account
)

// FirstLogin is what somebody goes through whom a provider sends for the first time, until there is an account that
// is theirs. It is an authorize.Guide.
type FirstLogin struct{ *Broker }

// Path implements authorize.Entrance.
func (FirstLogin) Path() login.Path { return login.FirstBroker }

// Open tells that the attempt's user comes from a provider.
func (FirstLogin) Open(t *authorize.Turn) (refusal string) {
	if t.Attempt == nil || t.Attempt.Notes[noteVisitor] == "" {
		return unexpected
	}
	return ""
}

// Challenge implements authorize.Entrance. It is not asked: there may be nothing to show.
func (f FirstLogin) Challenge(context.Context, *authorize.Turn) (page.Page, error) {
	return nil, errors.New("the first login guides")
}

// step is one request of a first login.
type step struct {
	*Broker
	t   *authorize.Turn
	p   *Provider
	who *visitor
	at  *firstLogin

	contested bool // somebody took the name or the address while the account was made
}

// begin takes a first login up. A page is given where that is not possible: the provider was switched off.
func (f FirstLogin) begin(ctx context.Context, t *authorize.Turn) (*step, *authorize.Result, error) {
	who, err := visitorOf(t)
	if err != nil {
		return nil, nil, err
	}
	var p *Provider
	if who != nil {
		f.describe(t, eventFirstLogin, who.Provider)
		t.Event.Set("identity_provider_identity", who.Person.Username)
		if p, err = f.provider(ctx, t, who.Provider); err != nil {
			return nil, nil, err
		}
	}
	if p == nil {
		t.Attempt.Note(noteVisitor, "")
		return nil, f.failed(ctx, t, unknownProvider, badRequest, page.T(unexpected)), nil
	}
	s := &step{Broker: f.Broker, t: t, p: p, who: who, at: who.First}
	if s.at == nil {
		s.at = &firstLogin{Profile: told(who, t.Realm())}
		who.First = s.at
	}
	return s, nil, nil
}

// failed records what went wrong, and is the page that says so.
func (b *Broker) failed(ctx context.Context, t *authorize.Turn, event string, status int, text page.Text) *authorize.Result {
	b.Sign.Record(ctx, t, refusal(event, ""))
	return &authorize.Result{Kind: authorize.Again, Status: status, Page: page.Error{Message: text, ID: t.Event.ID, Back: t.Client.Home(t.At.Base)}}
}

// told is the profile that a provider tells.
func told(who *visitor, r *realm.Realm) profile.Attributes {
	a := profile.Attributes{}
	for name, values := range who.Person.Attributes {
		a[name] = values
	}
	for name, value := range map[string]string{profile.Username: strings.ToLower(cmp.Or(who.Person.LocalUsername, who.Person.Username)),
		profile.Email: strings.ToLower(who.Person.Email), profile.FirstName: who.Person.FirstName, profile.LastName: who.Person.LastName} {
		if value != "" {
			a[name] = []string{value}
		}
	}
	if r.EmailAsUsername && a.First(profile.Email) != "" {
		a[profile.Username] = a[profile.Email]
	}
	return a
}

// Guide goes on as far as it gets without the user.
func (f FirstLogin) Guide(ctx context.Context, t *authorize.Turn) (authorize.Result, error) {
	s, no, err := f.begin(ctx, t)
	if no != nil || err != nil {
		return orFailed(no, err)
	}
	if s.at.Asks != "" && s.at.Asks != askProfile {
		return s.again(ctx)
	}
	return s.review(ctx)
}

func orFailed(no *authorize.Result, err error) (authorize.Result, error) {
	if no == nil {
		return authorize.Result{}, err
	}
	return *no, err
}

// again shows the page once more that was shown last.
func (s *step) again(ctx context.Context) (authorize.Result, error) {
	switch s.at.Asks {
	case askWhat:
		return s.askWhat()
	case askLetter:
		return s.awaitLetter(ctx)
	case askPassword:
		return s.askPassword("")
	case askFactor:
		return s.nextFactor(ctx)
	}
	return s.review(ctx)
}

// Process takes the form of the page that was shown last.
func (f FirstLogin) Process(ctx context.Context, t *authorize.Turn, form url.Values) (authorize.Result, error) {
	s, no, err := f.begin(ctx, t)
	if no != nil || err != nil {
		return orFailed(no, err)
	}
	switch s.at.Asks {
	case askProfile:
		return s.takeProfile(ctx, form)
	case askWhat:
		return s.decide(ctx, form)
	case askLetter:
		s.at.Mailed = false // the link of the page sends it once more
		return s.awaitLetter(ctx)
	case askPassword:
		return s.takePassword(ctx, form)
	case askFactor:
		return s.takeFactor(ctx, form)
	}
	return s.review(ctx)
}

// show keeps how far the first login is, and shows a page.
func (s *step) show(asks ask, p page.Page) (authorize.Result, error) {
	s.at.Asks = asks
	return authorize.Result{Kind: authorize.Again, Page: p}, s.who.keep(s.t)
}

// review shows the profile where it is to be reviewed, and goes on where not. Who went through all this in another
// browser meanwhile is known.
func (s *step) review(ctx context.Context) (authorize.Result, error) {
	known, err := s.linked(ctx, s.t, s.p, s.who)
	if err != nil {
		return authorize.Result{}, err
	}
	if known != nil {
		s.at.UserID = known.ID
		return s.done(ctx)
	}
	terms, err := s.Rules.Terms(ctx, s.t.Realm())
	if err != nil {
		return authorize.Result{}, err
	}
	if s.at.Reviewed || !s.p.First.asks(terms.Profile, s.at.Profile, s.t.Scopes()) {
		return s.unite(ctx)
	}
	return s.askProfile(ctx, nil)
}

func (s *step) askProfile(ctx context.Context, wrong page.Wrong) (authorize.Result, error) {
	terms, err := s.Rules.Terms(ctx, s.t.Realm())
	if err != nil {
		return authorize.Result{}, err
	}
	return s.show(askProfile, page.ReviewProfile{Form: page.Form{Action: s.t.FormURL(), Wrong: wrong},
		Fields: inquiry.Fields(terms.Profile, nil, s.t.Scopes(), s.at.Profile)})
}

// takeProfile takes the reviewed profile. What the user may not write stays as the provider told it.
func (s *step) takeProfile(ctx context.Context, form url.Values) (authorize.Result, error) {
	terms, err := s.Rules.Terms(ctx, s.t.Realm())
	if err != nil {
		return authorize.Result{}, err
	}
	given := inquiry.Posted(terms.Profile, nil, s.t.Scopes(), form)
	merged := profile.Attributes{}
	for name, values := range s.at.Profile {
		merged[name] = values
	}
	for name, values := range given {
		merged[name] = values
	}
	_, err = terms.Profile.Write(profile.Change{Given: merged, As: profile.User, Scopes: s.t.Scopes()})
	if strings.TrimSpace(merged.First(profile.Username)) == "" && !s.t.Realm().EmailAsUsername {
		err = errors.Join(err, profile.Invalid{{Attribute: profile.Username, Message: "missingUsernameMessage"}})
	}
	s.at.Profile = merged
	wrong, technical := action.Wrong(err)
	switch {
	case technical != nil:
		return authorize.Result{}, technical
	case len(wrong) > 0:
		return s.askProfile(ctx, wrong)
	}
	for _, name := range []string{profile.Username, profile.Email} {
		if value := strings.ToLower(strings.TrimSpace(merged.First(name))); value != "" {
			merged[name] = []string{value}
		}
	}
	if s.t.Realm().EmailAsUsername {
		merged[profile.Username] = merged[profile.Email]
	}
	s.at.Reviewed = true
	return s.unite(ctx)
}

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
