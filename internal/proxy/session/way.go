package session

import (
	"crypto/rand"
	"crypto/subtle"
	"net/http"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/proxy/issuer"
)

// Way is one person's way to the issuer and back, which their browser remembers.
type Way struct {
	issuer.SignIn
	Back string // path that it leads back to
}

// NewWay begins a way. redirect is where the issuer sends people back to.
func NewWay(redirect, back string) Way {
	return Way{SignIn: issuer.SignIn{State: rand.Text(), Nonce: rand.Text(), Verifier: rand.Text() + rand.Text(), Redirect: redirect}, Back: back}
}

const (
	wayTime  = 10 * time.Minute // how long somebody may take to sign in
	maxWays  = 8                // sign-ins that a browser has begun, as with a tab for each
	maxState = 128
)

// way is the name of the cookie of one sign-in: each tab has its own, and none can be told another's answer.
func (k *Keeper) way(state string) string {
	return k.config.Cookie + "-login-" + state[:min(8, len(state))]
}

// Leave has a browser remember a way. Where it remembers many, they were begun and left, and are forgotten.
func (k *Keeper) Leave(w http.ResponseWriter, r *http.Request, on Way, now time.Time) error {
	k.ways.ClearAll(w, r, k.config.Cookie+"-login", maxWays)
	return k.ways.Set(w, r, k.way(on.State), encode(on.State, on.Nonce, on.Verifier, on.Back), now, now.Add(wayTime), false)
}

// Way is the way that a browser began with a state, as it was but for its Redirect.
func (k *Keeper) Way(r *http.Request, state string, now time.Time) (on Way, ok bool) {
	if state == "" || len(state) > maxState {
		return on, false
	}
	value, ok := k.ways.Get(r, k.way(state), now)
	if !ok || !decode(value, &on.State, &on.Nonce, &on.Verifier, &on.Back) || subtle.ConstantTimeCompare([]byte(on.State), []byte(state)) != 1 {
		return Way{}, false
	}
	return on, true
}

// Arrive has a browser forget a way that it is back from.
func (k *Keeper) Arrive(w http.ResponseWriter, r *http.Request, on Way) {
	k.ways.Clear(w, r, k.way(on.State))
}
