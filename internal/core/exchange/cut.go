package exchange

import (
	"cmp"
	"slices"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/explain"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
)

// Unaccept is the change after which a target accepts exchanges from all those that reach it now, but one.
func Unaccept(r *realm.Realm, target *realm.Client, requester string, reaching []string) explain.Fix {
	if target.Exchange.Accepts != nil {
		reaching = *target.Exchange.Accepts
	}
	return explain.Fix{
		Sentence: "let " + target.ID + " accept no exchanges from " + requester,
		Command: explain.Command("update", "clients/"+target.Key, r.Name,
			explain.Attribute(attributeAccepts, listWithout(reaching, requester))),
	}
}

// Unlist is the change after which a requester exchanges to all that it reaches now, but one.
func Unlist(r *realm.Realm, requester *realm.Client, audience string, reached []string) explain.Fix {
	if requester.Exchange.Permitted != nil {
		reached = *requester.Exchange.Permitted
	}
	return explain.Fix{
		Sentence: "let " + requester.ID + " not exchange to " + audience,
		Command: explain.Command("update", "clients/"+requester.Key, r.Name,
			explain.Attribute(attributePermitted, listWithout(reached, audience))),
	}
}

// none is a list that is set and names nobody.
const none = "##"

// listWithout is the value of a list without one of its names.
func listWithout(list []string, name string) string {
	rest := slices.DeleteFunc(slices.Clone(list), func(other string) bool { return other == name })
	return cmp.Or(strings.Join(rest, "##"), none)
}
