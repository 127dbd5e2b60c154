package exchange

import (
	"slices"

	"github.com/tokenhouse/tokenhouse/internal/core/audience"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
)

// What the rules say of requester and target alone, whatever the subject token and the rest of the request. Rules ask
// these functions, and so does who looks at a realm as a whole.

// TakesForeign tells whether a client may exchange tokens that other issuers than the realm issued.
func TakesForeign(c *realm.Client) bool { return c.Exchange.External }

// MayRequest tells whether a client may exchange tokens at all: exchange is on for it, and it has credentials or may do
// without. That it is enabled and has proven who it is was found out before anything is decided.
func MayRequest(c *realm.Client) bool { return switchedOn(c) && hasStanding(c) }

// switchedOn tells whether exchange is on for a client. A public client has a switch of its own.
func switchedOn(c *realm.Client) bool { return c.Exchange.Enabled || mayBePublic(c) }

// hasStanding tells whether a client has credentials, or is a public one that may do without.
func hasStanding(c *realm.Client) bool { return !c.Public || mayBePublic(c) }

// mayBePublic tells whether a client is a public one that may exchange its own tokens.
func mayBePublic(c *realm.Client) bool { return c.Public && c.Exchange.Public }

// TakesOthers tells whether a client may exchange tokens that were issued to others and name it as an audience. A public
// client proves nothing, so only its own tokens are its to exchange.
func TakesOthers(c *realm.Client) bool { return !c.Public }

// Lists tells whether a client may exchange to an audience, as far as its own list and the realm say. Itself it may
// always name.
func Lists(r *realm.Realm, requester *realm.Client, audience string) bool {
	switch {
	case audience == requester.ID:
		return true
	case requester.Exchange.Permitted == nil:
		return !r.Exchange.DenyUnlisted && !requester.Public
	}
	return requester.MayExchangeTo(audience)
}

// Accepts tells whether an audience takes exchanges from a client, as far as the audience's list and the realm say. A
// custom audience is no client and has no list.
func Accepts(r *realm.Realm, requester *realm.Client, audience string) bool {
	target := r.Client(audience)
	switch {
	case audience == requester.ID, target == nil:
		return true
	case target.Exchange.Accepts == nil:
		return !r.Exchange.DenyUnlisted
	}
	return target.AcceptsFrom(requester.ID)
}

// ChainAllows tells whether the realm allows so many exchanges in a row.
func ChainAllows(r *realm.Realm, exchanges int) bool {
	return r.Exchange.ChainLimit < 0 || exchanges <= r.Exchange.ChainLimit
}

// Edge tells whether some exchange by requester can give a token for an audience. reach is where the requester's tokens
// can be used at most. It says no only where every exchange is refused or goes without that audience; a given user,
// scope or subject may still be refused what it says yes to.
func Edge(r *realm.Realm, requester *realm.Client, name string, reach *audience.Extent) bool {
	if target := r.Client(name); target != nil && !target.Enabled {
		return false
	}
	return MayRequest(requester) && Lists(r, requester, name) && Accepts(r, requester, name) &&
		(reach.Reaches(name) || ByList(requester, name))
}

// ByList tells whether a client reaches an audience by naming it, without mapper and role: where it lists it.
func ByList(requester *realm.Client, audience string) bool {
	return requester.Exchange.Permitted != nil && slices.Contains(*requester.Exchange.Permitted, audience)
}
