package proxy

import (
	"errors"
	"net/http"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/proxy/refusal"
)

// refuse answers a request that does not get through: a person is sent to sign in where that helps.
func (g *Gatekeeper) refuse(w http.ResponseWriter, r *http.Request, err error) {
	if _, meant := errors.AsType[*refusal.Refusal](err); !meant && r.Context().Err() != nil {
		return // nobody waits for an answer
	}
	f := refusal.Of(err)
	if f.SignIn && g.sessions != nil && refusal.Navigates(r) {
		err := g.sendToSignIn(w, r, r.URL.RequestURI())
		if err == nil {
			return
		}
		f = refusal.Away(err)
	}
	g.desk.Answer(w, r, f, g.again(r))
}

// again is where somebody comes back to who signs in again from a page: the page that they wanted.
func (g *Gatekeeper) again(r *http.Request) string {
	if !strings.HasPrefix(r.URL.Path, g.config.Site.endpoint("")) {
		return local(r.URL.RequestURI())
	}
	if way, ok := g.began(r, r.URL.Query()); ok {
		return local(way.Back)
	}
	return local(r.URL.Query().Get("redirect"))
}

// failed answers where the upstream does not.
func (g *Gatekeeper) failed(w http.ResponseWriter, r *http.Request, err error) {
	if tooLarge, ok := errors.AsType[*http.MaxBytesError](err); ok {
		g.refuse(w, r, refusal.New(http.StatusRequestEntityTooLarge, "invalid_request", "The request is too large").Because(tooLarge))
		return
	}
	if r.Context().Err() != nil {
		return // the caller has left
	}
	g.refuse(w, r, refusal.New(http.StatusBadGateway, "bad_gateway", "The application does not answer").Because(err))
}
