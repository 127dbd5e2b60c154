package proxy

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/tokenhouse/tokenhouse/brokerclient"
	"github.com/tokenhouse/tokenhouse/internal/proxy/mend"
	"github.com/tokenhouse/tokenhouse/internal/proxy/refusal"
	"github.com/tokenhouse/tokenhouse/internal/proxy/session"
)

// refuse answers a request that does not get through: a person is sent to sign in where that helps.
func (g *Gatekeeper) refuse(w http.ResponseWriter, r *http.Request, err error) {
	_, meant := errors.AsType[*refusal.Refusal](err)
	switch ended := context.Cause(r.Context()); {
	case errors.Is(ended, session.ErrEnded):
		err = refusal.Unsigned().Because(ended) // whatever came of that
	case ended != nil && !meant:
		return // nobody waits for an answer
	}
	f := refusal.Of(err)
	if f.SignIn && g.sessions != nil && refusal.Navigates(r) {
		if !g.sessions.InVain(r, g.now()) {
			g.sendToSignIn(w, r, r.URL.RequestURI())
			return
		}
		f = g.inVain(r, f)
	}
	g.desk.Answer(w, r, f, g.again(r))
}

// inVain is of a browser that signed in, had to sign in again, and would have to once more: it would be sent round and round.
func (g *Gatekeeper) inVain(r *http.Request, f *refusal.Refusal) *refusal.Refusal {
	v := refusal.New(http.StatusForbidden, "access_denied", f.Text).Because(f.Cause).By(f.Who)
	v.Vain = true
	switch {
	case g.sessions.Of(r, g.now()) == nil:
		v.Text, v.Hints = "There is no session: your browser did not bring it back, or it ended at once", mend.NoSession()
	case errors.Is(f.Cause, brokerclient.ErrSubject):
		v.Text, v.Hints = "The issuer does not know your token, which it has just given, when it is exchanged", g.advisor.Disowned()
	}
	return v
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
	if ended := context.Cause(r.Context()); ended != nil && !errors.Is(ended, session.ErrEnded) {
		return // the caller has left
	}
	g.refuse(w, r, refusal.New(http.StatusBadGateway, "bad_gateway", "The application does not answer").Because(err))
}
