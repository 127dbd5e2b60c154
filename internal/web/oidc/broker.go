package oidc

import (
	"context"
	"errors"
	"net/http"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/login"
	"github.com/tokenhouse/tokenhouse/internal/core/page"
	"github.com/tokenhouse/tokenhouse/internal/flow/authorize"
	"github.com/tokenhouse/tokenhouse/internal/flow/broker"
	"github.com/tokenhouse/tokenhouse/internal/flow/signout"
	"github.com/tokenhouse/tokenhouse/internal/flow/verify"
	"github.com/tokenhouse/tokenhouse/internal/web/pages"
	"github.com/tokenhouse/tokenhouse/internal/web/render"
)

// Broker signs people in through identity providers. It is a *broker.Broker.
type Broker interface {
	Login(ctx context.Context, alias string, q authorize.ContinueRequest) (*authorize.Outcome, error)
	Arrive(ctx context.Context, q broker.Arrival) (*authorize.Outcome, error)
	AfterFirst(ctx context.Context, q authorize.ContinueRequest) (*authorize.Outcome, error)
	Stored(ctx context.Context, q broker.StoredRequest) ([]byte, error)
	SignedOut(ctx context.Context, q broker.LogoutTokenRequest) error
}

// brokerRoutes are where browsers go on their way to a provider and back, and where providers and applications ask.
func (s *site) brokerRoutes(mux *http.ServeMux) {
	const to = "/realms/{realm}/broker/"
	serving := []check{mustBeSecure, mustBeEnabled}
	s.add(mux, to+"{alias}/login", endpoint{get: s.leaveForProvider, post: s.leaveForProvider})
	s.add(mux, to+"{alias}/endpoint", endpoint{get: s.backFromProvider, post: s.backFromProvider})
	s.add(mux, to+"{alias}/endpoint/logout_response", endpoint{get: s.signedOutAtProvider, checks: serving})
	s.add(mux, to+"after-first-broker-login", endpoint{get: s.afterFirstLogin})
	s.add(mux, to+"{alias}/token", endpoint{get: s.storedToken, checks: serving, proofs: true})
	s.add(mux, "/realms/{realm}/protocol/openid-connect/logout/backchannel-logout", endpoint{post: s.signedOutByProvider, checks: serving})
}

// leaveForProvider sends a browser to a provider.
func (s *site) leaveForProvider(w http.ResponseWriter, r *http.Request, c call) error {
	return s.onWay(w, r, c, func(q authorize.ContinueRequest) (*authorize.Outcome, error) {
		return s.Broker.Login(r.Context(), r.PathValue("alias"), q)
	})
}

// afterFirstLogin signs in who went through the first login.
func (s *site) afterFirstLogin(w http.ResponseWriter, r *http.Request, c call) error {
	return s.onWay(w, r, c, func(q authorize.ContinueRequest) (*authorize.Outcome, error) {
		return s.Broker.AfterFirst(r.Context(), q)
	})
}

// onWay takes a link on the way to a provider, or back from it.
func (s *site) onWay(w http.ResponseWriter, r *http.Request, c call, do func(authorize.ContinueRequest) (*authorize.Outcome, error)) error {
	query, err := tolerant(parseForm(r.URL.RawQuery))
	if err != nil {
		return err
	}
	o, err := do(authorize.ContinueRequest{Call: browsing(r, c), Path: login.Authenticate, Query: query.values()})
	if err != nil {
		return err
	}
	w.Header()["Cache-Control"] = noCache
	return s.show(w, r, c, o)
}

// silent is a Cache-Control that is not sent: redirects are kept by nobody without one (RFC 9111 §3).
var silent = []string{}

// backFromProvider takes a browser back.
func (s *site) backFromProvider(w http.ResponseWriter, r *http.Request, c call) error {
	f, err := readParameters(w, r)
	if err != nil {
		return err
	}
	o, err := s.Broker.Arrive(r.Context(), broker.Arrival{Call: browsing(r, c), Alias: r.PathValue("alias"), Query: f.values()})
	if absent, ok := errors.AsType[*fault.NotFound](err); ok {
		return &render.Status{Code: http.StatusNotFound, Text: absent.Message}
	}
	if err != nil {
		return err
	}
	if o.Page == nil {
		w.Header()["Cache-Control"] = silent
	}
	return s.show(w, r, c, o)
}

// signedOutAtProvider takes a browser back that signed out at its provider, too.
func (s *site) signedOutAtProvider(w http.ResponseWriter, r *http.Request, c call) error {
	query, err := tolerant(parseForm(r.URL.RawQuery))
	if err != nil {
		return err
	}
	o, err := s.SignOut.Returned(r.Context(), signout.ReturnRequest{Call: browsing(r, c), State: query.text("state")})
	if err != nil {
		return err
	}
	return s.show(w, r, c, o)
}

// storedToken gives an application the tokens that a provider gave for its user.
func (s *site) storedToken(w http.ResponseWriter, r *http.Request, c call) error {
	w.Header()["Cache-Control"] = noCache
	answer, err := s.Broker.Stored(r.Context(), broker.StoredRequest{Realm: c.realm, Base: c.caller.Base, Address: c.address(),
		Alias: r.PathValue("alias"), Token: verify.ReadPresented(r.Header.Get("Authorization"), c.sent(r))})
	invalid, bad := errors.AsType[*fault.Invalid](err)
	forbidden, no := errors.AsType[*broker.Forbidden](err)
	switch {
	case err == nil:
		render.Bytes(w, http.StatusOK, "application/json", answer)
		return nil
	case bad:
		if told := s.Callers.Refused(w, r, err, nil); told != nil {
			return told
		}
		return render.JSON(w, http.StatusBadRequest, refusalText{invalid.Message})
	case no:
		return render.JSON(w, http.StatusForbidden, refusalText{forbidden.Message})
	case errors.Is(err, broker.ErrNoProvider):
		delete(w.Header(), "Cache-Control")
		return s.Pages.Show(w, r, http.StatusBadGateway, pages.View{Realm: c.realm, Base: c.caller.Base}, page.Error{Message: page.T("couldNotObtainTokenMessage")})
	}
	return err
}

// refusalText is a refusal as Keycloak's administration tells it.
type refusalText struct {
	Message string `json:"errorMessage"`
}

// signedOutByProvider ends the sessions of who was signed out at a provider (Back-Channel Logout 1.0 §2.5).
func (s *site) signedOutByProvider(w http.ResponseWriter, r *http.Request, c call) error {
	f, err := readForm(w, r)
	if err != nil {
		return err
	}
	err = s.Broker.SignedOut(r.Context(), broker.LogoutTokenRequest{Realm: c.realm, Base: c.caller.Base, Address: c.address(), Token: f.get("logout_token")})
	if err != nil {
		return err
	}
	w.Header()["Cache-Control"] = noStore
	render.NoBody(w, http.StatusOK)
	return nil
}
