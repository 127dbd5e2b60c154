package oidc

import (
	"mime"
	"net/http"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/flow/inspect"
	"github.com/tokenhouse/tokenhouse/internal/web/render"
)

// introspect tells a client what a token says (RFC 7662 §2).
func (s *site) introspect(w http.ResponseWriter, r *http.Request, c call) error {
	f, err := readForm(w, r)
	if err != nil {
		return err
	}
	answer, err := s.Inspect.Introspect(r.Context(), inspect.IntrospectRequest{
		Realm:       c.realm.Name,
		Base:        c.caller.Base,
		Address:     c.address(),
		Credentials: c.credentials(r, f),
		Repeated:    f.repeated(),
		Token:       f.get("token"),
		Hint:        f.get("token_type_hint"),
		JWT:         accepts(r, "application/jwt"),
	})
	if err != nil {
		return err
	}
	w.Header()["Cache-Control"] = noCache
	render.Bytes(w, http.StatusOK, "application/json", answer.AppendJSON(make([]byte, 0, roomForClaims)))
	return nil
}

// roomForClaims is for how many bytes of claims there is room at first: most answers have fewer.
const roomForClaims = 1 << 10

// accepts tells whether the request asks for a media type by name.
func accepts(r *http.Request, want string) bool {
	for _, line := range r.Header.Values("Accept") {
		for one := range strings.SplitSeq(line, ",") {
			if kind, _, err := mime.ParseMediaType(one); err == nil && kind == want {
				return true
			}
		}
	}
	return false
}
