package realmfile

import (
	"crypto/sha1"
	"encoding/base64"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
)

// clients makes the built-in clients that the file does not have, then those of the file.
func (b *builder) clients() error {
	given := keycloak.Value[[]keycloak.Object](b.file, "clients")
	has := func(id string) bool {
		return slices.ContainsFunc(given, func(o keycloak.Object) bool { return o.Text("clientId") == id })
	}
	b.made = map[string]bool{}
	for _, o := range builtinClients(b.realm().Name) {
		id := o.Text("clientId")
		if has(id) || id == clientAccountConsole && has(clientAccount) {
			continue
		}
		b.made[id] = true
		b.builtinClient(o)
	}
	for i, o := range given {
		path := "clients[" + strconv.Itoa(i) + "]"
		if err := b.client(o, path); err != nil {
			return keycloak.At(path, err)
		}
	}
	return nil
}

// builtinClients are the clients of a new realm.
func builtinClients(realmName string) []keycloak.Object {
	list := read[[]keycloak.Object]("clients", realmName)
	if realmName != master {
		return list
	}
	const ofOthers = "realm-management"
	list = slices.DeleteFunc(list, func(o keycloak.Object) bool { return o.Text("clientId") == ofOthers })
	return append(list, managementOf(master))
}

// managementOf is the client of the master realm that manages a realm.
func managementOf(realmName string) keycloak.Object {
	o := keycloak.Object{}
	o.Put("clientId", realm.ManagementClient(realmName))
	o.Put("name", realmName+" Realm")
	o.Put("bearerOnly", true)
	o.Put("fullScopeAllowed", false)
	o.Put("nodeReRegistrationTimeout", 0)
	return o
}

// builtinClient makes a client that the file does not have. Where the file brings its own client
// scopes it has none: it is older than they are.
func (b *builder) builtinClient(o keycloak.Object) {
	if b.file.Has("clientScopes") {
		o.Put("defaultClientScopes", []string{})
		o.Put("optionalClientScopes", []string{})
	}
	c, _ := keycloak.ToClient(b.realm(), o)
	c.Key = b.options.NewID()
	b.keyMappers(c.Mappers)
	b.Draft.PutClient(c)
}

func (b *builder) client(o keycloak.Object, path string) error {
	id := o.Text("clientId")
	if id == "" {
		return &fault.Invalid{Field: "clientId", Message: "Client ID cannot be blank"}
	}
	if b.realm().Client(id) != nil {
		return &fault.Invalid{Field: "clientId", Message: "Client " + id + " already exists"}
	}
	if o.Text("secret") == keycloak.SecretMask { // everybody knows it
		delete(o, "secret")
		b.note(path+".secret", []keycloak.Note{{Text: "masked in the file: the client has a new one"}})
	}
	if !b.own || needsSecret(o) {
		b.complete(o, path)
	}
	c, notes := keycloak.ToClient(b.realm(), o)
	c.Key = b.id(c.Key)
	b.keyMappers(c.Mappers)
	if mapper := twice(c.Mappers); mapper != "" {
		return &fault.Invalid{Field: "protocolMappers", Message: "Protocol mapper name must be unique per protocol: " + mapper}
	}
	if err := realm.CheckClient(b.realm(), c); err != nil {
		return err
	}
	b.note(path, notes)
	b.note(path, keptOfClient(o))
	b.Draft.PutClient(c)
	return nil
}

// twice is the name of a mapper that another one has too; empty where there is none.
func twice(mappers []realm.Mapper) string {
	seen := map[[2]string]bool{}
	for _, m := range mappers {
		name := [2]string{m.Protocol, m.Name}
		if seen[name] {
			return m.Name
		}
		seen[name] = true
	}
	return ""
}

// complete gives a client of a file what Keycloak gives it: members of older versions by their new
// names, a secret, web origins of its redirect URIs.
func (b *builder) complete(o keycloak.Object, path string) {
	attributes := keycloak.Value[map[string]string](o, "attributes")
	if attributes == nil {
		attributes = map[string]string{}
	}
	if _, ok := attributes["post.logout.redirect.uris"]; !ok && !b.added {
		attributes["post.logout.redirect.uris"] = "+"
	}
	if o.Has("directGrantsOnly") {
		only := keycloak.Value[bool](o, "directGrantsOnly")
		putMissing(o, "standardFlowEnabled", !only)
		putMissing(o, "directAccessGrantsEnabled", only)
	}
	keycloak.EnableAuthorization(o)
	if o.Text("secret") == "" && !keycloak.Value[bool](o, "publicClient") {
		o.Put("secret", b.options.NewSecret())
		attributes["client.secret.creation.time"] = strconv.FormatInt(b.options.Now.Unix(), 10)
	}
	if o.Text("protocol") == "saml" && attributes["saml.artifact.binding.identifier"] == "" {
		sum := sha1.Sum([]byte(o.Text("clientId"))) // the identifier that SAML Artifact Binding §3.6.4 asks for
		attributes["saml.artifact.binding.identifier"] = base64.StdEncoding.EncodeToString(sum[:])
	}
	if !o.Has("webOrigins") {
		if origins := webOrigins(keycloak.Value[[]string](o, "redirectUris")); origins != nil {
			o.Put("webOrigins", origins)
		}
	}
	if template := o.Text("clientTemplate"); template != "" {
		scopes := keycloak.Value[[]string](o, "defaultClientScopes")
		if !o.Has("defaultClientScopes") {
			for _, key := range b.realm().DefaultScopes {
				scopes = append(scopes, b.realm().ScopeByKey(key).Name)
			}
		}
		o.Put("defaultClientScopes", append(scopes, scopeName(template)))
	}
	for i, name := range keycloak.Value[[]string](o, "defaultRoles") {
		b.oldDefaults = append(b.oldDefaults, keycloak.NamedRole{
			RoleRef: realm.RoleRef{Client: o.Text("clientId"), Name: strings.TrimSpace(name)}, Path: path + ".defaultRoles[" + strconv.Itoa(i) + "]"})
	}
	for _, member := range []string{"directGrantsOnly", "clientTemplate", "useTemplateConfig", "useTemplateScope", "useTemplateMappers", "defaultRoles"} {
		delete(o, member)
	}
	o.Put("attributes", attributes)
	fillUserinfo(o)
}

// needsSecret tells whether a client that somebody wrote into an export of ours could not authenticate.
func needsSecret(o keycloak.Object) bool {
	return o.Text("secret") == "" && !keycloak.Value[bool](o, "publicClient") && !keycloak.Value[bool](o, "bearerOnly") &&
		(!o.Has("clientAuthenticatorType") || strings.HasPrefix(o.Text("clientAuthenticatorType"), "client-secret"))
}

// webOrigins are the origins of redirect URIs, each once.
func webOrigins(redirects []string) []string {
	var out []string
	for _, uri := range redirects {
		u, err := url.Parse(strings.TrimRight(uri, "*"))
		if err != nil || !strings.HasPrefix(uri, "http") || u.Host == "" {
			continue
		}
		if origin := u.Scheme + "://" + u.Host; !slices.Contains(out, origin) {
			out = append(out, origin)
		}
	}
	return out
}

func putMissing(o keycloak.Object, member string, value any) {
	if !o.Has(member) {
		o.Put(member, value)
	}
}
