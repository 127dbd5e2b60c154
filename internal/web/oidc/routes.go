package oidc

import (
	"net/http"

	"github.com/tokenhouse/tokenhouse/internal/core/login"
	"github.com/tokenhouse/tokenhouse/internal/web/pages"
	"github.com/tokenhouse/tokenhouse/internal/web/render"
)

// routes is the whole surface of the package. The methods told to browsers that ask first
// (preflight) are those that Keycloak tells, which are not always those that work.
func (s *site) routes() http.Handler {
	mux := http.NewServeMux()
	const protocol = "/realms/{realm}/protocol/openid-connect"
	serving := []check{mustBeSecure, mustBeEnabled}

	s.add(mux, protocol+"/token", endpoint{post: s.token, checks: serving, noStore: true, proofs: true, preflight: "POST, OPTIONS"})
	s.add(mux, protocol+"/token/introspect", endpoint{post: s.introspect, checks: serving})
	s.add(mux, protocol+"/userinfo", endpoint{get: s.userinfo, post: s.userinfo, checks: serving, noStore: true, proofs: true, preflight: "GET, HEAD, OPTIONS"})
	s.add(mux, protocol+"/revoke", endpoint{post: s.revoke, checks: serving, preflight: "POST, OPTIONS"})
	s.add(mux, protocol+"/logout", endpoint{get: s.logout, post: s.logout, checks: serving, preflight: "GET, HEAD, OPTIONS"})
	s.add(mux, protocol+"/logout/logout-confirm", endpoint{get: s.confirmLogout, post: s.confirmLogout, checks: serving})
	s.add(mux, protocol+"/auth/device", endpoint{get: s.enterDeviceCode, post: s.authorizeDevice, checks: serving, preflight: "POST, OPTIONS"})
	s.add(mux, "/realms/{realm}/device", endpoint{get: s.enterDeviceCode, post: s.typeDeviceCode, checks: serving})
	s.add(mux, "/realms/{realm}/device/status", endpoint{get: s.deviceStatus, checks: serving})
	s.add(mux, protocol+"/certs", endpoint{get: s.certs, checks: []check{mustBeSecure}, preflight: "GET"})

	// What browsers open refuses on pages: the flow checks the realm itself.
	s.add(mux, protocol+"/auth", endpoint{get: s.begin(login.Authenticate), post: s.begin(login.Authenticate)})
	s.add(mux, protocol+"/registrations", endpoint{get: s.begin(login.Registration), post: s.begin(login.Registration)})
	s.add(mux, protocol+"/forgot-credentials", endpoint{get: s.begin(login.Reset), post: s.begin(login.Reset)})
	s.add(mux, protocol+"/ext/par/request", endpoint{post: s.push, checks: serving, proofs: true})
	s.add(mux, "/realms/{realm}/login-actions/{action}", endpoint{get: s.proceed, post: s.proceed})

	s.brokerRoutes(mux)

	status := protocol + "/login-status-iframe.html"
	s.add(mux, status, endpoint{get: s.loginStatus})
	s.add(mux, status+"/init", endpoint{get: s.mayAskStatus})
	s.add(mux, protocol+"/3p-cookies/step1.html", endpoint{get: s.embed(pages.ThirdParty1)})
	s.add(mux, protocol+"/3p-cookies/step2.html", endpoint{get: s.embed(pages.ThirdParty2)})
	mux.Handle("/resources/", pages.Resources())
	mux.Handle("/resources", pages.Resources()) // ServeMux would add the slash again that withoutSlash took off

	s.add(mux, "/realms/{realm}", endpoint{get: s.realm, preflight: "GET, HEAD, OPTIONS"})
	wellKnown := endpoint{get: s.discovery, checks: []check{mustBeSecure}, preflight: "GET", refusal: errNotFound}
	s.add(mux, "/realms/{realm}/.well-known/openid-configuration", wellKnown)
	s.add(mux, "/realms/{realm}/.well-known/oauth-authorization-server", wellKnown)
	s.add(mux, "/.well-known/oauth-authorization-server/realms/{realm}", wellKnown) // RFC 8414 §3.1

	// Both with and without what follows: else ServeMux would redirect the one to the other.
	s.addAll(mux, []string{protocol, protocol + "/{rest...}"}, endpoint{get: notFound})
	s.addAll(mux, []string{"/realms/{realm}/protocol/{protocol}", "/realms/{realm}/protocol/{protocol}/{rest...}"}, endpoint{refusal: errNoProtocol})
	s.add(mux, "/realms/{realm}/{rest...}", endpoint{refusal: errNotFound})
	s.addAll(mux, []string{"/.well-known/openid-configuration", "/.well-known/openid-configuration/{rest...}"}, endpoint{refusal: errNotFound, nowhere: true})
	s.add(mux, "/{rest...}", endpoint{refusal: errNowhere, nowhere: true})
	mux.Handle("/{$}", render.Answer(s.Log, s.root))
	return mux
}

func (s *site) addAll(mux *http.ServeMux, patterns []string, e endpoint) {
	for _, p := range patterns {
		s.add(mux, p, e)
	}
}

// root sends people to the console, as Keycloak does.
func (s *site) root(w http.ResponseWriter, r *http.Request) error {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		return errNowhere
	}
	who, err := s.Callers.Of(r)
	if err != nil {
		return err
	}
	render.Redirect(w, who.Base+"/admin/")
	return nil
}
