package mapper

import (
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
)

// claimMayAct says who may act for the user (RFC 8693 §4.4). Of the claims of delegation it alone is for mappers: that
// somebody acts, and what a token came of, is what happened, and no setting.
const claimMayAct = "may_act"

// mayActReserved tells whether a claim of this path is not for mappers: what is deeper than a member, and the members
// by which a token that is acted with is known.
func mayActReserved(path []string) bool {
	return len(path) > 2 || len(path) == 2 && actReserved(path[1])
}

func actReserved(member string) bool { return member == "act" || member == "jti" || member == "sid" }

// saysWhoMayAct tells whether a mapper writes to "may_act". A lightweight access token says who may act wherever
// another would: an exchange asks the token, and one that kept it back could be exchanged by anybody.
func saysWhoMayAct(m *realm.Mapper) bool {
	path := appendPath(nil, m.Config[claimName])
	return len(path) > 0 && path[0] == claimMayAct
}

// writeMayAct writes "may_act" as a whole, which has to be an object, or one member of it.
func (w *Work) writeMayAct(path []string, value any) bool {
	members := token.Object{{Name: path[len(path)-1], Value: value}}
	if len(path) == 1 {
		var ok bool
		if members, ok = value.(token.Object); !ok {
			return false
		}
	}
	may := token.Actor{}
	if w.Claims.MayAct != nil {
		may = *w.Claims.MayAct
	}
	for _, m := range members {
		if actReserved(m.Name) {
			return false
		}
		switch m.Name {
		case "sub":
			may.Subject = textOf(m.Value)
		case "client_id":
			may.Client = textOf(m.Value)
		case "iss":
			may.Issuer = textOf(m.Value)
		default:
			may.Other.Set(m.Value, m.Name)
		}
	}
	w.Claims.MayAct = &may
	return true
}
