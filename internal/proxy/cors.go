package proxy

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/web/render"
)

// shared lets pages of other origins read answers, and answers browsers that ask beforehand (Fetch standard §3.2).
func (g *Gatekeeper) shared(w http.ResponseWriter, r *http.Request) (answered bool) {
	c := &g.config.CORS
	origin := r.Header.Get("Origin")
	if len(c.Origins) == 0 {
		return false
	}
	h := w.Header()
	h.Add("Vary", "Origin") // also without one: a cache must not keep that answer for pages that have one
	if origin == "" {
		return false
	}
	all := slices.Contains(c.Origins, "*")
	if !all && !slices.Contains(c.Origins, origin) {
		return false
	}
	if all {
		h.Set("Access-Control-Allow-Origin", "*") // without cookies, which browsers would refuse
	} else {
		h.Set("Access-Control-Allow-Origin", origin)
	}
	if c.Credentials {
		h.Set("Access-Control-Allow-Credentials", "true")
	}
	if len(c.Exposed) > 0 {
		h.Set("Access-Control-Expose-Headers", strings.Join(c.Exposed, ", "))
	}
	if r.Method != http.MethodOptions || r.Header.Get("Access-Control-Request-Method") == "" {
		return false
	}
	if len(c.Methods) > 0 {
		h.Set("Access-Control-Allow-Methods", strings.Join(c.Methods, ", "))
	}
	if len(c.Headers) > 0 {
		h.Set("Access-Control-Allow-Headers", strings.Join(c.Headers, ", "))
	}
	if c.MaxAge > 0 {
		h.Set("Access-Control-Max-Age", strconv.FormatInt(int64(c.MaxAge/time.Second), 10))
	}
	render.NoBody(w, http.StatusNoContent)
	return true
}
