package oidc

import (
	"net/http"

	"github.com/tokenhouse/tokenhouse/internal/flow/revoke"
	"github.com/tokenhouse/tokenhouse/internal/web/render"
)

// revoke takes a token back (RFC 7009 §2).
func (s *site) revoke(w http.ResponseWriter, r *http.Request, c call) error {
	f, err := readForm(w, r)
	if err != nil {
		return err
	}
	err = s.Revoke.Revoke(r.Context(), revoke.Request{Call: c.revocation(r, f), Token: f.get("token")})
	shareOutcome(w, r, err, exposed)
	if err != nil {
		return err
	}
	render.NoBody(w, http.StatusOK)
	return nil
}

// revocation is what both requests bring.
func (c call) revocation(r *http.Request, f form) revoke.Call {
	return revoke.Call{
		Realm:       c.realm.Name,
		Base:        c.caller.Base,
		Address:     c.address(),
		Credentials: c.credentials(r, f),
		Origin:      r.Header.Get("Origin"),
		Repeated:    f.repeated(),
		Sent:        c.sent(r),
	}
}

// address is the caller's address, for the event; empty where it is not known.
func (c call) address() string {
	if !c.caller.Address.IsValid() {
		return ""
	}
	return c.caller.Address.String()
}
