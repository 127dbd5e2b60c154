package keycloak

import (
	"slices"
	"strconv"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/realm"
)

// MergeSettings are the settings of a realm after a PUT of its representation, which need not be complete:
// members that are absent stay. Extra of r has to be loaded. A setting of ours that is new and does not
// parse is a *fault.Invalid.
func MergeSettings(r *realm.Realm, put Object) (realm.Settings, error) {
	now := FromSettings(r)
	merged, err := mergeRealm(now, put)
	if err != nil {
		return realm.Settings{}, err
	}
	s, notes := ToSettings(merged)
	before, given := Value[map[string]string](now, "attributes"), Value[map[string]string](put, "attributes")
	notes = slices.DeleteFunc(notes, func(n Note) bool { // what somebody's file brought may be sent back
		name := strings.TrimPrefix(n.Path, "attributes.")
		value, ok := given[name]
		return !ok || value == before[name]
	})
	s.DefaultScopes, s.OptionalScopes = r.DefaultScopes, r.OptionalScopes
	s.DefaultRole, s.DefaultGroups = r.DefaultRole, r.DefaultGroups
	return s, Refused(notes)
}

// mergeRealm is a realm's representation after a PUT.
func mergeRealm(now, put Object) (Object, error) {
	out := Object{}
	for name, value := range now {
		out[name] = value
	}
	for name, value := range put {
		if !slices.Contains(realmContents, name) && !slices.Contains(apart, name) && name != otpApplications {
			out[name] = value
		}
	}
	headers := Value[map[string]string](now, "browserSecurityHeaders")
	for header, value := range Value[map[string]string](put, "browserSecurityHeaders") {
		if headers == nil {
			headers = map[string]string{}
		}
		headers[header] = value
	}
	if headers != nil {
		out.Put("browserSecurityHeaders", headers)
	}
	if smtp := Value[map[string]string](put, "smtpServer"); smtp != nil {
		if err := UnmaskMail(smtp, Value[map[string]string](now, "smtpServer")); err != nil {
			return nil, err
		}
		out.Put("smtpServer", smtp)
	}
	if out.Has("passwordPolicy") && out.Text("passwordPolicy") == "" {
		delete(out, "passwordPolicy")
	}
	SettleEmails(out, put)
	mergeRealmAttributes(out, now, put)
	return out, nil
}

// SettleEmails switches off, in the settings of a realm, what cannot be beside what a representation switches on: signing
// in by e-mail address, or an address as the name, and addresses that several users may have.
func SettleEmails(settings, put Object) {
	if Value[bool](put, "registrationEmailAsUsername") || Value[bool](put, "loginWithEmailAllowed") {
		settings.Put("duplicateEmailsAllowed", false)
	}
	if Value[bool](put, "duplicateEmailsAllowed") {
		settings.Put("duplicateEmailsAllowed", true)
		settings.Put("loginWithEmailAllowed", false)
		settings.Put("registrationEmailAsUsername", false)
	}
}

// lasts are the attributes that a realm always has. Keycloak replaces all others when it is sent any.
var lasts = []string{"cibaBackchannelTokenDeliveryMode", "cibaExpiresIn", "cibaInterval", "cibaAuthRequestedUserHint",
	"oauth2DeviceCodeLifespan", "oauth2DevicePollingInterval", "parRequestUriLifespan"}

// mirrored are the members of a realm that are attributes too.
var mirrored = []string{"oauth2DeviceCodeLifespan", "oauth2DevicePollingInterval", "clientSessionIdleTimeout", "clientSessionMaxLifespan",
	"clientOfflineSessionIdleTimeout", "clientOfflineSessionMaxLifespan"}

// mergeRealmAttributes replaces the attributes where the PUT has any, and keeps those in step that are
// members too: the member decides where both are sent.
func mergeRealmAttributes(out, now, put Object) {
	attributes := Value[map[string]string](now, "attributes")
	if put.Has("attributes") {
		before := attributes
		attributes = Value[map[string]string](put, "attributes")
		for _, name := range lasts {
			if value, ok := before[name]; ok {
				if _, given := attributes[name]; !given {
					attributes[name] = value
				}
			}
		}
	}
	for _, name := range mirrored {
		value, given := attributes[name]
		switch n, err := strconv.Atoi(value); {
		case put.Has(name) && (given || Value[int](put, name) != 0):
			attributes[name] = string(put[name])
		case !put.Has(name) && given && err == nil:
			out.Put(name, n)
		}
	}
	if put.Has("otpPolicyCodeReusable") {
		attributes["realmReusableOtpCode"] = string(put["otpPolicyCodeReusable"])
	}
	out.Put("attributes", attributes)
}
