package assertion

import (
	"github.com/tokenhouse/tokenhouse/internal/core/explain"
	"github.com/tokenhouse/tokenhouse/internal/core/policy"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
)

// Policed decides where client policies have a say. They are asked about an assertion that is good, and about one that is
// good but for its audience, since they may accept that; what they have against one that is refused already is not told. police
// asks them, and its error is their refusal; says are the claims of the assertion.
func Policed(f Found, says *token.Claims, decide func(Found) Decision, police func(refused bool) (policy.Verdict, error)) (Decision, error) {
	d := decide(f)
	refused := d.Refuse != nil
	if refused && d.Rule != explain.AssertionAudience {
		return d, nil
	}
	verdict, err := police(refused)
	switch {
	case err != nil && !refused:
		return d, err
	case refused && (err != nil || !verdict.AudienceAllowed):
		return d, nil
	case refused:
		f.Allowed = true
		if d = decide(f); d.Refuse != nil {
			return d, nil
		}
	}
	if verdict.Downscoped {
		d.Downscope(says)
	}
	return d, nil
}
