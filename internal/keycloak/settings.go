package keycloak

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/realm"
)

// NewSettings are the settings of a realm that says nothing of ours; Keycloak's own defaults are in
// the document of a new realm.
func NewSettings() realm.Settings {
	s := realm.Settings{}
	s.Exchange = realm.ExchangePolicy{ChainLimit: 5, RefuseCycles: true, CapLifetime: true}
	s.Events.Trace, s.Log.Mode = traceKept[0], realm.LogOff
	return s
}

var traceKept = []string{"refused", "all", "none"}

// ToSettings reads the settings of a realm. Client scopes, default roles and default groups are named
// in it and not resolved; whoever has them sets DefaultScopes, OptionalScopes, DefaultRole and
// DefaultGroups.
func ToSettings(o Object) (realm.Settings, []Note) {
	s := NewSettings()
	rest := readFields(settingFields, &s, o)
	kept, notes := readAttributes(settingAttributes, &s, Value[map[string]string](o, "attributes"))
	notes = append(notes, themeNotes(kept)...)
	rest.Put("attributes", kept)
	takeMailSecrets(&s, rest)
	for _, name := range realmContents {
		delete(rest, name)
	}
	s.Extra = keep(rest)
	return s, notes
}

// realmContents are the members that hold what a realm contains, and not its settings.
var realmContents = []string{"id", "clients", "clientScopes", "roles", "groups", "users", "federatedUsers", "identityProviders",
	"defaultRole", "defaultRoles", "defaultGroups", "defaultDefaultClientScopes", "defaultOptionalClientScopes",
	"scopeMappings", "clientScopeMappings"}

// FromSettings is a realm's representation without what the realm contains. Extra has to be loaded.
func FromSettings(r *realm.Realm) Object {
	s := r.Settings
	o := writeFields(settingFields, &s, s.Extra)
	base := NewSettings()
	o.Put("attributes", writeAttributes(settingAttributes, &s, &base, Value[map[string]string](Object(s.Extra), "attributes")))
	o.Put("id", r.ID())
	putMailSecrets(&s, o)
	return o
}

type settings = realm.Settings

// life binds a member that is one of the realm's lifespans.
func life(name string, at func(*realm.Lifespans) *time.Duration) field[settings] {
	return seconds(name, func(s *settings) *time.Duration { return at(&s.Lifespans) })
}

type lives = realm.Lifespans

var settingFields = []field[settings]{
	into("realm", func(s *settings) *string { return &s.Name }),
	into("enabled", func(s *settings) *bool { return &s.Enabled }),
	into("sslRequired", func(s *settings) *string { return &s.SSLRequired }),
	into("defaultSignatureAlgorithm", func(s *settings) *string { return &s.SignatureAlg }),
	into("notBefore", func(s *settings) *int64 { return &s.NotBefore }),
	into("internationalizationEnabled", func(s *settings) *bool { return &s.Internationalize }),
	text("defaultLocale", func(s *settings) *string { return &s.DefaultLocale }),

	into("loginWithEmailAllowed", func(s *settings) *bool { return &s.LoginWithEmail }),
	into("duplicateEmailsAllowed", func(s *settings) *bool { return &s.DuplicateEmails }),
	into("registrationEmailAsUsername", func(s *settings) *bool { return &s.EmailAsUsername }),
	into("editUsernameAllowed", func(s *settings) *bool { return &s.EditUsername }),
	into("rememberMe", func(s *settings) *bool { return &s.SignIn.Remember }),
	into("registrationAllowed", func(s *settings) *bool { return &s.SignIn.Registration }),
	into("resetPasswordAllowed", func(s *settings) *bool { return &s.SignIn.ResetPassword }),
	into("verifyEmail", func(s *settings) *bool { return &s.SignIn.VerifyEmail }),
	text("passwordPolicy", func(s *settings) *string { return &s.PasswordPolicy }),

	into("bruteForceProtected", func(s *settings) *bool { return &s.BruteForce }),
	into("permanentLockout", func(s *settings) *bool { return &s.Lockout.Permanent }),
	into("maxTemporaryLockouts", func(s *settings) *int { return &s.Lockout.Temporary }),
	strategy(),
	into("failureFactor", func(s *settings) *int { return &s.Lockout.Factor }),
	seconds("waitIncrementSeconds", func(s *settings) *time.Duration { return &s.Lockout.Increment }),
	seconds("maxFailureWaitSeconds", func(s *settings) *time.Duration { return &s.Lockout.MaxWait }),
	seconds("maxDeltaTimeSeconds", func(s *settings) *time.Duration { return &s.Lockout.Forget }),
	seconds("minimumQuickLoginWaitSeconds", func(s *settings) *time.Duration { return &s.Lockout.QuickWait }),
	milliseconds("quickLoginCheckMilliSeconds", func(s *settings) *time.Duration { return &s.Lockout.Quick }),

	into("eventsEnabled", func(s *settings) *bool { return &s.Events.Enabled }),
	expiration(),
	list("enabledEventTypes", func(s *settings) *[]string { return &s.Events.Kinds }),
	into("adminEventsEnabled", func(s *settings) *bool { return &s.Events.Admin }),
	into("adminEventsDetailsEnabled", func(s *settings) *bool { return &s.Events.AdminDetails }),

	into("revokeRefreshToken", func(s *settings) *bool { return &s.Lifespans.RotateRefresh }),
	into("refreshTokenMaxReuse", func(s *settings) *int { return &s.Lifespans.RefreshReuse }),
	into("offlineSessionMaxLifespanEnabled", func(s *settings) *bool { return &s.Lifespans.OfflineMaxEnabled }),
	life("accessTokenLifespan", func(l *lives) *time.Duration { return &l.AccessToken }),
	life("accessTokenLifespanForImplicitFlow", func(l *lives) *time.Duration { return &l.AccessTokenImplicit }),
	life("ssoSessionIdleTimeout", func(l *lives) *time.Duration { return &l.SessionIdle }),
	life("ssoSessionMaxLifespan", func(l *lives) *time.Duration { return &l.SessionMax }),
	life("ssoSessionIdleTimeoutRememberMe", func(l *lives) *time.Duration { return &l.SessionIdleRemember }),
	life("ssoSessionMaxLifespanRememberMe", func(l *lives) *time.Duration { return &l.SessionMaxRemember }),
	life("clientSessionIdleTimeout", func(l *lives) *time.Duration { return &l.ClientIdle }),
	life("clientSessionMaxLifespan", func(l *lives) *time.Duration { return &l.ClientMax }),
	life("offlineSessionIdleTimeout", func(l *lives) *time.Duration { return &l.OfflineIdle }),
	life("offlineSessionMaxLifespan", func(l *lives) *time.Duration { return &l.OfflineMax }),
	life("clientOfflineSessionIdleTimeout", func(l *lives) *time.Duration { return &l.ClientOfflineIdle }),
	life("clientOfflineSessionMaxLifespan", func(l *lives) *time.Duration { return &l.ClientOfflineMax }),
	life("accessCodeLifespan", func(l *lives) *time.Duration { return &l.Code }),
	life("accessCodeLifespanUserAction", func(l *lives) *time.Duration { return &l.UserAction }),
	life("accessCodeLifespanLogin", func(l *lives) *time.Duration { return &l.Login }),
	life("actionTokenGeneratedByAdminLifespan", func(l *lives) *time.Duration { return &l.ActionByAdmin }),
	life("actionTokenGeneratedByUserLifespan", func(l *lives) *time.Duration { return &l.ActionByUser }),
	life("oauth2DeviceCodeLifespan", func(l *lives) *time.Duration { return &l.DeviceCode }),
	life("oauth2DevicePollingInterval", func(l *lives) *time.Duration { return &l.DevicePolling }),
}

// strategy binds how the wait of a locked user grows: LINEAR, or Keycloak's MULTIPLE.
func strategy() field[settings] {
	return field[settings]{"bruteForceStrategy",
		func(s *settings) any {
			if s.Lockout.Linear {
				return "LINEAR"
			}
			return "MULTIPLE"
		},
		func(s *settings, data json.RawMessage) { s.Lockout.Linear = string(data) == `"LINEAR"` }}
}

// expiration binds how long events are kept, which is left out where they are kept for ever.
func expiration() field[settings] {
	f := seconds("eventsExpiration", func(s *settings) *time.Duration { return &s.Events.Expiration })
	number := f.get
	f.get = func(s *settings) any {
		if s.Events.Expiration == 0 {
			return nil
		}
		return number(s)
	}
	return f
}

// Some members of a realm are attributes too, under the same name, and the member decides: Keycloak
// keeps them as attributes and shows both.
var settingAttributes = append([]attribute[settings]{
	word("frontendUrl", func(s *settings) *string { return &s.FrontendURL }),
	word("shortVerificationUri", func(s *settings) *string { return &s.ShortDeviceURL }),
	levels(func(s *settings) *map[string]int { return &s.ACR }),
	mirror("oauth2DeviceCodeLifespan", func(l *lives) *time.Duration { return &l.DeviceCode }),
	mirror("oauth2DevicePollingInterval", func(l *lives) *time.Duration { return &l.DevicePolling }),
	mirror("clientSessionIdleTimeout", func(l *lives) *time.Duration { return &l.ClientIdle }),
	mirror("clientSessionMaxLifespan", func(l *lives) *time.Duration { return &l.ClientMax }),
	mirror("clientOfflineSessionIdleTimeout", func(l *lives) *time.Duration { return &l.ClientOfflineIdle }),
	mirror("clientOfflineSessionMaxLifespan", func(l *lives) *time.Duration { return &l.ClientOfflineMax }),
	lasting("adminEventsExpiration", func(s *settings) *time.Duration { return &s.Events.AdminExpiration }),
	lasting("parRequestUriLifespan", func(s *settings) *time.Duration { return &s.Lifespans.PushedRequest }),
	lasting("actionTokenGeneratedByUserLifespan.verify-email", func(s *settings) *time.Duration { return &s.Lifespans.VerifyEmailLink }),

	onOff("tokenhouse.exchange.downscope", false, func(s *settings) *bool { return &s.Exchange.Downscope }),
	whole("tokenhouse.exchange.chain-limit", 5, -1, func(s *settings) *int { return &s.Exchange.ChainLimit }),
	onOff("tokenhouse.exchange.refuse-cycles", true, func(s *settings) *bool { return &s.Exchange.RefuseCycles }),
	onOff("tokenhouse.exchange.cap-lifetime", true, func(s *settings) *bool { return &s.Exchange.CapLifetime }),
	either("tokenhouse.exchange.unlisted", "allow", "deny", func(s *settings) *bool { return &s.Exchange.DenyUnlisted }),
	either("tokenhouse.dpop.nonce", "off", "required", func(s *settings) *bool { return &s.DPoPNonce }),
	among("tokenhouse.events.trace", func(s *settings) *string { return &s.Events.Trace }, traceKept...),
	among("tokenhouse.log", func(s *settings) *string { return (*string)(&s.Log.Mode) }, string(realm.LogOff), string(realm.LogOn), string(realm.LogDurable)),
	lasting("tokenhouse.log.expiration", func(s *settings) *time.Duration { return &s.Log.Expiration }),
}, limits()...)

// limits binds how often callers may ask.
func limits() []attribute[settings] {
	var out []attribute[settings]
	for _, n := range realm.LimitNames() {
		out = append(out, attribute[settings]{"tokenhouse.limit." + n.String(),
			func(s *settings) (string, bool) {
				rate := s.Limits[n.Asked][n.By]
				return rate.String(), rate != realm.Rate{}
			},
			func(s *settings, text string) bool {
				rate, err := realm.ParseRate(text)
				if err == nil {
					s.Limits[n.Asked][n.By] = rate
				}
				return err == nil
			}, realm.WantRate})
	}
	return out
}

// mirror binds an attribute whose value is a member's. The member was read before, and its value stays.
func mirror(name string, at func(*realm.Lifespans) *time.Duration) attribute[settings] {
	a := lasting(name, func(s *settings) *time.Duration { return at(&s.Lifespans) })
	set := a.set
	a.set = func(s *settings, text string) bool {
		if *at(&s.Lifespans) != 0 {
			return true
		}
		return set(s, text)
	}
	return a
}

// levels binds an attribute that is a JSON object of acr values and their levels of assurance.
func levels[T any](at func(*T) *map[string]int) attribute[T] {
	return attribute[T]{"acr.loa.map",
		func(v *T) (string, bool) { return string(encode(*at(v))), len(*at(v)) > 0 },
		func(v *T, text string) bool {
			out, ok := readLevels(text)
			if ok && out != nil {
				*at(v) = out
			}
			return ok
		}, "a map of acr values to numbers"}
}

func readLevels(text string) (map[string]int, bool) {
	if strings.TrimSpace(text) == "" {
		return nil, true
	}
	levels := map[string]json.Number{}
	if err := json.Unmarshal([]byte(text), &levels); err != nil {
		return nil, false
	}
	out := map[string]int{}
	for _, value := range slices.Sorted(maps.Keys(levels)) {
		n, err := levels[value].Int64()
		if err != nil {
			return nil, false
		}
		out[value] = int(n)
	}
	return out, true
}
