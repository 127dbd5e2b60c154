package conformance

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"
)

// Case is one thing that a server is asked.
type Case struct {
	Name   string // as "audience/unknown"
	Demand Demand
	Source string // that demands it: a section of an RFC, or a CVE
	Says   string // what must hold
	try    func(context.Context, *run) error
}

// Demand is how much a case is asked for.
type Demand string

const (
	Must   Demand = "must"   // said by an RFC, or a hole where it does not hold
	Should Demand = "should" // what a careful server does
)

// Outcome is what came of a case.
type Outcome string

const (
	Held    Outcome = "held"
	Broken  Outcome = "broken"
	Skipped Outcome = "skipped" // the target has not what it takes
)

// Result is a case with its outcome.
type Result struct {
	Name    string  `json:"name"`
	Demand  Demand  `json:"demand"`
	Source  string  `json:"source"`
	Says    string  `json:"says"`
	Outcome Outcome `json:"outcome"`
	Why     string  `json:"why,omitempty"` // it broke, or was skipped; without tokens or secrets
}

// Run asks the target all cases, one after the other. The error is that the server could not be asked at all: it has no
// metadata, gives no subject token, or does not exchange it; or that the context ended.
func Run(ctx context.Context, t Target) ([]Result, error) {
	if err := t.check(); err != nil {
		return nil, err
	}
	r := &run{Target: t, client: &http.Client{Timeout: 30 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
	if err := r.discover(ctx); err != nil {
		return nil, err
	}
	if err := r.warmUp(ctx); err != nil {
		return nil, err
	}
	var out []Result
	for _, c := range Cases() {
		result := Result{Name: c.Name, Demand: c.Demand, Source: c.Source, Says: c.Says, Outcome: Held}
		err := c.try(ctx, r)
		if skipped, ok := errors.AsType[skip](err); ok {
			result.Outcome, result.Why = Skipped, string(skipped)
		} else if err != nil {
			result.Outcome, result.Why = Broken, err.Error()
		}
		if err := ctx.Err(); err != nil {
			return out, fmt.Errorf("stopped at %s: %w", c.Name, err)
		}
		out = append(out, result)
	}
	return out, nil
}

// Cases are all that is asked, in order.
func Cases() []Case {
	var out []Case
	for _, group := range [][]Case{answers, requests, audiences, subjects, requesters, afterwards} {
		out = append(out, group...)
	}
	return out
}

// run is a target that is being asked.
type run struct {
	Target
	client *http.Client
}

// warmUp sees that what every case begins with works: else each would fail for the same reason.
func (r *run) warmUp(ctx context.Context) error {
	subject, err := r.subject(ctx)
	if err != nil {
		return err
	}
	a, err := r.exchange(ctx, r.Requester, subject)
	if err != nil {
		return err
	}
	if a.status != http.StatusOK {
		return fmt.Errorf("the requester's exchange of a subject token for %q, which must work, is answered %s", r.Audience, a)
	}
	return nil
}

// skip is why a case is skipped.
type skip string

func (s skip) Error() string { return string(s) }
