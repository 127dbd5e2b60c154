package mapper

import "github.com/tokenhouse/tokenhouse/internal/core/realm"

// Use is what claims are written for. A mapper's settings say for which uses it writes.
type Use uint8

const (
	Access        Use = iota // an access token
	Lightweight              // an access token that carries only what says lightweight.claim
	ID                       // an ID token
	UserInfo                 // the answer of the userinfo endpoint
	Introspection            // the answer of the introspection endpoint
	Response                 // members of the token endpoint's answer, beside the tokens
)

// uses is a set of uses.
type uses uint8

func of(list ...Use) uses {
	var s uses
	for _, u := range list {
		s |= 1 << u
	}
	return s
}

func (s uses) has(u Use) bool { return s&(1<<u) != 0 }

// The settings that say what a mapper writes to.
const (
	inAccess        = "access.token.claim"
	inLightweight   = "lightweight.claim"
	inID            = "id.token.claim"
	inUserInfo      = "userinfo.token.claim"
	inIntrospection = "introspection.token.claim"
	inResponse      = "access.tokenResponse.claim"
)

// switches says how a kind of mapper is switched on.
type switches uint8

const (
	asSet     switches = iota // by its settings; absent is off
	unlessOff                 // likewise, but absent is on, as it was before there were settings
	always                    // it has no settings
)

// Setting is the setting that switches mappers on for a use, as "access.token.claim".
func (u Use) Setting() string {
	return [...]string{inAccess, inLightweight, inID, inUserInfo, inIntrospection, inResponse}[u]
}

// WritesTo tells whether a mapper of this kind writes to the use. Introspection follows the access token, and
// userinfo the ID token, where the mapper is from before they had a setting of their own.
func (k *Kind) WritesTo(m *realm.Mapper, u Use) bool {
	if !k.uses.has(u) {
		return false
	}
	if k.switches == always {
		return true
	}
	if u == Lightweight && saysWhoMayAct(m) && k.WritesTo(m, Access) {
		return true
	}
	value, set := m.Config[u.Setting()]
	switch {
	case set:
		return value == "true"
	case u == Introspection:
		return k.WritesTo(m, Access)
	case u == UserInfo:
		return k.WritesTo(m, ID)
	}
	return k.switches == unlessOff && u != Lightweight
}
