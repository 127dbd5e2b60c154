package keycloak

import "github.com/tokenhouse/tokenhouse/internal/core/event"

// SecretMask stands where a secret is shown. Whoever sends it back means the secret that is stored.
const SecretMask = "**********"

// ShownRealm is the representation of a realm as whoever may view it sees it: the realm's own settings,
// without what has addresses of its own, and with a mask for the password of the mail server.
func ShownRealm(o Object) Object {
	out := Object{}
	for name, value := range o {
		out[name] = value
	}
	for _, name := range realmContents {
		if name != "id" && name != "defaultRole" && name != "defaultGroups" {
			delete(out, name)
		}
	}
	for _, name := range apart {
		delete(out, name)
	}
	if Value[int64](out, "eventsExpiration") == 0 { // for ever
		delete(out, "eventsExpiration")
	}
	ShowOTPApplications(out)
	MaskMail(out)
	return out
}

// apart are the members of a realm file that are kept with a realm's settings and have addresses of their
// own, or are of older versions of Keycloak.
var apart = []string{"authenticationFlows", "authenticatorConfig", "requiredActions", "components", "identityProviderMappers",
	"localizationTexts", "organizations", "protocolMappers", "userFederationProviders", "userFederationMappers",
	"adminPermissionsClient", "privateKey", "publicKey", "certificate", "codeSecret", "keycloakVersion",
	"passwordCredentialGrantAllowed", "userCacheEnabled", "realmCacheEnabled", "social", "socialProviders",
	"updateProfileOnInitialSocialLogin"}

// BriefRealm is what lists show of a realm.
func BriefRealm(o Object) Object {
	return only(o, "id", "realm", "displayName", "displayNameHtml", "enabled")
}

// NamedRealm is what an administrator sees of a realm who may do something in it, but not view its settings.
func NamedRealm(o Object) Object {
	out := only(o, "realm", "displayName", "displayNameHtml", "bruteForceProtected", "organizationsEnabled", "supportedLocales")
	if !out.Has("supportedLocales") {
		out.Put("supportedLocales", []string{})
	}
	return out
}

// only is an object of these members of o.
func only(o Object, names ...string) Object {
	out := Object{}
	for _, name := range names {
		if value, ok := o[name]; ok {
			out[name] = value
		}
	}
	return out
}

// RealmEvents is what a realm says of the events that it keeps. Kinds are listed where it names none, too: those
// that are saved then.
func RealmEvents(o Object) Object {
	out := only(o, "eventsEnabled", "eventsExpiration", "eventsListeners", "enabledEventTypes", "adminEventsEnabled", "adminEventsDetailsEnabled")
	if len(Value[[]string](out, "enabledEventTypes")) == 0 {
		out.Put("enabledEventTypes", event.Saved())
	}
	return out
}
