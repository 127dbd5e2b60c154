// Package letter writes the e-mails that people get: as text and as HTML, in English or German.
package letter

import (
	"html"
	"strconv"
	"strings"
	"time"
)

// Letter is an e-mail.
type Letter struct {
	To      string // address
	Link    string // where it leads
	Subject string
	Text    string
	HTML    string
}

// Kind is what a letter is about.
type Kind int

const (
	VerifyEmail   Kind = iota // prove that an address is yours
	ResetPassword             // choose another password
	LinkAccount               // join an account at an identity provider to yours
	UpdateEmail               // prove that the address that you want is yours
	DoActions                 // do what an administrator asks for
)

// Facts are what a letter says.
type Facts struct {
	To    string
	Realm string        // name for people
	Link  string        // where to go; it is good for one use
	Life  time.Duration // how long the link is good for

	Provider, Username string   // with LinkAccount: the provider's name for people, and the name of the account there
	Actions            []string // with DoActions: required actions, by Keycloak's names
}

// Write writes a letter in a language, as "de" or "de-AT"; English where it is another.
func Write(k Kind, locale string, f Facts) Letter {
	w, ok := words[strings.ToLower(strings.SplitN(locale, "-", 2)[0])]
	if !ok {
		w = words["en"]
	}
	said := w.kinds[k]
	life := w.span(f.Life)
	fill := strings.NewReplacer("{realm}", f.Realm, "{life}", life, "{provider}", f.Provider, "{username}", f.Username,
		"{to}", f.To, "{actions}", w.list(f.Actions)).Replace
	text := []string{fill(said.why), f.Link, fill(said.life), fill(said.otherwise)}
	link := html.EscapeString(f.Link)
	paragraphs := []string{html.EscapeString(text[0]), `<a href="` + link + `" rel="nofollow">` + html.EscapeString(said.link) + `</a>`,
		html.EscapeString(text[2]), html.EscapeString(text[3])}
	return Letter{To: f.To, Link: f.Link, Subject: fill(said.subject), Text: strings.Join(text, "\n\n") + "\n",
		HTML: "<!DOCTYPE html>\n<html><body>\n<p>" + strings.Join(paragraphs, "</p>\n<p>") + "</p>\n</body></html>\n"}
}

// language is how letters are said in one.
type language struct {
	kinds          map[Kind]saying
	minutes, hours [2]string // one, many
	actions        map[string]string
}

// list says what required actions are, by a comma; one that has no words by its name.
func (l *language) list(actions []string) string {
	var out []string
	for _, a := range actions {
		if said, ok := l.actions[a]; ok {
			a = said
		}
		out = append(out, a)
	}
	return strings.Join(out, ", ")
}

type saying struct{ subject, why, link, life, otherwise string }

var words = map[string]language{
	"en": {
		kinds: map[Kind]saying{
			VerifyEmail: {
				subject:   "Verify email",
				why:       "Someone has created a {realm} account with this email address. If this was you, click the link below to verify your email address.",
				link:      "Link to email address verification",
				life:      "This link will expire within {life}.",
				otherwise: "If you didn't create this account, just ignore this message.",
			},
			ResetPassword: {
				subject:   "Reset password",
				why:       "Someone just requested to change your {realm} account's credentials. If this was you, click on the link below to reset them.",
				link:      "Link to reset credentials",
				life:      "This link will expire within {life}.",
				otherwise: "If you don't want to reset your credentials, just ignore this message and nothing will be changed.",
			},
			LinkAccount: {
				subject:   "Link {provider}",
				why:       "Someone wants to link your {realm} account with {provider} account of user {username}. If this was you, click the link below to link accounts, in the browser that you signed in with.",
				link:      "Link to confirm account linking",
				life:      "This link will expire within {life}.",
				otherwise: "If you don't want to link your account, just ignore this message. If you link accounts, you will be able to log in through {provider}.",
			},
			UpdateEmail: {
				subject:   "Verify new email",
				why:       "To update your {realm} account with email address {to}, click the link below.",
				link:      "Link to update the email address",
				life:      "This link will expire within {life}.",
				otherwise: "If you don't want to proceed with this modification, just ignore this message.",
			},
			DoActions: {
				subject:   "Update Your Account",
				why:       "Your administrator has just requested that you update your {realm} account by performing the following action(s): {actions}. Click on the link below to start this process.",
				link:      "Link to account update",
				life:      "This link will expire within {life}.",
				otherwise: "If you are unaware that your administrator has requested this, just ignore this message and nothing will be changed.",
			},
		},
		minutes: [2]string{"minute", "minutes"}, hours: [2]string{"hour", "hours"},
		actions: map[string]string{"UPDATE_PASSWORD": "Update Password", "UPDATE_PROFILE": "Update Profile", "VERIFY_PROFILE": "Verify Profile", "UPDATE_EMAIL": "Update Email",
			"VERIFY_EMAIL": "Verify Email", "CONFIGURE_TOTP": "Configure OTP", "TERMS_AND_CONDITIONS": "Terms and Conditions", "CONFIGURE_RECOVERY_AUTHN_CODES": "Generate recovery codes",
			"webauthn-register": "Register a Passkey", "webauthn-register-passwordless": "Register a Passkey for passwordless sign in", "delete_account": "Delete Account"},
	},
	"de": {
		kinds: map[Kind]saying{
			VerifyEmail: {
				subject:   "E-Mail-Adresse bestätigen",
				why:       "Jemand hat mit dieser E-Mail-Adresse ein Konto bei {realm} eröffnet. Wenn Sie das waren, bestätigen Sie die Adresse bitte mit dem folgenden Link.",
				link:      "E-Mail-Adresse bestätigen",
				life:      "Der Link gilt {life}.",
				otherwise: "Wenn Sie kein Konto eröffnet haben, können Sie diese Nachricht ignorieren.",
			},
			ResetPassword: {
				subject:   "Passwort zurücksetzen",
				why:       "Jemand möchte das Passwort Ihres Kontos bei {realm} ändern. Wenn Sie das sind, folgen Sie bitte diesem Link.",
				link:      "Passwort zurücksetzen",
				life:      "Der Link gilt {life}.",
				otherwise: "Wenn Sie Ihr Passwort nicht ändern möchten, ignorieren Sie diese Nachricht; es bleibt dann, wie es ist.",
			},
			LinkAccount: {
				subject:   "{provider} verknüpfen",
				why:       "Jemand möchte Ihr Konto bei {realm} mit dem Konto {username} bei {provider} verknüpfen. Wenn Sie das sind, folgen Sie bitte diesem Link, und zwar in dem Browser, mit dem Sie sich angemeldet haben.",
				link:      "Konten verknüpfen",
				life:      "Der Link gilt {life}.",
				otherwise: "Wenn Sie Ihr Konto nicht verknüpfen möchten, ignorieren Sie diese Nachricht. Verknüpfte Konten lassen sich über {provider} öffnen.",
			},
			UpdateEmail: {
				subject:   "Neue E-Mail-Adresse bestätigen",
				why:       "Mit dem folgenden Link wird {to} die E-Mail-Adresse Ihres Kontos bei {realm}.",
				link:      "E-Mail-Adresse ändern",
				life:      "Der Link gilt {life}.",
				otherwise: "Wenn Sie die Adresse nicht ändern möchten, ignorieren Sie diese Nachricht.",
			},
			DoActions: {
				subject:   "Aktualisieren Sie Ihr Konto",
				why:       "Ihr Administrator bittet Sie, für Ihr Konto bei {realm} Folgendes zu tun: {actions}. Mit dem folgenden Link beginnen Sie damit.",
				link:      "Konto aktualisieren",
				life:      "Der Link gilt {life}.",
				otherwise: "Wenn Sie davon nichts wissen, ignorieren Sie diese Nachricht; es bleibt dann alles, wie es ist.",
			},
		},
		minutes: [2]string{"Minute", "Minuten"}, hours: [2]string{"Stunde", "Stunden"},
		actions: map[string]string{"UPDATE_PASSWORD": "Passwort ändern", "UPDATE_PROFILE": "Benutzerdaten ändern", "VERIFY_PROFILE": "Benutzerdaten prüfen", "UPDATE_EMAIL": "E-Mail-Adresse ändern",
			"VERIFY_EMAIL": "E-Mail-Adresse bestätigen", "CONFIGURE_TOTP": "Authenticator-App einrichten", "TERMS_AND_CONDITIONS": "Nutzungsbedingungen", "CONFIGURE_RECOVERY_AUTHN_CODES": "Wiederherstellungscodes erzeugen",
			"webauthn-register": "Passkey einrichten", "webauthn-register-passwordless": "Passkey ohne Passwort einrichten", "delete_account": "Konto löschen"},
	},
}

// span says how long something lasts: in hours where it is whole hours, else in minutes.
func (l *language) span(d time.Duration) string {
	n, unit := int(d/time.Minute), l.minutes
	if d >= time.Hour && d%time.Hour == 0 {
		n, unit = int(d/time.Hour), l.hours
	}
	if n == 1 {
		return "1 " + unit[0]
	}
	return strconv.Itoa(n) + " " + unit[1]
}
