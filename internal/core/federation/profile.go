package federation

import (
	"errors"
	"fmt"

	"github.com/tokenhouse/tokenhouse/internal/core/token"
)

var errNoProfile = errors.New("the provider's profile is no JSON object")

// ReadProfile reads the answer of a userinfo endpoint (OpenID Connect Core §5.3.2): one JSON object, without a
// name twice.
func ReadProfile(body []byte) (token.Object, error) {
	value, err := token.ParseValue(string(body))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errNoProfile, err)
	}
	profile, ok := value.(token.Object)
	if !ok {
		return nil, errNoProfile
	}
	return profile, nil
}

// WantsEmails tells whether the profile lacks an e-mail address that EmailsEndpoint would tell.
func (s *Settings) WantsEmails(profile token.Object) bool {
	return s.EmailsEndpoint != "" && text(profile.Get("email")) == ""
}

// WithEmails adds the e-mail address that a list of GitHub's (the JSON of EmailsEndpoint) names as primary, and
// whether it is verified there.
func WithEmails(profile token.Object, list []byte) (token.Object, error) {
	value, err := token.ParseValue(string(list))
	if err != nil {
		return nil, fmt.Errorf("read the list of e-mail addresses: %w", err)
	}
	addresses, _ := value.([]any)
	with := append(token.Object{}, profile...)
	for _, item := range addresses {
		address, _ := item.(token.Object)
		if primary, _ := address.Get("primary").(bool); primary {
			verified, _ := address.Get("verified").(bool)
			with.Set(text(address.Get("email")), "email")
			with.Set(verified, "email_verified")
			break
		}
	}
	return with, nil
}

// CheckProfile judges a profile that came as a signed token (OpenID Connect Core §5.3.2): where it names an
// issuer or an audience they must be the provider and this server. An error wraps ErrClaims.
func (s *Settings) CheckProfile(f Foreign) error {
	if f.Issuer != "" && len(s.Issuers) > 0 && !s.Issued(f) {
		return claimsf("the profile's issuer is %q", f.Issuer)
	}
	for _, party := range f.Audience {
		if party == s.ClientID {
			return nil
		}
	}
	if len(f.Audience) > 0 {
		return claimsf("the profile is not for client %q", s.ClientID)
	}
	return nil
}
