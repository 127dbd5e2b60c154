package keycloak

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/profile"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
)

// mailSecret is a setting of a realm's mail server that is secret.
type mailSecret struct {
	name      string
	at        func(*realm.Settings) *string
	addresses []string // the settings that say where it is sent, and for whom
}

var mailSecrets = []mailSecret{
	{"password", func(s *realm.Settings) *string { return &s.SMTPPassword }, []string{"host", "port", "user"}},
	{"authTokenClientSecret", func(s *realm.Settings) *string { return &s.SMTPTokenSecret }, []string{"authTokenUrl"}},
}

// takeMailSecrets moves the secrets of a representation's mail server to the settings.
func takeMailSecrets(s *realm.Settings, o Object) {
	smtp := Value[map[string]string](o, "smtpServer")
	for _, secret := range mailSecrets {
		if *secret.at(s) = smtp[secret.name]; smtp[secret.name] != "" {
			delete(smtp, secret.name)
			o.Put("smtpServer", smtp)
		}
	}
}

// putMailSecrets is the reverse of takeMailSecrets.
func putMailSecrets(s *realm.Settings, o Object) {
	smtp := Value[map[string]string](o, "smtpServer")
	for _, secret := range mailSecrets {
		if value := *secret.at(s); value != "" {
			if smtp == nil {
				smtp = map[string]string{}
			}
			smtp[secret.name] = value
			o.Put("smtpServer", smtp)
		}
	}
}

// MaskMail puts masks in the place of the secrets of a realm's mail server.
func MaskMail(o Object) {
	smtp := Value[map[string]string](o, "smtpServer")
	for _, secret := range mailSecrets {
		if smtp[secret.name] != "" {
			smtp[secret.name] = SecretMask
		}
	}
	if smtp != nil {
		o.Put("smtpServer", smtp)
	}
}

// UnmaskMail puts the stored secrets where the settings of a mail server have masks. Where they would be sent elsewhere it
// refuses: any other server could be had to receive them.
func UnmaskMail(smtp, stored map[string]string) error {
	for _, secret := range mailSecrets {
		if smtp[secret.name] != SecretMask {
			continue
		}
		if err := SameAddress("smtpServer", secret.name, secret.addresses, smtp, stored); err != nil {
			return err
		}
		smtp[secret.name] = stored[secret.name]
	}
	return nil
}

// CheckMail refuses the settings of a mail server whose sender nobody can be, or nobody can answer to. Letters beyond ASCII
// before the @ have to be allowed. Where there are no settings there is nothing to refuse.
func CheckMail(smtp map[string]string) error {
	if len(smtp) == 0 {
		return nil
	}
	from, given := smtp["from"]
	if !given {
		from = "null"
	}
	if !sends(smtp, from) {
		return badSender("from", "sender", from)
	}
	if reply := smtp["replyTo"]; reply != "" && !sends(smtp, reply) {
		return badSender("replyTo", "reply-to", reply)
	}
	return nil
}

// sends tells whether a mail server with these settings takes an address.
func sends(smtp map[string]string, address string) bool {
	local := address[:max(0, strings.LastIndexByte(address, '@'))]
	return profile.IsEmail(address) && (smtp["allowutf8"] == "true" || !strings.ContainsFunc(local, func(c rune) bool { return c >= utf8.RuneSelf }))
}

func badSender(setting, role, address string) error {
	return &fault.Invalid{Field: "smtpServer." + setting, Message: "Invalid " + role + " address '" + address + "'. If the address contains UTF-8 characters in the " +
		"local part please ensure the SMTP server supports the SMTPUTF8 extension and enable 'Allow UTF-8' in the email realm configuration."}
}

// SameAddress refuses settings that keep a stored secret and say that it is sent elsewhere: one of the addresses is another
// than the stored one.
func SameAddress(member, secret string, addresses []string, settings, stored map[string]string) error {
	changed := slices.IndexFunc(addresses, func(name string) bool { return settings[name] != stored[name] })
	if stored[secret] == "" || changed < 0 {
		return nil
	}
	return &fault.Invalid{Field: member + "." + secret, Message: "The " + secret + " has to be given again with another " + addresses[changed]}
}
