package federation

import (
	"fmt"
	"net/url"
	"strings"
)

// Authorization is what an authorization request to a provider carries beyond its settings.
type Authorization struct {
	RedirectURI string
	State       string
	Nonce       string            // left out where UsesNonce is false
	Challenge   string            // of PKCE, by the method of UsesPKCE
	LoginHint   string            // of the request that the client made
	UILocale    string            // of the page the person looks at, as "de"
	Prompt      string            // of the client's request
	MaxAge      string            // seconds since the last sign-in at the provider, of the client's request
	Forwarded   map[string]string // the client's request, of which the parameters named in forwardParameters are passed on
}

// own are the parameters of a request to a provider that no setting takes from the client.
var own = map[string]bool{"scope": true, "state": true, "response_type": true, "client_id": true, "redirect_uri": true, "nonce": true,
	"code_challenge": true, "code_challenge_method": true, "response_mode": true, "request": true, "request_uri": true}

// AuthorizationURL is where a browser is sent to sign in at the provider. The parameters are in Keycloak's
// order. An error says which setting is in the way.
func (s *Settings) AuthorizationURL(q Authorization) (string, error) {
	u, err := endpoint("authorizationUrl", s.AuthorizationEndpoint)
	if err != nil {
		return "", err
	}
	p := &parameters{}
	p.add("scope", s.Scope)
	p.add("state", q.State)
	p.add("response_type", "code")
	p.add("client_id", s.ClientID)
	p.add("redirect_uri", q.RedirectURI)
	if s.on("loginHint") {
		p.add("login_hint", q.LoginHint)
	}
	if s.on("uiLocales") {
		p.add("ui_locales", q.UILocale)
	}
	prompt := s.config["prompt"]
	if prompt == "" {
		prompt = q.Prompt
	}
	p.add("prompt", prompt)
	if method := s.UsesPKCE(); method != "" {
		p.add("code_challenge", q.Challenge)
		p.add("code_challenge_method", method)
	}
	s.forward(p, q.Forwarded)
	if s.UsesNonce() {
		p.add("nonce", q.Nonce)
	}
	if s.on("passMaxAge") {
		p.add("max_age", q.MaxAge)
	}
	s.addGoogle(p)
	return p.on(u), nil
}

// forward passes parameters of the client's request on: those that forwardParameters names, or acr_values.
func (s *Settings) forward(p *parameters, from map[string]string) {
	names, ok := s.config["forwardParameters"]
	if !ok {
		names = "acr_values"
	}
	for name := range strings.SplitSeq(names, ",") {
		if name = strings.TrimSpace(name); name != "" && !own[name] && !p.has(name) {
			p.add(name, from[name])
		}
	}
}

// addGoogle adds what only Google understands.
func (s *Settings) addGoogle(p *parameters) {
	if s.Kind != "google" {
		return
	}
	domain := s.config["hostedDomain"]
	if strings.Contains(domain, ",") {
		domain = "*" // Google takes one domain, or any
	}
	p.add("hd", domain)
	if s.on("offlineAccess") {
		p.add("access_type", "offline")
	}
}

// endpoint reads a setting that is an address.
func endpoint(setting, address string) (*url.URL, error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || u.User != nil {
		return nil, fmt.Errorf("%s is no address of a provider", setting)
	}
	return u, nil
}

// parameters are those of a query, in their order. An empty value is left out.
type parameters struct {
	list []struct{ name, value string }
}

func (p *parameters) add(name, value string) {
	if value != "" {
		p.list = append(p.list, struct{ name, value string }{name, value})
	}
}

func (p *parameters) has(name string) bool {
	for _, q := range p.list {
		if q.name == name {
			return true
		}
	}
	return false
}

// on is the address with these parameters after those it has.
func (p *parameters) on(u *url.URL) string {
	with := *u
	parts := []string{}
	if u.RawQuery != "" {
		parts = append(parts, u.RawQuery)
	}
	for _, q := range p.list {
		parts = append(parts, url.QueryEscape(q.name)+"="+url.QueryEscape(q.value))
	}
	with.RawQuery, with.Fragment = strings.Join(parts, "&"), ""
	return with.String()
}
