package realms

import (
	"net/http"

	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/flow/audit"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
	"github.com/tokenhouse/tokenhouse/internal/web/admin/rest"
)

// clearCache answers scripts that empty Keycloak's caches. What this server remembers is never older than
// what is stored, so that there is nothing to clear; that somebody asked is recorded.
func (d Deps) clearCache(cache string) rest.Handler {
	return func(w http.ResponseWriter, r *rest.Request) error {
		return rest.Done(w, d.Stored.Append(r.Context(), r.Author.Of(r.Realm, audit.Action, "REALM", "clear-"+cache+"-cache", nil)))
	}
}

// registrars are the required actions by which users set up a credential, in Keycloak's order.
var registrars = []string{"CONFIGURE_TOTP", "webauthn-register", "webauthn-register-passwordless", "CONFIGURE_RECOVERY_AUTHN_CODES"}

// registrators lists the required actions of the realm by which users may set up a credential.
func (d Deps) registrators(w http.ResponseWriter, r *rest.Request) error {
	extra, err := d.Stored.Extra(r.Context(), r.Realm.Key, realm.KindRealm, r.Realm.Key)
	if err != nil {
		return err
	}
	enabled := map[string]bool{}
	for _, action := range keycloak.Value[[]keycloak.Object](keycloak.Object(extra), "requiredActions") {
		enabled[action.Text("alias")] = keycloak.Value[bool](action, "enabled")
	}
	out := []string{}
	for _, alias := range registrars {
		if enabled[alias] {
			out = append(out, alias)
		}
	}
	return rest.JSON(w, out)
}

// tryMail signs in at the mail server that the body names. It sends no mail. A masked password is the
// realm's: see keycloak.UnmaskMail.
func (d Deps) tryMail(w http.ResponseWriter, r *rest.Request) error {
	settings, err := r.TextMap()
	if err != nil {
		return err
	}
	extra, err := d.Stored.Extra(r.Context(), r.Realm.Key, realm.KindRealm, r.Realm.Key)
	if err != nil {
		return err
	}
	if err = keycloak.UnmaskMail(settings, keycloak.KeptMail(extra, r.Realm.SMTPPassword)); err == nil {
		err = d.Mail.Try(r.Context(), settings)
	}
	if err != nil {
		return rest.BadRequest("Failed to send email: " + err.Error())
	}
	return rest.NoContent(w)
}
