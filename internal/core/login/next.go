package login

import (
	"slices"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/session"
)

// State is all that Next looks at.
type State struct {
	Attempt *Attempt
	Session *session.Session // that the browser is signed in to, live; nil: none
	Reached int              // level of assurance of Session; -1: it says none, and any that is asked for is higher
	StepsUp bool             // who lacks a level is asked for what that takes; else for all
	Choices [][]string       // of factors that the user still has to pass one each of, in order; none is empty
	Actions []string         // required actions that are due, in order
	Consent bool             // there is something for the user to allow
	MaxAge  *time.Duration   // how old the sign-in may be for the action that the application started; nil: any
	Now     time.Time
}

// Kind is a kind of step.
type Kind int

const (
	AskPassword Kind = iota // username and password, or the password alone
	AskFactor               // another factor
	Act                     // a required action
	AskConsent
	UseSession // the browser's session is good: take its user over and ask again
	Finish     // answer the client
	RefuseLogin
	RefuseInteraction
)

// Step is what comes next.
type Step struct {
	Kind  Kind
	Alias string   // of the factor or the action
	Ways  []string // with AskFactor: all that the user may choose from, Alias among them
	Again bool     // with AskPassword: of somebody who is signed in, whose name is known
	Asked bool     // with Again: prompt or max_age ask for it, and the user is told
}

// Next decides the next step. A request with prompt=none never gets a page (OpenID Connect Core §3.1.2.1).
func Next(s State) Step {
	a, silent := s.Attempt, s.Attempt.Request.Asks(PromptNone)
	if !a.Proven() && a.Session == "" {
		return s.first(silent)
	}
	switch {
	case len(s.Choices) > 0 && silent:
		return Step{Kind: RefuseLogin}
	case len(s.Choices) > 0:
		ways := s.Choices[0]
		return Step{Kind: AskFactor, Alias: a.chosen(ways), Ways: ways}
	case len(s.Actions) > 0 && silent:
		return Step{Kind: RefuseInteraction}
	case len(s.Actions) > 0:
		return Step{Kind: Act, Alias: s.Actions[0]}
	case s.Consent && silent:
		return Step{Kind: RefuseInteraction}
	case s.Consent:
		return Step{Kind: AskConsent}
	}
	return Step{Kind: Finish}
}

// first is the step of an attempt of whose user nothing is proven.
func (s *State) first(silent bool) Step {
	again := s.Session != nil
	if again && !s.tooOld() && (!s.tooLow() || s.StepsUp && !silent) {
		return Step{Kind: UseSession}
	}
	if silent {
		return Step{Kind: RefuseLogin}
	}
	return Step{Kind: AskPassword, Again: again, Asked: again && s.tooOld()}
}

// tooLow tells whether the request asks for a higher level than the session has.
func (s *State) tooLow() bool {
	levels := s.Attempt.Request.Levels
	return len(levels) > 0 && slices.Min(levels) > s.Reached
}

// tooOld tells whether the request asks for a fresh sign-in, or for one that is not as old as the session's.
func (s *State) tooOld() bool {
	q := &s.Attempt.Request
	return q.Asks(PromptLogin) ||
		s.MaxAge != nil && s.Now.Unix()-s.Session.AuthTime.Unix() > int64(s.MaxAge.Seconds()) ||
		q.MaxAge != nil && *q.MaxAge >= 0 && s.Now.Unix()-s.Session.AuthTime.Unix() >= *q.MaxAge
}
