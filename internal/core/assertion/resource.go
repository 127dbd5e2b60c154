package assertion

import (
	"github.com/tokenhouse/tokenhouse/internal/core/audience"
	"github.com/tokenhouse/tokenhouse/internal/core/federation"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
)

// Resources are what the tokens are to be for, and the clients that it is of: the resources that were asked for, which must
// be that of an identity assertion that names one (RFC 8707, draft-ietf-oauth-identity-assertion-authz-grant §4.4).
func Resources(r *realm.Realm, a federation.Foreign, sight Sight, asked []string) (resources, targets []string, err error) {
	named, ok := a.Claims.Get("resource").(string)
	if ok && sight.Provider.Grants().Identifies(a) && audience.ReadsResources(r, []string{named}) {
		if asked, err = audience.Choose([]string{named}, asked); err != nil {
			return nil, nil, err
		}
	}
	targets, err = audience.Targets(r, asked)
	return asked, targets, err
}

// Downscope leaves of what was granted what the assertion itself has the scopes for, as a client policy may want.
func (d *Decision) Downscope(says *token.Claims) {
	q := d.Resolution.Request
	q.Within = &audience.Bound{Scope: says.Scopes()}
	cut := audience.Resolve(q)
	d.Resolution = &cut
}
