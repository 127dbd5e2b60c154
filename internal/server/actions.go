package server

import (
	"crypto/rand"

	"github.com/google/uuid"

	"github.com/tokenhouse/tokenhouse/internal/flow/authorize"
	"github.com/tokenhouse/tokenhouse/internal/flow/authorize/action"
	"github.com/tokenhouse/tokenhouse/internal/flow/people"
	"github.com/tokenhouse/tokenhouse/internal/store"
)

// addActions lets sign-in ask for more than a password.
func addActions(a *authorize.Authorizer, st *store.Store, p accounts) {
	d := &action.Deps{
		Users: st, People: p.own(st), Rules: p.rules,
		Sessions: &people.Sessions{Store: st, Users: st, Realms: st, Herald: p.herald},
		Once:     st, Lockouts: a.Lockouts, Kept: st, Mail: p.mail, Tokens: a.Keys, Events: a.Events,
		NewID: uuid.NewString, Secret: newSecret, Letters: letters, Aside: newLine().run,
	}
	a.Order, a.Plans = p.rules, p.rules
	alone := action.Passkey{Deps: d, Alone: true}
	a.Factors, a.Passkeys = []authorize.Action{action.OTP{Deps: d}, action.Passkey{Deps: d}, action.Recovery{Deps: d}, alone}, alone
	a.Actions = []authorize.Action{action.Terms{Deps: d}, action.UpdateProfile{Deps: d}, action.VerifyEmail{Deps: d}, action.ConfigureTOTP{Deps: d},
		action.UpdatePassword{Deps: d}, action.DeleteAccount{Deps: d}, action.VerifyProfile{Deps: d}, action.RegisterPasskey{Deps: d},
		action.RegisterPasskey{Deps: d, Alone: true}, action.ConfigureRecovery{Deps: d}, action.UpdateEmail{Deps: d}}
	a.Consent = action.Consent{Deps: d}
	a.Links = action.Links{Deps: d}
	a.Entrances = append(a.Entrances, action.Register{Deps: d}, action.ResetPassword{Deps: d})
}

// newSecret is 20 letters and digits that nobody can guess, as Keycloak's secrets of one-time codes are.
func newSecret() string {
	return letters(20, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ1234567890")
}

// letters are n of at most 64 characters, each as likely as any other.
func letters(n int, from string) string {
	raw := make([]byte, n)
	for i := range raw {
		for {
			rand.Read(raw[i : i+1])
			if at := int(raw[i]) & 63; at < len(from) {
				raw[i] = from[at]
				break
			}
		}
	}
	return string(raw)
}
