package assertion

import (
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/audience"
	"github.com/tokenhouse/tokenhouse/internal/core/explain"
	"github.com/tokenhouse/tokenhouse/internal/core/federation"
	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/core/proof"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
)

// Request is a JWT authorization grant to be decided.
type Request struct {
	Realm  *realm.Realm
	Issuer string        // the realm's, as the caller reaches it
	Client *realm.Client // who hands the assertion in
	Scope  *string       // parameter "scope"; nil: it did not come
	Proved proof.Proved  // what the client proved to have
	Now    time.Time

	Given     bool                // there is a parameter "assertion"
	Assertion *federation.Foreign // what it says, not proven before Decide; nil: it cannot be read

	Explain bool // record a trace
}

// Found is what was found out about an assertion that Examine let pass.
type Found struct {
	Provider federation.Settings // whose it is, as Examine says
	Flaw     federation.Flaw     // why it is not believed, as BadSignature or Reused; empty: it is
	Path     []token.Hop         // behind what comes of it, where another realm of this server issued it; nil elsewhere
	User     *user.User          // who is linked to its subject; nil: nobody
	Locked   bool                // the user is locked after sign-ins that failed
	Pending  bool                // the user has something to do before they may sign in
	Allowed  bool                // a client policy names the one audience of the assertion as accepted of the client

	Audiences []string // the only ones wanted: of the resources that were named; nil: whatever comes
}

// Sight is what came of looking at an assertion.
type Sight struct {
	Provider *federation.Settings // whose it is; nil where that was not found out
	Refuse   *oauth.Error         // nil: it may be verified
	Rule     explain.Rule         // that refused
	Until    time.Time            // from when on it is too old
	Once     bool                 // it may be used once
	Trace    *explain.Trace
}

// Decision is what came of a request: Resolution or Refuse, one of them nil.
type Decision struct {
	Resolution *audience.Resolution // where the token may be used
	Bonds      token.Claims         // that tokens keep: act and may_act
	NotAfter   time.Time            // when tokens end at the latest; zero: the assertion does not limit them
	Refuse     *oauth.Error
	Rule       explain.Rule // that refused
	Trace      *explain.Trace
}

// Stranger tells whether the assertion was refused before it was known that it speaks of a user who may sign in: events
// name nobody then.
func (d *Decision) Stranger() bool {
	switch d.Rule {
	case explain.AssertionSignature, explain.AssertionLineage, explain.AssertionOnce, explain.AssertionUser:
		return true
	}
	return false
}
