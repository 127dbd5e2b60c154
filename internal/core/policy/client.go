package policy

import (
	"slices"

	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
)

// autoConfigure is the setting of executors that make clients as they are to be, and do not only refuse others.
const autoConfigure = "auto-configure"

func consentRequired(s *state, p *realm.PolicyPart) *oauth.Error {
	if p.On(autoConfigure) {
		s.edit().ConsentRequired = true
	}
	if !s.client().ConsentRequired {
		return refuse(invalidRegistration, "Client is required to enable consentRequired")
	}
	return nil
}

func fullScopeOff(s *state, p *realm.PolicyPart) *oauth.Error {
	if p.On(autoConfigure) {
		s.edit().FullScope = false
	}
	if s.client().FullScope {
		return refuse(invalidRegistration, "Not permitted to enable fullScopeAllowed")
	}
	return nil
}

// secureAuthenticator asks for a way to authenticate that the policy allows. Of a client that asks for something it
// looks at how that did authenticate just now. Public clients are another executor's.
func secureAuthenticator(s *state, p *realm.PolicyPart) *oauth.Error {
	allowed := p.Config["allowed-client-authenticators"]
	if !changed(s) {
		if s.client().Public || slices.Contains(allowed, s.Method) {
			return nil
		}
		return refuse(oauth.InvalidRequest, "Configured client authentication method not allowed for client")
	}
	if use := p.Text("default-client-authenticator"); s.Stage == Register && use != "" && !s.Names("clientAuthenticatorType") {
		s.edit().Authenticator = use
	}
	if !s.client().Public && !slices.Contains(allowed, s.client().Authenticator) {
		return refuse(invalidMetadata, "Invalid client metadata: token_endpoint_auth_method")
	}
	return nil
}

// secureAssertionAlgorithm looks at the algorithm that a client's assertion was verified with.
func secureAssertionAlgorithm(s *state, p *realm.PolicyPart) *oauth.Error {
	switch {
	case s.Assertion == nil && p.On("require-client-assertion"):
		return refuse(oauth.InvalidRequest, "not allowed input format.")
	case s.Assertion != nil && !slices.Contains(secure, s.Assertion.Alg):
		return errAlgorithm
	}
	return nil
}

// assertionAudience asks that an assertion is for the realm and nobody else (FAPI 2.0 Security Profile §5.3.2.1).
func assertionAudience(s *state, _ *realm.PolicyPart) *oauth.Error {
	if s.Assertion != nil && !slices.Equal(s.Assertion.Audience, []string{s.Issuer}) {
		return refuse(oauth.InvalidRequest, "invalid audience in client assertion")
	}
	return nil
}

// secure are the algorithms of FAPI 1.0 Advanced §8.6, in all their lengths.
var secure = []string{"PS256", "PS384", "PS512", "ES256", "ES384", "ES512"}

var errAlgorithm = refuse(oauth.InvalidRequest, "not allowed signature algorithm.")

// secureAlgorithms asks that whatever a client signs, or is signed for it, is signed by such an algorithm. What the
// client does not say gets the policy's.
func secureAlgorithms(s *state, p *realm.PolicyPart) *oauth.Error {
	use := p.Text("default-algorithm")
	if !slices.Contains(secure, use) {
		use = secure[0]
	}
	fields := []func(*realm.Client) *string{
		func(c *realm.Client) *string { return &c.Tokens.UserInfoAlg },
		func(c *realm.Client) *string { return &c.SignIn.RequestAlg },
		func(c *realm.Client) *string { return &c.Tokens.IDAlg },
		func(c *realm.Client) *string { return &c.AuthAlg },
	}
	if s.ByAdmin { // RFC 7591 has no name for it
		fields = append(fields, func(c *realm.Client) *string { return &c.Tokens.AccessAlg })
	}
	for _, field := range fields {
		switch alg := *field(s.client()); {
		case alg == "":
			*field(s.edit()) = use
		case !slices.Contains(secure, alg):
			return errAlgorithm
		}
	}
	return nil
}

func secureLogout(s *state, p *realm.PolicyPart) *oauth.Error {
	front := s.Stage == FrontChannel || s.client().Logout.FrontChannel || s.client().Logout.FrontChannelURL != ""
	if front && !p.On("allow-front-channel-logout") {
		return refuse(invalidRegistration, "Front-channel logout is not allowed for this client")
	}
	return nil
}

// keepRegistration leaves a client the token by which it changed itself.
func keepRegistration(s *state, _ *realm.PolicyPart) *oauth.Error {
	s.KeepRegistration = true
	return nil
}
