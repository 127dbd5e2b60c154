package broker

import (
	"context"
	"errors"
	"net/url"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/login"
	"github.com/tokenhouse/tokenhouse/internal/core/page"
	"github.com/tokenhouse/tokenhouse/internal/core/profile"
	"github.com/tokenhouse/tokenhouse/internal/flow/authorize"
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
		f.describe(t, event.FirstBrokerLogin, who.Provider)
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
