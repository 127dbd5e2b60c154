package oidc

import (
	"errors"
	"net/http"

	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/flow/inspect"
	"github.com/tokenhouse/tokenhouse/internal/flow/verify"
	"github.com/tokenhouse/tokenhouse/internal/web/render"
)

// userinfo tells the claims of the user behind an access token (OpenID Connect Core §5.3).
func (s *site) userinfo(w http.ResponseWriter, r *http.Request, c call) error {
	var f form
	if r.Method == http.MethodPost {
		var err error
		if f, err = readForm(w, r); err != nil {
			return err
		}
	}
	info, err := s.Inspect.UserInfo(r.Context(), inspect.UserInfoRequest{
		Realm:         c.realm.Name,
		Base:          c.caller.Base,
		Address:       c.address(),
		Origin:        r.Header.Get("Origin"),
		Authorization: r.Header.Get("Authorization"),
		Sent:          c.sent(r),
		Form:          f.get("access_token"),
		Repeated:      f.repeated(),
	})
	if err != nil {
		shareOutcome(w, r, err, exposedChallenge)
		if refused, ok := errors.AsType[*oauth.Error](err); ok && refused.Code == oauth.InvalidOrigin {
			return err
		}
		return &render.Challenge{Realm: c.realm.Name, Err: err, DPoP: asDPoP(r)}
	}
	shareOutcome(w, r, nil, exposed)
	w.Header().Set("Cache-Control", "no-store, no-cache")
	if info.JWT != "" {
		render.Bytes(w, http.StatusOK, "application/jwt", []byte(info.JWT))
		return nil
	}
	render.Bytes(w, http.StatusOK, "application/json", info.Claims.AppendJSON(make([]byte, 0, roomForClaims)))
	return nil
}

// asDPoP tells whether a token was presented as one that is bound to a key: then the challenge is of that kind.
func asDPoP(r *http.Request) bool {
	p := verify.ReadPresented(r.Header.Get("Authorization"), verify.Sent{})
	return p.DPoP()
}
