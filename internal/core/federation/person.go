package federation

import (
	"errors"

	"github.com/tokenhouse/tokenhouse/internal/core/token"
)

// Person is somebody as a provider describes them.
type Person struct {
	ID            string // at the provider; never empty
	Username      string // at the provider
	LocalUsername string // what a new user here is to be called; empty: Username
	Email         string
	EmailVerified bool // the provider says so; whether it is believed is Settings.EmailTrusted
	FirstName     string
	LastName      string
	Locale        string
	Picture       string // URL
	SessionID     string // sid of the ID token

	Attributes map[string][]string // by mappers
	Notes      map[string]string   // session notes, by mappers

	// Claims are where mappers look, the first that has one wins.
	IDToken, Profile, AccessToken token.Object
}

// Why nobody can be made of a provider's answer.
var (
	ErrNoID    = errors.New("the provider does not say who the person is")
	ErrNotHere = errors.New("the provider's filter does not let the person in")
)

// Answer is what a provider said of a person: the verified ID token, the profile, and the claims of the
// access token where that is a JWT; nil where there is none.
type Answer struct {
	IDToken     token.Object
	Profile     token.Object
	AccessToken token.Object
}

// Person makes a person of a provider's answer. ErrNoID where it names nobody, ErrNotHere where
// filteredByClaim or Google's hostedDomain keeps the person out; ErrClaims where ID token and profile are
// about different people (OpenID Connect Core §5.3.2).
func (s *Settings) Person(a Answer) (Person, error) { return Person{}, nil }

// EmailTrusted tells whether the person's e-mail address counts as proven here.
func (s *Settings) EmailTrusted(p *Person) bool { return false }

// ReadProfile reads the answer of a userinfo endpoint: one JSON object without a name twice.
func ReadProfile(body []byte) (token.Object, error) { return nil, nil }

// WithEmails adds to GitHub's profile the e-mail address that the list of them (the JSON of EmailsEndpoint)
// names as primary.
func WithEmails(profile token.Object, list []byte) (token.Object, error) { return profile, nil }
