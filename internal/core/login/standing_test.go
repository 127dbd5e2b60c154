package login_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenhouse/tokenhouse/internal/core/login"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/keycloak/realmtest"
)

// steps is a plan by which a password gives level 1 for a day, a one-time code level 2 for five minutes, and a passkey
// level 3 for the one request; recovery codes are asked of who has them, whatever the level.
var steps = login.Plan{Password: true, Entry: 1,
	Levels: []login.Level{{Number: 1, Age: 24 * time.Hour}, {Number: 2, Age: 5 * time.Minute}, {Number: 3}},
	Choices: []login.Choice{
		{Ways: []string{login.FactorRecovery}},
		{Ways: []string{login.FactorOTP}, Must: true, Level: 2},
		{Ways: []string{login.FactorPasskey}, Must: true, Level: 3}}}

// TestStanding: plan × what the user has × what the session keeps × what is asked for.
func TestStanding(t *testing.T) {
	const (
		password, only = login.FactorPassword, login.FactorPasskeyOnly
		otp, key, code = login.FactorOTP, login.FactorPasskey, login.FactorRecovery
		fresh, taken   = false, true
	)
	ago := func(level int, d time.Duration) login.Reached {
		return login.Reached{1: noon.Add(-d).Unix(), level: noon.Add(-d).Unix()}
	}
	type result struct {
		Owed, Lacking string // factors
		Level         int    // that the client is told
		Kept          string // levels that the session has afterwards and may use a second later
	}
	for name, tt := range map[string]struct {
		took   bool // the user was taken from a session
		wanted int
		held   login.Reached
		has    string // factors of the user
		passed string // in this attempt
		want   result
	}{
		// Somebody signs in.
		"password, no level asked for":    {fresh, 0, nil, otp, password, result{Level: 1, Kept: "1"}},
		"password, level 1":               {fresh, 1, nil, otp, password, result{Level: 1, Kept: "1"}},
		"password, level 2":               {fresh, 2, nil, otp, password, result{Owed: otp, Level: 1, Kept: "1"}},
		"password, level 2, none set up":  {fresh, 2, nil, "", password, result{Lacking: otp, Level: 1, Kept: "1"}},
		"password and code, level 2":      {fresh, 2, nil, otp, password + " " + otp, result{Level: 2, Kept: "1 2"}},
		"password and code, not asked":    {fresh, 1, nil, otp, password + " " + otp, result{Level: 1, Kept: "1"}}, // as who has just set one up
		"level 3 takes all below":         {fresh, 3, nil, otp + " " + key, password, result{Owed: otp + " " + key, Level: 1, Kept: "1"}},
		"level 3 is for the one request":  {fresh, 3, nil, otp + " " + key, password + " " + otp + " " + key, result{Level: 3, Kept: "1 2"}},
		"a level that the flow lacks":     {fresh, 9, nil, otp + " " + key, password + " " + otp + " " + key, result{Level: 3, Kept: "1 2"}},
		"whatever the level":              {fresh, 1, nil, code, password, result{Owed: code, Level: 1, Kept: "1"}},
		"passkey in place of a password":  {fresh, 0, nil, code + " " + otp, only, result{Level: 1, Kept: "1"}},
		"and no more than that":           {fresh, 2, nil, code + " " + otp, only, result{Owed: otp, Level: 1, Kept: "1"}},
		"no way in of the flow":           {fresh, 0, nil, otp, login.FactorProvider, result{Level: -1}},
		"anew, what is held is not asked": {fresh, 2, ago(2, time.Minute), otp, password, result{Owed: otp, Level: 1, Kept: "1 2"}},

		// A session says who they are.
		"nothing asked for":             {taken, 0, ago(1, time.Hour), otp + " " + code, "", result{Level: 1, Kept: "1"}},
		"held":                          {taken, 2, ago(2, time.Minute), otp, "", result{Level: 2, Kept: "1 2"}},
		"steps up":                      {taken, 2, ago(1, time.Hour), otp, "", result{Owed: otp, Level: 1, Kept: "1"}},
		"stepped up":                    {taken, 2, ago(1, time.Hour), otp, otp, result{Level: 2, Kept: "1 2"}},
		"steps up, none set up":         {taken, 2, ago(1, time.Hour), "", "", result{Lacking: otp, Level: 1, Kept: "1"}},
		"level 2 a second before":       {taken, 2, ago(2, 299*time.Second), otp, "", result{Level: 2, Kept: "1"}},
		"level 2 is over":               {taken, 2, ago(2, 300*time.Second), otp, "", result{Owed: otp, Level: 1, Kept: "1"}},
		"level 2 is over, 1 is enough":  {taken, 1, ago(2, time.Hour), otp, "", result{Level: 1, Kept: "1"}},
		"all is over, nothing asked":    {taken, 0, ago(2, 24*time.Hour), otp, "", result{Level: -1}},
		"of a time to come":             {taken, 2, ago(2, -time.Hour), otp, "", result{Owed: otp, Level: -1, Kept: ""}},
		"some of what level 3 takes":    {taken, 3, ago(2, time.Minute), otp + " " + key, "", result{Owed: key, Level: 2, Kept: "1 2"}},
		"another's factor does not do":  {taken, 2, ago(1, time.Hour), otp + " " + key, key, result{Owed: otp, Level: 1, Kept: "1"}},
		"a level of no flow any more":   {taken, 0, ago(7, time.Minute), otp, "", result{Level: 1, Kept: "1"}},
		"level 2 without the first one": {taken, 2, nil, otp, otp, result{Level: 2, Kept: "2"}},
	} {
		t.Run(name, func(t *testing.T) {
			a := &login.Attempt{}
			if tt.took {
				a.Session = "s"
			}
			for factor := range strings.FieldsSeq(tt.passed) {
				a.Pass(login.Factor{Name: factor, At: noon})
			}
			s := login.Standing{Plan: steps, Attempt: a, Wanted: tt.wanted, Held: tt.held, Now: noon}
			var err error
			s.Open, err = steps.For(&login.Facts{}, func(factor string) (bool, error) {
				return slices.Contains(strings.Fields(tt.has), factor), nil
			})
			if err != nil {
				t.Fatal(err)
			}
			var got result
			owed, lacking := s.Owed()
			for _, ways := range owed {
				got.Owed = strings.TrimSpace(got.Owed + " " + strings.Join(ways, "|"))
			}
			for _, c := range lacking {
				got.Lacking = strings.TrimSpace(got.Lacking + " " + strings.Join(c.Ways, "|"))
			}
			all, level := s.Reached()
			got.Level = level
			kept := login.ReadReached(all.String())
			for _, one := range []string{"1", "2", "3"} {
				alone := login.Reached{int(one[0] - '0'): kept[int(one[0]-'0')]}
				if _, ok := kept[int(one[0]-'0')]; ok && steps.Highest(alone, noon.Add(time.Second)) > 0 {
					got.Kept = strings.TrimSpace(got.Kept + " " + one)
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestRaise: who has a factor for a level passes it before they get another.
func TestRaise(t *testing.T) {
	for has, want := range map[string]int{"": 0, login.FactorOTP: 2, login.FactorPasskey: 3} {
		s := login.Standing{Plan: steps, Attempt: &login.Attempt{}, Now: noon}
		s.Open, _ = steps.For(&login.Facts{}, func(factor string) (bool, error) { return factor == has, nil })
		s.Raise(login.FactorOTP)
		s.Raise(login.FactorPasskey)
		if s.Wanted != want {
			t.Errorf("who has %q wants level %d, not %d", has, s.Wanted, want)
		}
	}
}

// club is a realm with roles and client scopes.
func club(t *testing.T) *realm.Realm {
	t.Helper()
	f, err := realmtest.Read(`{"realm": "club", "clients": [{"clientId": "desk.app"}], "clientScopes": [{"name": "payments"}, {"name": "profile"}],
		"roles": {"realm": [{"id": "admin-key", "name": "admin", "composite": true, "composites": {"client": {"desk.app": ["read"]}}}, {"name": "guest"}],
			"client": {"desk.app": [{"name": "read"}]}}}`)
	if err != nil {
		t.Fatal(err)
	}
	return f.Draft.Realm()
}

// TestConditions: condition × user × request. What cannot be read holds, also negated.
func TestConditions(t *testing.T) {
	r := club(t)
	staff := &realm.Group{Attributes: map[string][]string{"desk": {"3"}}}
	ann := &user.User{Email: "ann@club.test", Attributes: map[string][]string{"tier": {"silver", "gold"}}, Roles: []string{"admin-key"}, Groups: []*realm.Group{staff}}
	role := func(name string) login.Condition { return login.Condition{Kind: login.OnRole, Name: name} }
	attribute := func(name, value string) login.Condition {
		return login.Condition{Kind: login.OnAttribute, Name: name, Value: value}
	}
	scope := func(name string) login.Condition { return login.Condition{Kind: login.OnScope, Name: name} }
	used := func(kinds string) login.Condition {
		return login.Condition{Kind: login.OnCredential, Kinds: login.ReadKinds(kinds)}
	}
	groups, regex := attribute("desk", "3"), attribute("tier", "g.ld")
	groups.Groups, regex.Regex = true, true
	part, broken := attribute("tier", "gol"), attribute("tier", "(")
	part.Regex, broken.Regex = true, true
	for name, tt := range map[string]struct {
		c        login.Condition
		holds    bool
		readable bool
	}{
		"role":                          {role("admin"), true, true},
		"role that includes it":         {role("desk.app.read"), true, true},
		"role of others":                {role("guest"), false, true},
		"role that is not there":        {role("gone"), true, false},
		"no role":                       {role(""), true, false},
		"attribute":                     {attribute("tier", "gold"), true, true},
		"attribute of another value":    {attribute("tier", "bronze"), false, true},
		"attribute that nobody has":     {attribute("rank", "1"), false, true},
		"attribute with a field":        {attribute("email", "ann@club.test"), true, true},
		"field that is empty":           {attribute("firstName", ""), false, true},
		"attribute of a group":          {groups, true, true},
		"attribute of a group, not on":  {attribute("desk", "3"), false, true},
		"expression":                    {regex, true, true},
		"expression for a part of it":   {part, false, true},
		"expression that is none":       {broken, true, false},
		"attribute without a name":      {attribute("", "x"), true, false},
		"scope":                         {scope("payments"), true, true},
		"scope that is not in play":     {scope("profile"), false, true},
		"scope that is not there":       {scope("gone"), true, false},
		"credential":                    {used("otp##password"), true, true},
		"credential that was not used":  {used("webauthn"), false, true},
		"none, but one was used":        {used("none"), false, true},
		"a condition that is not known": {login.Condition{Kind: "conditional-on-the-moon"}, true, false},
	} {
		t.Run(name, func(t *testing.T) {
			f := &login.Facts{Realm: r, User: ann, Scopes: []string{"payments"}, Passed: []login.Factor{{Name: login.FactorPassword}}}
			if got := tt.c.Holds(f); got != tt.holds {
				t.Errorf("holds: %v", got)
			}
			tt.c.Not = true
			if got := tt.c.Holds(f); got != (!tt.readable || !tt.holds) {
				t.Errorf("negated, holds: %v", got)
			}
		})
	}
	none := used("none")
	if !none.Holds(&login.Facts{Passed: []login.Factor{{Name: login.FactorProvider}}}) {
		t.Error("who used no credential is not said to have used none")
	}
}
