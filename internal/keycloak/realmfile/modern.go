package realmfile

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/keycloak"
)

// modernise gives members that Keycloak called otherwise before version 4 the names they have now:
// applications and OAuth clients are clients, client templates are client scopes, social providers are
// identity providers.
func modernise(o keycloak.Object) {
	modernClients(o)
	rename(o, "applicationScopeMappings", "clientScopeMappings")
	if roles := keycloak.Value[keycloak.Object](o, "roles"); roles != nil {
		rename(roles, "application", "client")
		modernComposites(roles)
		o.Put("roles", roles)
	}
	if templates := keycloak.Value[[]keycloak.Object](o, "clientTemplates"); templates != nil {
		o.Put("clientScopes", modernTemplates(templates))
	}
	modernProviders(o)
	if b := keycloak.Value[[]string](o, "supportedLocales"); len(b) == 0 {
		delete(o, "supportedLocales")
	}
	for _, member := range []string{"applications", "oauthClients", "clientTemplates", "social", "socialProviders",
		"updateProfileOnInitialSocialLogin", "passwordCredentialGrantAllowed", "userCacheEnabled", "realmCacheEnabled", "otpSupportedApplications"} {
		delete(o, member)
	}
}

// rename gives a member its new name unless something has that name.
func rename(o keycloak.Object, was, now string) {
	if value, ok := o[was]; ok && !o.Has(now) {
		o[now] = value
	}
	delete(o, was)
}

func modernClients(o keycloak.Object) {
	clients := keycloak.Value[[]keycloak.Object](o, "clients")
	applications, oauth := keycloak.Value[[]keycloak.Object](o, "applications"), keycloak.Value[[]keycloak.Object](o, "oauthClients")
	if len(applications)+len(oauth) == 0 {
		return
	}
	for _, c := range oauth {
		c.Put("consentRequired", true)
		c.Put("fullScopeAllowed", false)
	}
	for _, c := range slices.Concat(applications, oauth) {
		c["clientId"] = c["name"]
		delete(c, "name")
		delete(c, "claims")
		clients = append(clients, c)
	}
	o.Put("clients", clients)
}

func modernComposites(roles keycloak.Object) {
	modern := func(list []keycloak.Object) []keycloak.Object {
		for _, role := range list {
			if composites := keycloak.Value[keycloak.Object](role, "composites"); composites != nil {
				rename(composites, "application", "client")
				role.Put("composites", composites)
			}
		}
		return list
	}
	if roles.Has("realm") {
		roles.Put("realm", modern(keycloak.Value[[]keycloak.Object](roles, "realm")))
	}
	if ofClients := keycloak.Value[map[string][]keycloak.Object](roles, "client"); ofClients != nil {
		for _, list := range ofClients {
			modern(list)
		}
		roles.Put("client", ofClients)
	}
}

func modernTemplates(templates []keycloak.Object) []keycloak.Object {
	var out []keycloak.Object
	for _, t := range templates {
		s := keycloak.Object{}
		for _, member := range []string{"id", "description", "protocol", "attributes", "protocolMappers"} {
			if t.Has(member) {
				s[member] = t[member]
			}
		}
		s.Put("name", scopeName(t.Text("name")))
		out = append(out, s)
	}
	return out
}

// scopeName is the name of the client scope that a client template became: names of scopes have no
// blanks.
func scopeName(template string) string { return strings.ReplaceAll(template, " ", "_") }

func modernProviders(o keycloak.Object) {
	social := keycloak.Value[map[string]string](o, "socialProviders")
	if !keycloak.Value[bool](o, "social") || len(social) == 0 || o.Has("identityProviders") {
		return
	}
	var out []keycloak.Object
	for _, name := range sortedKeys(social) {
		id, ok := strings.CutSuffix(name, ".key")
		if !ok {
			continue
		}
		p := keycloak.Object{}
		p.Put("alias", id)
		p.Put("providerId", id)
		p.Put("enabled", true)
		p.Put("config", map[string]string{"clientId": social[name], "clientSecret": social[id+".secret"]})
		out = append(out, p)
	}
	o.Put("identityProviders", out)
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// sameButIDs tells whether two values are alike but for ids and the order of lists.
func sameButIDs(a, b json.RawMessage) bool { return bare(a) == bare(b) }

func bare(data json.RawMessage) string {
	var v any
	if json.Unmarshal(data, &v) != nil {
		return string(data)
	}
	out, err := json.Marshal(withoutIDs(v))
	if err != nil {
		return string(data)
	}
	return string(out)
}

func withoutIDs(v any) any {
	switch v := v.(type) {
	case map[string]any:
		delete(v, "id")
		delete(v, "containerId")
		for name := range v {
			v[name] = withoutIDs(v[name])
		}
	case []any:
		texts := make([]string, len(v))
		for i := range v {
			text, _ := json.Marshal(withoutIDs(v[i]))
			texts[i] = string(text)
		}
		slices.Sort(texts)
		return texts
	}
	return v
}
