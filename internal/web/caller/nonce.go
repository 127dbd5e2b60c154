package caller

import (
	"errors"
	"net/http"

	"github.com/tokenhouse/tokenhouse/internal/core/proof"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/web/render"
)

// TellNonce tells callers what their next proofs are to name, where the realm asks for that: on every answer, to proofs that
// were good too, so that they follow as it changes (RFC 9449 §8.2).
func (v *Resolver) TellNonce(h http.Header, of *realm.Realm) {
	if of.DPoPNonce {
		v.tellNonce(h)
	}
}

func (v *Resolver) tellNonce(h http.Header) {
	if v.Nonce != nil {
		render.TellNonce(h, v.Nonce())
	}
}

// Refused answers r, whose access token an API refused with err: as otherwise says, whatever the reason, but for a proof beside
// it that lacks a nonce. That is told (RFC 9449 §9), to every page, so that its holder can come again with another proof.
func (v *Resolver) Refused(w http.ResponseWriter, r *http.Request, err, otherwise error) error {
	if !errors.Is(err, proof.ErrNonce) {
		return otherwise
	}
	v.tellNonce(w.Header())
	if origin := r.Header.Get("Origin"); origin != "" {
		render.ShareWith(w.Header(), origin)
		render.Expose(w.Header(), "WWW-Authenticate")
	}
	return &render.Challenge{Err: proof.ErrNonce.WithStatus(http.StatusUnauthorized), DPoP: true}
}
