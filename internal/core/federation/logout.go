package federation

// LogoutURL is where a browser is sent to sign out at the provider (OpenID Connect RP-Initiated Logout §2);
// empty where it has no such address. idToken is the one of the sign-in; what is empty is left out.
func (s *Settings) LogoutURL(idToken, state, redirectURI string) string {
	u, err := endpoint("logoutUrl", s.LogoutEndpoint)
	if err != nil {
		return ""
	}
	p := &parameters{}
	p.add("state", state)
	if s.IDTokenHintOnLogout {
		p.add("id_token_hint", idToken)
	}
	if s.ClientIDOnLogout {
		p.add("client_id", s.ClientID)
	}
	p.add("post_logout_redirect_uri", redirectURI)
	return p.on(u)
}
