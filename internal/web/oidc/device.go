package oidc

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/flow/authorize"
	"github.com/tokenhouse/tokenhouse/internal/flow/device"
	"github.com/tokenhouse/tokenhouse/internal/web/pages"
	"github.com/tokenhouse/tokenhouse/internal/web/render"
)

// Devices gives devices their codes, and leads users who type them. It is a *device.Authority.
type Devices interface {
	Authorize(ctx context.Context, q device.Request) (*device.Response, error)
	Enter(ctx context.Context, q device.EnterRequest) (*authorize.Outcome, error)
}

// authorizeDevice gives a device its codes (RFC 8628 §3.1).
func (s *site) authorizeDevice(w http.ResponseWriter, r *http.Request, c call) error {
	f, err := readForm(w, r)
	if err != nil {
		return err
	}
	resp, err := s.Devices.Authorize(r.Context(), device.Request{
		Realm:           c.realm.Name,
		Base:            c.caller.Base,
		Address:         c.address(),
		Origin:          r.Header.Get("Origin"),
		Credentials:     c.credentials(r, f),
		Repeated:        f.repeated(),
		Scope:           f.text("scope"),
		Resource:        f.get(oauth.Resource),
		Challenge:       f.get("code_challenge"),
		ChallengeMethod: f.get("code_challenge_method"),
	})
	shareOutcome(w, r, err, exposed)
	refused, _ := errors.AsType[*oauth.Error](err)
	if err == nil || refused != nil && refused.Code == oauth.InvalidRequest { // as Keycloak: of a client that may ask
		w.Header()["Cache-Control"] = uncached
	}
	if err != nil {
		return err
	}
	return render.JSON(w, http.StatusOK, resp)
}

// enterDeviceCode shows the page that asks for a user code, or takes the code that came with its address.
func (s *site) enterDeviceCode(w http.ResponseWriter, r *http.Request, c call) error {
	f, err := readParameters(w, r)
	if err != nil {
		return err
	}
	return s.enter(w, r, c, f.text("user_code"))
}

// typeDeviceCode takes the form of that page. As in Keycloak it is one only where the caller wants HTML; else it is
// a device that asks.
func (s *site) typeDeviceCode(w http.ResponseWriter, r *http.Request, c call) error {
	if !strings.Contains(r.Header.Get("Accept"), "text/html") {
		return s.authorizeDevice(w, r, c)
	}
	f, err := tolerant(readForm(w, r))
	if err != nil {
		return err
	}
	return s.enter(w, r, c, f.text("device_user_code"))
}

func (s *site) enter(w http.ResponseWriter, r *http.Request, c call, code string) error {
	o, err := s.Devices.Enter(r.Context(), device.EnterRequest{Call: browsing(r, c), UserCode: code})
	if err != nil {
		return err
	}
	return s.show(w, r, c, o)
}

// deviceStatus says how the sign-in of a device ended.
func (s *site) deviceStatus(w http.ResponseWriter, r *http.Request, c call) error {
	f, err := readParameters(w, r)
	if err != nil {
		return err
	}
	return s.Pages.Show(w, r, http.StatusOK, pages.View{Realm: c.realm, Base: c.caller.Base}, device.Status(c.realm, c.caller.Base, f.text("error")))
}
