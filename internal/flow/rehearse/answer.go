package rehearse

import (
	"context"
	"encoding/json"

	"github.com/tokenhouse/tokenhouse/internal/core/explain"
	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
)

// Step is a step of a trace with its reason in words.
type Step struct {
	Rule    explain.Rule    `json:"rule"`
	Outcome explain.Outcome `json:"outcome"`
	Subject string          `json:"subject"`
	Because string          `json:"because"`
}

// Steps are a trace in words.
func Steps(t *explain.Trace) []Step {
	out := []Step{}
	if t != nil {
		for _, s := range t.Steps {
			out = append(out, Step{s.Rule, s.Outcome, s.Subject, s.Because()})
		}
	}
	return out
}

// AudienceAnswer is an Audience as it is sent.
type AudienceAnswer struct {
	Audience []string       `json:"audience"`
	Scope    string         `json:"scope"`
	Wanted   []WantedAnswer `json:"wanted"`
	Trace    []Step         `json:"trace"`
	Refused  *Refused       `json:"refused,omitempty"` // the resource that is asked for cannot be had

	With *AudienceAnswer `json:"with,omitempty"` // after the change that was asked about
}

// Refused is the token endpoint's answer to a request that it refuses.
type Refused struct {
	Status      int    `json:"status"`
	Error       string `json:"error"`
	Description string `json:"error_description"`
}

func refusedBy(no *oauth.Error) *Refused {
	if no == nil {
		return nil
	}
	return &Refused{no.Status, string(no.Code), no.Description}
}

// WantedAnswer is a Wanted as it is sent.
type WantedAnswer struct {
	Audience string        `json:"audience"`
	Reached  bool          `json:"reached"`
	Fixes    []explain.Fix `json:"fixes"`
}

// Answer is what is told of it.
func (a Audience) Answer() AudienceAnswer {
	out := AudienceAnswer{Audience: list(a.Audiences), Scope: a.Scope, Wanted: []WantedAnswer{}, Trace: Steps(a.Trace), Refused: refusedBy(a.Refusal)}
	for _, w := range a.Wanted {
		out.Wanted = append(out.Wanted, WantedAnswer{w.Audience, w.Reached, list(w.Fixes)})
	}
	return out
}

// ExchangeAnswer is an Exchange as it is sent, or what would come of an assertion.
type ExchangeAnswer struct {
	Granted     bool          `json:"granted"`
	Status      int           `json:"status"` // of the token endpoint's answer
	Error       string        `json:"error,omitempty"`
	Description string        `json:"error_description,omitempty"`
	Audience    []string      `json:"audience"`
	Scope       string        `json:"scope"`
	Trace       []Step        `json:"trace"`
	Fixes       []explain.Fix `json:"fixes"`

	With *ExchangeAnswer `json:"with,omitempty"` // after the change that was asked about
}

// Answer is what is told of it.
func (x Exchange) Answer() ExchangeAnswer {
	out := ExchangeAnswer{Granted: x.Refusal == nil, Status: 200, Audience: list(x.Audiences), Scope: x.Scope, Trace: Steps(x.Trace), Fixes: list(x.Fixes)}
	if x.Refusal != nil {
		out.Status, out.Error, out.Description = x.Refusal.Status, string(x.Refusal.Code), x.Refusal.Description
	}
	return out
}

// TokenAnswer is a Token as it is sent.
type TokenAnswer struct {
	Claims  json.RawMessage `json:"claims"` // null where there would be no token
	Trace   []Step          `json:"trace"`
	Refused *Refused        `json:"refused,omitempty"` // the resource that is asked for cannot be had
}

// Answer is what is told of it.
func (t Token) Answer() TokenAnswer {
	if t.Refusal != nil {
		return TokenAnswer{nil, Steps(t.Trace), refusedBy(t.Refusal)}
	}
	return TokenAnswer{t.Claims.AppendJSON(nil), Steps(t.Trace), nil}
}

// AnswerAudience tells where an access token may be used, also after the question's change.
func (s Stage) AnswerAudience(ctx context.Context, q Question) (a AudienceAnswer, err error) {
	scene, err := s.Scene(ctx, q)
	if err != nil {
		return a, err
	}
	a = OfAudience(scene, q.Want...).Answer()
	if after, asked := s.after(); asked {
		with, err := after.AnswerAudience(ctx, q)
		a.With = &with
		return a, err
	}
	return a, nil
}

// AnswerExchange tells what would come of an exchange, also after the question's change.
func (s Stage) AnswerExchange(ctx context.Context, q Question) (a ExchangeAnswer, err error) {
	subject, requester, parameters, err := s.Exchange(ctx, q)
	if err != nil {
		return a, err
	}
	a = OfExchange(subject, requester, parameters).Answer()
	if after, asked := s.after(); asked {
		with, err := after.AnswerExchange(ctx, q)
		a.With = &with
		return a, err
	}
	return a, nil
}

// AnswerAssertion tells what would come of an assertion, also after the question's change.
func (s Stage) AnswerAssertion(ctx context.Context, q Question) (a ExchangeAnswer, err error) {
	told, err := s.Assertion(ctx, q)
	if err != nil {
		return a, err
	}
	a = told.Answer()
	if after, asked := s.after(); asked {
		with, err := after.AnswerAssertion(ctx, q)
		a.With = &with
		return a, err
	}
	return a, nil
}

// AnswerToken tells what an access token would say. It has no answer to a change.
func (s Stage) AnswerToken(ctx context.Context, q Question) (a TokenAnswer, err error) {
	if len(q.With) > 0 {
		return a, &fault.Invalid{Field: "with", Message: "a change can be supposed of an audience or an exchange"}
	}
	scene, err := s.Scene(ctx, q)
	if err != nil {
		return a, err
	}
	return OfToken(scene).Answer(), nil
}

// after is the stage with the realm as it would be.
func (s Stage) after() (after Stage, asked bool) {
	if s.Supposed == nil {
		return s, false
	}
	after = s
	after.Realm, after.Supposed = s.Supposed, nil
	return after, true
}

// list is a list that is encoded as [] where it is empty.
func list[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}
