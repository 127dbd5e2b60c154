package federation

import (
	"errors"
	"slices"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/token"
)

// Condition is a claim that a token must have, with one of some values.
type Condition struct {
	Claim  string
	Values []string
}

var errCondition = errors.New(`claims are written as claim=value, joined by ##, without wildcards`)

// readConditions reads conditions as "repository_owner_id=42##environment=production": each claim must have the
// value, or one of its values where it is named several times.
func readConditions(text string) (all []Condition, err error) {
	if strings.TrimSpace(text) == "" {
		return nil, nil
	}
	for part := range strings.SplitSeq(text, "##") {
		claim, value, ok := strings.Cut(strings.TrimSpace(part), "=")
		if !ok || claim == "" || value == "" || strings.Contains(part, "*") {
			return nil, errCondition
		}
		at := slices.IndexFunc(all, func(c Condition) bool { return c.Claim == claim })
		if at < 0 {
			all, at = append(all, Condition{Claim: claim}), len(all)
		}
		all[at].Values = append(all[at].Values, value)
	}
	return all, nil
}

// holds tells whether a token meets the condition. A claim that is absent, a list or an object never does.
func (c Condition) holds(claims token.Object) bool {
	value := text(claims.Get(c.Claim))
	return value != "" && slices.Contains(c.Values, value)
}
