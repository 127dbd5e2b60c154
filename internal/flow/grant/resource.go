package grant

import (
	"slices"

	"github.com/tokenhouse/tokenhouse/internal/core/audience"
	"github.com/tokenhouse/tokenhouse/internal/core/session"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
)

// readResource reads what the tokens of this turn are to be for (RFC 8707 §2.2), and narrows them to the client that it is
// of. Grants that make use of an earlier request ask beside that whether it was part of that: within.
func (t *turn) readResource() (err error) {
	t.resources, t.targets, err = audience.ForResource(t.at.Realm, t.call.Resource, nil)
	return err
}

// within holds what is asked for now against what the grant was given for, and narrows the tokens to it. What was
// given for some resources is for these still where nothing is asked; what was given for none is for none in particular.
func (t *turn) within(granted []string) error {
	chosen, err := audience.Choose(granted, t.resources)
	if err != nil {
		return err
	}
	return t.narrow(chosen)
}

// withinCode is within for what a code, or a device's, was given for.
func (t *turn) withinCode(code *session.Code) error {
	if code.Resource == "" {
		return t.within(nil)
	}
	return t.within([]string{code.Resource})
}

func (t *turn) narrow(resources []string) error {
	targets, err := audience.Targets(t.at.Realm, resources)
	if err != nil {
		return err
	}
	t.resources, t.targets = resources, targets
	return nil
}

// filter are the audiences that the refresh of an exchange keeps: those of the exchange, or among them those of the
// resources that it is for. A resource that is another client's by now is none of them.
func (t *turn) filter(held *token.Verified) ([]string, error) {
	if t.targets == nil {
		return held.RequestedAudience, nil
	}
	for _, id := range t.targets {
		if !slices.Contains(held.RequestedAudience, id) {
			return nil, audience.ErrOtherResource
		}
	}
	return t.targets, nil
}
