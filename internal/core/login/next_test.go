package login_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenhouse/tokenhouse/internal/core/login"
	"github.com/tokenhouse/tokenhouse/internal/core/session"
)

var noon = time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)

// visit is a browser that comes with a request, in the words of the table.
type visit struct {
	prompt  string        // words
	maxAge  int64         // seconds; -1: none
	levels  []int         // asked for
	session time.Duration // how long ago somebody signed in; 0: nobody is
	reached int           // level of the session
	passed  string        // factors of this attempt
	took    bool          // the session's user was taken over
	steps   bool          // what the session's level lacks is asked for alone
	factors string        // that the user still has to pass
	actions string        // that are due
	action  time.Duration // how old the sign-in may be for what the application started; 0: any
	consent bool          // the client has to be allowed something
}

func (v visit) state() login.State {
	a := &login.Attempt{Request: login.Request{Prompt: strings.Fields(v.prompt), Levels: v.levels}}
	if v.maxAge >= 0 {
		a.Request.MaxAge = &v.maxAge
	}
	for name := range strings.FieldsSeq(v.passed) {
		a.Pass(login.Factor{Name: name, At: noon})
	}
	s := login.State{Attempt: a, Reached: v.reached, StepsUp: v.steps, Actions: strings.Fields(v.actions), Consent: v.consent, Now: noon}
	for name := range strings.FieldsSeq(v.factors) {
		s.Choices = append(s.Choices, []string{name})
	}
	if v.session > 0 {
		s.Session = &session.Session{ID: "s", AuthTime: noon.Add(-v.session)}
	}
	if v.took {
		a.Session = "s"
	}
	if v.action > 0 {
		s.MaxAge = &v.action
	}
	return s
}

func TestNext(t *testing.T) {
	const (
		hour     = time.Hour
		password = login.FactorPassword
		otp      = login.FactorOTP
	)
	ask := login.Step{Kind: login.AskPassword}
	again := login.Step{Kind: login.AskPassword, Again: true, Asked: true}
	higher := login.Step{Kind: login.AskPassword, Again: true}
	use, finish := login.Step{Kind: login.UseSession}, login.Step{Kind: login.Finish}
	noLogin, noPage := login.Step{Kind: login.RefuseLogin}, login.Step{Kind: login.RefuseInteraction}
	code := login.Step{Kind: login.AskFactor, Alias: otp, Ways: []string{otp}}
	consent := login.Step{Kind: login.AskConsent}
	for name, tt := range map[string]struct {
		visit visit
		want  login.Step
	}{
		// Nobody is signed in.
		"nobody":                         {visit{maxAge: -1}, ask},
		"nobody, prompt=login":           {visit{maxAge: -1, prompt: "login"}, ask},
		"nobody, prompt=none":            {visit{maxAge: -1, prompt: "none"}, noLogin},
		"nobody, none wins over login":   {visit{maxAge: -1, prompt: "none login"}, noLogin},
		"nobody, a level is asked for":   {visit{maxAge: -1, levels: []int{2}}, ask},
		"nobody, consent is due as well": {visit{maxAge: -1, consent: true}, ask},
		"nobody, silent, consent is due": {visit{maxAge: -1, prompt: "none", consent: true}, noLogin},

		// Somebody is.
		"signed in":                        {visit{maxAge: -1, session: hour, reached: -1}, use},
		"signed in, prompt=none":           {visit{maxAge: -1, session: hour, reached: -1, prompt: "none"}, use},
		"signed in, prompt=login":          {visit{maxAge: -1, session: hour, reached: -1, prompt: "login"}, again},
		"signed in, none wins over login":  {visit{maxAge: -1, session: hour, reached: -1, prompt: "login none"}, use},
		"signed in, prompt=consent":        {visit{maxAge: -1, session: hour, reached: -1, prompt: "consent"}, use},
		"signed in, young enough":          {visit{maxAge: 3601, session: hour, reached: -1}, use},
		"signed in, exactly too old":       {visit{maxAge: 3600, session: hour, reached: -1}, again},
		"signed in, too old":               {visit{maxAge: 60, session: hour, reached: -1}, again},
		"signed in, max_age=0":             {visit{maxAge: 0, session: time.Nanosecond, reached: -1}, again},
		"signed in, too old, prompt=none":  {visit{maxAge: 60, session: hour, reached: -1, prompt: "none"}, noLogin},
		"signed in, level is reached":      {visit{maxAge: -1, session: hour, reached: 2, levels: []int{2}}, use},
		"signed in, lower level will do":   {visit{maxAge: -1, session: hour, reached: 1, levels: []int{2, 1}}, use},
		"signed in, level is not reached":  {visit{maxAge: -1, session: hour, reached: 1, levels: []int{2}}, higher},
		"signed in, level is not known":    {visit{maxAge: -1, session: hour, reached: -1, levels: []int{0}}, higher},
		"signed in, silent, not the level": {visit{maxAge: -1, session: hour, reached: 1, levels: []int{2}, prompt: "none"}, noLogin},
		"signed in, steps up":              {visit{maxAge: -1, session: hour, reached: 1, levels: []int{2}, steps: true}, use},
		"signed in, steps up in silence":   {visit{maxAge: -1, session: hour, reached: 1, levels: []int{2}, steps: true, prompt: "none"}, noLogin},
		"signed in, steps up, all is old":  {visit{maxAge: 60, session: hour, reached: 1, levels: []int{2}, steps: true}, again},
		"signed in, steps up, anew":        {visit{maxAge: -1, session: hour, reached: 1, levels: []int{2}, steps: true, prompt: "login"}, again},
		"signed in, fresh for an action":   {visit{maxAge: -1, session: time.Minute, reached: -1, action: time.Minute}, use},
		"signed in, stale for an action":   {visit{maxAge: -1, session: hour, reached: -1, action: time.Minute}, again},

		// The user of the session was taken over: it proves no more than it did.
		"taken over":                         {visit{maxAge: -1, session: hour, took: true}, finish},
		"taken over, a level is missing":     {visit{maxAge: -1, session: hour, took: true, factors: otp}, code},
		"taken over, missing, prompt=none":   {visit{maxAge: -1, session: hour, took: true, factors: otp, prompt: "none"}, noLogin},
		"taken over, action":                 {visit{maxAge: -1, session: hour, took: true, actions: "TERMS"}, login.Step{Kind: login.Act, Alias: "TERMS"}},
		"taken over, action, prompt=none":    {visit{maxAge: -1, session: hour, took: true, actions: "TERMS", prompt: "none"}, noPage},
		"taken over, consent":                {visit{maxAge: -1, session: hour, took: true, consent: true}, consent},
		"taken over, consent, prompt=none":   {visit{maxAge: -1, session: hour, took: true, consent: true, prompt: "none"}, noPage},
		"taken over, nothing is left to ask": {visit{maxAge: -1, session: hour, took: true, prompt: "none"}, finish},

		// The password was proven: age and level are settled, other factors are not.
		"proven":                          {visit{maxAge: -1, passed: password}, finish},
		"proven, prompt=login is met":     {visit{maxAge: 0, passed: password, session: hour, prompt: "login"}, finish},
		"proven, another factor":          {visit{maxAge: -1, passed: password, factors: otp}, code},
		"proven, the factor before all":   {visit{maxAge: -1, passed: password, factors: otp, actions: "TERMS", consent: true}, code},
		"proven twice":                    {visit{maxAge: -1, passed: password + " " + otp}, finish},
		"proven, actions in their order":  {visit{maxAge: -1, passed: password, actions: "TERMS UPDATE_PASSWORD"}, login.Step{Kind: login.Act, Alias: "TERMS"}},
		"proven, actions before consent":  {visit{maxAge: -1, passed: password, actions: "TERMS", consent: true}, login.Step{Kind: login.Act, Alias: "TERMS"}},
		"proven, consent":                 {visit{maxAge: -1, passed: password, consent: true}, consent},
		"proven, and the level unreached": {visit{maxAge: -1, passed: password, levels: []int{9}}, finish}, // the token says which was
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, login.Next(tt.visit.state())); diff != "" {
				t.Errorf("next step: %s", diff)
			}
		})
	}
}

// TestSilenceIsKept: no request with prompt=none gets a page, whatever else there is to say of it.
func TestSilenceIsKept(t *testing.T) {
	for _, prompt := range []string{"none", "none login", "login none consent", "create none"} {
		for _, age := range []time.Duration{0, time.Minute, time.Hour} {
			for _, maxAge := range []int64{-1, 0, 60, 7200} {
				for _, passed := range []string{"", login.FactorPassword} {
					for _, took := range []bool{false, age > 0} {
						for _, due := range []string{"", "TERMS"} {
							for _, consent := range []bool{false, true} {
								v := visit{prompt: prompt, maxAge: maxAge, session: age, passed: passed, took: took, actions: due, consent: consent}
								switch step := login.Next(v.state()); step.Kind {
								case login.AskPassword, login.AskFactor, login.Act, login.AskConsent:
									t.Errorf("%+v leads to a page: %+v", v, step)
								}
							}
						}
					}
				}
			}
		}
	}
}

func FuzzParseType(f *testing.F) {
	for _, seed := range []string{"code", "code id_token", "none", "token none", "", " ", "code code"} {
		f.Add(seed, "form_post.jwt")
	}
	f.Fuzz(func(t *testing.T, parameter, mode string) {
		parsed, ok := login.ParseType(parameter)
		if !ok {
			return
		}
		if again, ok := login.ParseType(parsed.String()); !ok || again != parsed {
			t.Errorf("%q is %q, which is not the same", parameter, parsed)
		}
		m, ok := login.ModeOf(mode, parsed)
		if mode == "" && parsed.Tokens() && m == login.ModeQuery {
			t.Error("tokens travel in a query")
		}
		if plain, _ := m.Signed(); ok && plain != login.ModeQuery && plain != login.ModeFragment && plain != login.ModeFormPost {
			t.Errorf("mode %q travels by %q", mode, plain)
		}
	})
}
