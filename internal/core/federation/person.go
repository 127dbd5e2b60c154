package federation

import (
	"cmp"
	"errors"
	"slices"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/pattern"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
)

// Person is somebody as a provider describes them. It can be written as JSON and read again.
type Person struct {
	ID            string // at the provider; never empty
	Username      string // at the provider; never empty
	LocalUsername string // what a new user here is to be called; empty: Username
	Email         string
	EmailVerified *bool // nil: the provider does not say; whether it is believed is Settings.EmailTrusted
	FirstName     string
	LastName      string
	Locale        string
	Picture       string // URL
	SessionID     string // sid of the ID token

	Attributes map[string][]string // by mappers
	Notes      map[string]string   // session notes, by mappers

	Answer Answer // where mappers look
}

// Answer is what a provider said of a person: the claims of the verified ID token, the profile, and the
// claims of the verified access token where that is a JWT; nil where there is none.
type Answer struct {
	IDToken     token.Object
	Profile     token.Object
	AccessToken token.Object
}

// Why nobody can be made of a provider's answer.
var (
	ErrNoID    = errors.New("the provider does not say who the person is")
	ErrNotHere = errors.New("the provider's filter does not let the person in")
)

// Person makes a person of a provider's answer. What the profile says counts before the ID token. ErrNoID
// where they name nobody, ErrNotHere where filteredByClaim or Google's hostedDomain keeps the person out,
// ErrClaims where ID token and profile are about different people (OpenID Connect Core §5.3.2).
func (s *Settings) Person(a Answer) (Person, error) {
	if err := s.same(a); err != nil {
		return Person{}, err
	}
	if !s.lets(a.IDToken) {
		return Person{}, ErrNotHere
	}
	m := s.members
	said := func(name string) string {
		if name == "" {
			return ""
		}
		return cmp.Or(strings.TrimSpace(text(a.Profile.Get(name))), strings.TrimSpace(text(a.IDToken.Get(name))))
	}
	p := Person{ID: said(m.id), Email: said(m.email), FirstName: said(m.given), LastName: said(m.family),
		Locale: said(m.locale), Picture: said(m.picture), SessionID: text(a.IDToken.Get("sid")), Answer: a}
	if p.ID == "" {
		return Person{}, ErrNoID
	}
	if p.FirstName == "" && p.LastName == "" {
		p.FirstName, p.LastName = splitName(said(m.name))
	}
	s.readEmail(&p, said)
	p.Username = cmp.Or(said(m.username), p.Email, p.ID)
	return p, nil
}

// same checks that ID token and profile are about one person. Without this check somebody's access token
// would be enough to be them.
func (s *Settings) same(a Answer) error {
	if a.IDToken == nil || a.Profile == nil {
		return nil
	}
	if text(a.IDToken.Get(s.members.token)) != text(a.Profile.Get(s.members.id)) {
		return claimsf("the profile is somebody else's")
	}
	return nil
}

// readEmail takes whether the e-mail address is verified, and, for who has none, a name that is one. A name
// with "#" is that of a guest, made of an address.
func (s *Settings) readEmail(p *Person, said func(string) string) {
	if name := said(s.members.nameMail); p.Email == "" && strings.Count(name, "@") == 1 && !strings.Contains(name, "#") {
		p.Email = name
	}
	switch strings.ToLower(said(s.members.verified)) {
	case "true":
		p.EmailVerified = new(true)
	case "false":
		p.EmailVerified = new(false)
	}
	if s.foreignMail { // any organization's administrator can give its people any address
		p.EmailVerified = new(false)
	}
}

// EmailTrusted tells whether the person's e-mail address counts as proven here: the provider is trusted with
// it, and does not itself say that it is not verified.
func (s *Settings) EmailTrusted(p *Person) bool {
	return s.TrustEmail && p.Email != "" && (p.EmailVerified == nil || *p.EmailVerified)
}

// splitName takes a full name apart at its last blank, as Keycloak does.
func splitName(full string) (first, last string) {
	if at := strings.LastIndexByte(full, ' '); at >= 0 {
		return full[:at], full[at+1:]
	}
	return full, ""
}

// lets tells whether the claims of the ID token let the person in. A filter that cannot be read lets
// nobody in.
func (s *Settings) lets(claims token.Object) bool {
	if s.on("filteredByClaim") && !s.passesFilter(claims) {
		return false
	}
	domains := s.config["hostedDomain"]
	if s.Kind != "google" || domains == "" {
		return true
	}
	domain := text(claims.Get("hd"))
	return domain != "" && (domains == "*" || slices.ContainsFunc(strings.Split(domains, ","), func(d string) bool {
		return strings.EqualFold(strings.TrimSpace(d), domain)
	}))
}

func (s *Settings) passesFilter(claims token.Object) bool {
	is, err := pattern.Compile(s.config["claimFilterValue"])
	if err != nil || s.config["claimFilterName"] == "" {
		return false
	}
	return slices.ContainsFunc(texts(claims.Get(s.config["claimFilterName"])), is.Matches)
}
