package session

import (
	"net/http"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/proxy/seal"
)

// Who signs in and has to again, a moment later, may be helped by that: their session was ended meanwhile. Who has to once more is not, and
// would be sent round and round: issuers know people, and lead them back without asking.
const (
	vainTime = time.Minute // how soon after a sign-in another one is
	maxVain  = 2           // sign-ins, each so soon after the one before
)

// marks are where sign-ins are counted: in cookies that come back whenever those of sessions are meant to.
func (k *Keeper) marks() *seal.Jar {
	if k.config.SameSite == http.SameSiteStrictMode {
		return k.jar
	}
	return k.ways
}

func (k *Keeper) mark() string { return k.config.Cookie + "-signed-in" }

// signedIn is how often a browser signed in lately.
func (k *Keeper) signedIn(r *http.Request, now time.Time) int {
	value, ok := k.marks().Get(r, k.mark(), now)
	if !ok || len(value) != 1 {
		return 0
	}
	return int(value[0])
}

// countSignIn has the browser remember one more.
func (k *Keeper) countSignIn(w http.ResponseWriter, r *http.Request, now time.Time) error {
	n := min(k.signedIn(r, now)+1, maxVain)
	return k.marks().Set(w, r, k.mark(), []byte{byte(n)}, now, now.Add(vainTime), false)
}

// InVain tells whether a browser has signed in so often lately that it is not to be sent to do it again unless somebody says so.
func (k *Keeper) InVain(r *http.Request, now time.Time) bool { return k.signedIn(r, now) >= maxVain }
