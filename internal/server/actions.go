package server

import (
	"crypto/rand"

	"github.com/google/uuid"

	"github.com/tokenhouse/tokenhouse/internal/flow/authorize"
	"github.com/tokenhouse/tokenhouse/internal/flow/authorize/action"
	"github.com/tokenhouse/tokenhouse/internal/flow/people"
	"github.com/tokenhouse/tokenhouse/internal/mail"
	"github.com/tokenhouse/tokenhouse/internal/store"
)

// addActions lets sign-in ask for more than a password.
func addActions(a *authorize.Authorizer, st *store.Store, p accounts) {
	d := &action.Deps{
		Users: st, People: &people.Users{Store: st, Groups: st, Failures: st, Rules: p.rules, Passwords: p.passwords}, Rules: p.rules,
		Sessions: &people.Sessions{Store: st, Users: st, Realms: st, Herald: p.herald},
		Once:     st, Lockouts: a.Lockouts, Kept: st, Mail: &mail.Client{}, Tokens: a.Keys, Events: a.Events,
		NewID: uuid.NewString, Secret: newSecret, Aside: func(f func()) { go f() },
	}
	a.Order = p.rules
	a.Factors = []authorize.Action{action.OTP{Deps: d}}
	a.Actions = []authorize.Action{action.Terms{Deps: d}, action.UpdateProfile{Deps: d}, action.VerifyEmail{Deps: d}, action.ConfigureTOTP{Deps: d},
		action.UpdatePassword{Deps: d}, action.DeleteAccount{Deps: d}, action.VerifyProfile{Deps: d}}
	a.Consent = action.Consent{Deps: d}
	a.Links = action.Links{Deps: d}
	a.Entrances = append(a.Entrances, action.Register{Deps: d}, action.ResetPassword{Deps: d})
}

// newSecret is 20 letters and digits that nobody can guess, as Keycloak's secrets of one-time codes are.
func newSecret() string {
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ1234567890"
	raw := make([]byte, 20)
	for i := range raw {
		for {
			rand.Read(raw[i : i+1])
			if n := int(raw[i]) & 63; n < len(letters) {
				raw[i] = letters[n]
				break
			}
		}
	}
	return string(raw)
}
