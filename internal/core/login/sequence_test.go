package login_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenhouse/tokenhouse/internal/core/login"
	"github.com/tokenhouse/tokenhouse/internal/core/session"
)

var now = time.Unix(1_900_000_000, 0)

// state is one in which everything is due, with what a test changes of it.
func state(change func(s *login.State, a *login.Attempt)) login.State {
	s := login.State{Attempt: &login.Attempt{}, Reached: -1, Now: now}
	change(&s, s.Attempt)
	return s
}

func signedIn(ago time.Duration) *session.Session { return &session.Session{AuthTime: now.Add(-ago)} }

func TestSequence(t *testing.T) {
	password := login.Factor{Name: login.FactorPassword}
	hour := int64(3600)
	brief := 5 * time.Minute
	tests := map[string]struct {
		state func(s *login.State, a *login.Attempt)
		want  login.Step
	}{
		"nobody":                {func(*login.State, *login.Attempt) {}, login.Step{Kind: login.AskPassword}},
		"nobody, silent":        {func(_ *login.State, a *login.Attempt) { a.Request.Prompt = []string{"none"} }, login.Step{Kind: login.RefuseLogin}},
		"session":               {func(s *login.State, _ *login.Attempt) { s.Session = signedIn(0) }, login.Step{Kind: login.UseSession}},
		"session, prompt=login": {func(s *login.State, a *login.Attempt) { s.Session, a.Request.Prompt = signedIn(0), []string{"login"} }, login.Step{Kind: login.AskPassword, Again: true, Asked: true}},
		"session, none wins": {func(s *login.State, a *login.Attempt) {
			s.Session, a.Request.Prompt = signedIn(0), []string{"none", "login"}
		}, login.Step{Kind: login.UseSession}},
		"session, young enough": {func(s *login.State, a *login.Attempt) {
			s.Session, a.Request.MaxAge = signedIn(time.Hour-time.Second), &hour
		}, login.Step{Kind: login.UseSession}},
		"session, too old": {func(s *login.State, a *login.Attempt) { s.Session, a.Request.MaxAge = signedIn(time.Hour), &hour }, login.Step{Kind: login.AskPassword, Again: true, Asked: true}},
		"session, too old, silent": {func(s *login.State, a *login.Attempt) {
			s.Session, a.Request.MaxAge, a.Request.Prompt = signedIn(time.Hour), &hour, []string{"none"}
		}, login.Step{Kind: login.RefuseLogin}},
		"session too old for action": {func(s *login.State, _ *login.Attempt) { s.Session, s.MaxAge = signedIn(brief+time.Second), &brief }, login.Step{Kind: login.AskPassword, Again: true, Asked: true}},
		"session below the level": {func(s *login.State, a *login.Attempt) {
			s.Session, s.Reached, a.Request.Levels = signedIn(0), 1, []int{2}
		}, login.Step{Kind: login.AskPassword, Again: true}},
		"session of no known level": {func(s *login.State, a *login.Attempt) { s.Session, a.Request.Levels = signedIn(0), []int{0} }, login.Step{Kind: login.AskPassword, Again: true}},
		"session of the level": {func(s *login.State, a *login.Attempt) {
			s.Session, s.Reached, a.Request.Levels = signedIn(0), 2, []int{2}
		}, login.Step{Kind: login.UseSession}},
		"factor is left": {func(s *login.State, a *login.Attempt) {
			s.Choices, s.Actions = [][]string{{"otp", "recovery"}}, []string{"TERMS"}
			a.Pass(password)
		}, login.Step{Kind: login.AskFactor, Alias: "otp", Ways: []string{"otp", "recovery"}}},
		"second factor is left": {func(s *login.State, a *login.Attempt) {
			s.Choices = [][]string{{"b"}, {"c"}}
			a.Pass(password)
			a.Pass(login.Factor{Name: "a"})
		}, login.Step{Kind: login.AskFactor, Alias: "b", Ways: []string{"b"}}},
		"session lacks a level": {func(s *login.State, a *login.Attempt) {
			s.Session, a.Session, s.Choices = signedIn(0), "id", [][]string{{"otp"}}
		}, login.Step{Kind: login.AskFactor, Alias: "otp", Ways: []string{"otp"}}},
		"session lacks a level, silent": {func(s *login.State, a *login.Attempt) {
			s.Session, a.Session, s.Choices, a.Request.Prompt = signedIn(0), "id", [][]string{{"otp"}}, []string{"none"}
		}, login.Step{Kind: login.RefuseLogin}},
		"action before consent": {func(s *login.State, a *login.Attempt) {
			s.Actions, s.Consent = []string{"TERMS"}, true
			a.Pass(password)
		}, login.Step{Kind: login.Act, Alias: "TERMS"}},
		"action, silent": {func(s *login.State, a *login.Attempt) {
			a.Session, s.Actions, a.Request.Prompt = "id", []string{"TERMS"}, []string{"none"}
		}, login.Step{Kind: login.RefuseInteraction}},
		"consent": {func(s *login.State, a *login.Attempt) { s.Consent = true; a.Pass(password) }, login.Step{Kind: login.AskConsent}},
		"consent, silent": {func(s *login.State, a *login.Attempt) {
			a.Session, s.Consent, a.Request.Prompt = "id", true, []string{"none"}
		}, login.Step{Kind: login.RefuseInteraction}},
		"nothing is left":            {func(s *login.State, a *login.Attempt) { a.Pass(password) }, login.Step{Kind: login.Finish}},
		"a session takes no sign-in": {func(s *login.State, a *login.Attempt) { s.Session, a.User = nil, "known but not proven" }, login.Step{Kind: login.AskPassword}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, login.Next(state(tt.state))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestRestartForgetsAll(t *testing.T) {
	a := &login.Attempt{Tab: "tab", Request: login.Request{Client: "web"}, Path: login.RequiredActions, Code: "code", Execution: "TERMS", Started: now,
		User: "alice", Username: "alice", Session: "session", Remember: true, Allowed: true, Outcome: "success", Notes: map[string]string{"reset_password": "true"}}
	a.Pass(login.Factor{Name: login.FactorPassword})
	a.Restart()
	want := &login.Attempt{Tab: "tab", Request: login.Request{Client: "web"}, Path: login.Authenticate, Started: now}
	if diff := cmp.Diff(want, a); diff != "" {
		t.Error(diff)
	}
}
