package info

import (
	_ "embed"
	"encoding/json"
	"runtime"
	"sync"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/keycloak/authflow"
	"github.com/tokenhouse/tokenhouse/internal/keycloak/realmfile"
)

// catalogue.json holds what never changes while the server runs, in Keycloak's form: themes, kinds of
// mappers, components and identity providers with their settings, password policies.
//
//go:embed catalogue.json
var catalogue []byte

// serverInfo is Keycloak's ServerInfoRepresentation. Of fixed, each member is one of its own.
type serverInfo struct {
	System    system                `json:"systemInfo"`
	CPU       *cpu                  `json:"cpuInfo,omitempty"`
	Memory    *memoryInfo           `json:"memoryInfo,omitempty"`
	Profile   profile               `json:"profileInfo"`
	Providers map[string]interfaces `json:"providers"`
	fixed
}

// fixed are the members of catalogue.json.
type fixed struct {
	Themes         json.RawMessage `json:"themes"`
	Social         []idpKind       `json:"socialProviders"`
	Identity       []idpKind       `json:"identityProviders"`
	Importers      json.RawMessage `json:"clientImporters"`
	MapperTypes    json.RawMessage `json:"protocolMapperTypes"`
	BuiltinMappers json.RawMessage `json:"builtinProtocolMappers"`
	Installations  json.RawMessage `json:"clientInstallations"`
	Components     json.RawMessage `json:"componentTypes"`
	Policies       []policy        `json:"passwordPolicies"`
	Enums          json.RawMessage `json:"enums"`
	Features       []feature       `json:"features"`
}

// system is the version of Keycloak that the server is compatible with, and for some the machine.
type system struct {
	Version  string `json:"version"`
	Time     string `json:"serverTime,omitempty"`
	Uptime   string `json:"uptime,omitempty"`
	UptimeMs int64  `json:"uptimeMillis,omitempty"`
	Runtime  string `json:"javaRuntime,omitempty"` // Go's version
	OS       string `json:"osName,omitempty"`
	Arch     string `json:"osArchitecture,omitempty"`
	Zone     string `json:"userTimezone,omitempty"`
}

type cpu struct {
	Processors int `json:"processorCount"`
}

// memoryInfo is in bytes.
type memoryInfo struct {
	Total      uint64 `json:"total"`
	Used       uint64 `json:"used"`
	Free       uint64 `json:"free"`
	Percentage uint64 `json:"freePercentage"`
}

type profile struct {
	Name         string   `json:"name"`
	Disabled     []string `json:"disabledFeatures"`
	Preview      []string `json:"previewFeatures"`
	Experimental []string `json:"experimentalFeatures"`
}

// policy is a kind of demand on passwords.
type policy struct {
	ID       string  `json:"id"`
	Name     string  `json:"displayName"`
	Type     *string `json:"configType,omitempty"`
	Default  *string `json:"defaultValue,omitempty"`
	Multiple bool    `json:"multipleSupported"`
}

// feature is something that Keycloak can switch off.
type feature struct {
	Name         string   `json:"name"`
	Label        string   `json:"label"`
	Type         string   `json:"type"`
	Enabled      bool     `json:"enabled"`
	Dependencies []string `json:"dependencies"`
}

// idpKind is a kind of identity provider.
type idpKind struct {
	Group string `json:"groupName"`
	ID    string `json:"id"`
	Name  string `json:"name"`
}

// interfaces are the implementations of one of Keycloak's interfaces, by id.
type interfaces struct {
	Internal  bool                `json:"internal"`
	Providers map[string]struct{} `json:"providers"`
}

var readCatalogue = sync.OnceValue(func() fixed {
	var f fixed
	if err := json.Unmarshal(catalogue, &f); err != nil {
		panic("info: catalogue.json: " + err.Error())
	}
	return f
})

// document is what every administrator is told.
func document() *serverInfo {
	f := readCatalogue()
	info := &serverInfo{System: system{Version: realmfile.Version}, Profile: profile{Name: "default", Disabled: []string{}, Preview: []string{}, Experimental: []string{}},
		Providers: providers(&f), fixed: f}
	for _, feature := range f.Features {
		if !feature.Enabled {
			info.Profile.Disabled = append(info.Profile.Disabled, feature.Name)
		}
	}
	return info
}

// providers are what of Keycloak's interfaces is implemented, or kept.
func providers(f *fixed) map[string]interfaces {
	out := map[string]interfaces{}
	add := func(name string, ids []string) {
		at := interfaces{Internal: true, Providers: map[string]struct{}{}}
		for _, id := range ids {
			at.Providers[id] = struct{}{}
		}
		out[name] = at
	}
	add("authenticator", ids(authflow.Authenticators(), func(k authflow.KnownExecution) string { return k.ID }))
	add("client-authenticator", ids(authflow.ClientAuthenticators(), func(k authflow.KnownExecution) string { return k.ID }))
	add("form-action", ids(authflow.FormActions(), func(k authflow.KnownExecution) string { return k.ID }))
	add("required-action", ids(authflow.Actions(), func(k authflow.KnownAction) string { return k.ID }))
	add("password-policy", ids(f.Policies, func(p policy) string { return p.ID }))
	add("password-hashing", []string{"argon2", "pbkdf2", "pbkdf2-sha256", "pbkdf2-sha512"})
	add("signature", []string{"ES256", "ES384", "ES512", "EdDSA", "HS256", "HS384", "HS512", "PS256", "PS384", "PS512", "RS256", "RS384", "RS512"})
	add("login-protocol", []string{"openid-connect"})
	add("social", idpIDs(f.Social, "Social"))
	add("identity_provider", idpIDs(f.Identity, "User-defined"))
	add("client-registration", []string{"default", "openid-connect"})
	return out
}

// idpIDs are those of the kinds in a group.
func idpIDs(all []idpKind, group string) []string {
	var of []string
	for _, k := range all {
		if k.Group == group {
			of = append(of, k.ID)
		}
	}
	return of
}

func ids[T any](all []T, id func(T) string) []string {
	out := make([]string, len(all))
	for i := range all {
		out[i] = id(all[i])
	}
	return out
}

// machine tells what the server runs on.
func (s *system) machine(now, started time.Time) {
	up := now.Sub(started)
	s.Time, s.Uptime, s.UptimeMs = now.Format(time.RFC1123Z), up.Truncate(time.Second).String(), up.Milliseconds()
	s.Runtime, s.OS, s.Arch, s.Zone = runtime.Version(), runtime.GOOS, runtime.GOARCH, now.Location().String()
}

func memory() *memoryInfo {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	free := m.HeapSys - m.HeapInuse
	return &memoryInfo{Total: m.HeapSys, Used: m.HeapInuse, Free: free, Percentage: 100 * free / max(m.HeapSys, 1)}
}
