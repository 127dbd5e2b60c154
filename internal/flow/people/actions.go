package people

import (
	"slices"

	"github.com/tokenhouse/tokenhouse/internal/core/user"
)

// The required actions that are asked for here.
const (
	updatePassword = "UPDATE_PASSWORD"
	verifyProfile  = "VERIFY_PROFILE"
	verifyEmail    = "VERIFY_EMAIL"
)

// builtinActions are the required actions that Keycloak has, by their ids and sorted. Users can be given
// these and no others.
var builtinActions = []string{"CONFIGURE_RECOVERY_AUTHN_CODES", "CONFIGURE_TOTP", "TERMS_AND_CONDITIONS", "UPDATE_EMAIL", updatePassword,
	"UPDATE_PROFILE", verifyEmail, verifyProfile, "delete_account", "delete_credential", "idp_link", "update_user_locale",
	"webauthn-register", "webauthn-register-passwordless"}

// unasked are those that nobody is asked to do at a sign-in, though users can be given them: applications begin two of
// them, with what they are about, and the language is chosen on every page.
var unasked = []string{"delete_credential", "idp_link", "update_user_locale"}

// require adds a required action to a user, unless they have it.
func require(u *user.User, action string) {
	if !slices.Contains(u.RequiredActions, action) {
		u.RequiredActions = append(slices.Clone(u.RequiredActions), action)
	}
}

// relieve takes a required action from a user.
func relieve(u *user.User, action string) {
	u.RequiredActions = slices.DeleteFunc(slices.Clone(u.RequiredActions), func(a string) bool { return a == action })
}

// setActions makes these the built-in required actions of a user. Others that the user has stay, and
// unknown ones are passed over.
func setActions(u *user.User, wanted []string) {
	for _, action := range builtinActions {
		if slices.Contains(wanted, action) {
			require(u, action)
		} else {
			relieve(u, action)
		}
	}
}
