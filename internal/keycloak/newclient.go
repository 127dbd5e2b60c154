package keycloak

import (
	"crypto/sha1"
	"encoding/base64"
	"maps"
	"net/url"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
)

const (
	protocolOIDC = "openid-connect"
	protocolSAML = "saml"
)

// CompleteClient gives the representation of a new client what Keycloak gives to one that comes by the
// administration API: web origins of its redirect URIs and, where it names its protocol, that protocol's
// defaults. Secrets and keys are not among them: see WantsSecret and WantsSigningKey. A *fault.Invalid says that it cannot
// be a resource server.
func CompleteClient(o Object) error {
	attributes := Value[map[string]string](o, "attributes")
	if attributes == nil {
		attributes = map[string]string{}
	}
	for name, value := range attributes {
		if strings.TrimSpace(value) == "" && emptyMeansNone[name] {
			attributes[name] = separator
		}
	}
	maps.DeleteFunc(attributes, func(_, value string) bool { return strings.TrimSpace(value) == "" })
	putMissing(o, "clientAuthenticatorType", "client-secret")
	if !o.Has("webOrigins") {
		putWebOrigins(o)
	}
	switch o.Text("protocol") {
	case protocolOIDC:
		completeOIDC(o, attributes)
	case protocolSAML:
		completeSAML(o, attributes)
	}
	dropOldMembers(o)
	if EnableAuthorization(o) && (Value[bool](o, "publicClient") || Value[bool](o, "bearerOnly")) {
		return &fault.Invalid{Field: "authorizationServicesEnabled", Message: "Only confidential clients are allowed to set authorization settings"}
	}
	o.Put("attributes", attributes)
	return nil
}

// EnableAuthorization makes a resource server, with a service account, of a new client that says so or brings settings of one,
// and tells whether it is one.
func EnableAuthorization(o Object) bool {
	const on = "authorizationServicesEnabled"
	if o.Has("authorizationSettings") {
		o.Put(on, true)
	}
	if !Value[bool](o, on) {
		delete(o, on)
		return false
	}
	o.Put("serviceAccountsEnabled", true)
	return true
}

// dropOldMembers removes members that mean nothing to Keycloak any more.
func dropOldMembers(o Object) {
	for _, member := range []string{"directGrantsOnly", "clientTemplate", "useTemplateConfig", "useTemplateScope", "useTemplateMappers", "defaultRoles"} {
		delete(o, member)
	}
}

func completeOIDC(o Object, attributes map[string]string) {
	root := o.Text("rootUrl")
	if root != "" && len(Value[[]string](o, "redirectUris")) == 0 {
		o.Put("redirectUris", []string{strings.TrimSuffix(root, "/") + "/*"})
		o.Put("webOrigins", origins(root))
	}
	if root != "" && !strings.HasPrefix(root, "${") {
		putMissing(o, "adminUrl", root)
	}
	putMissing(o, "publicClient", !o.Has("bearerOnly"))
	if o.Has("directGrantsOnly") {
		only := Value[bool](o, "directGrantsOnly")
		o.Put("standardFlowEnabled", !only)
		o.Put("directAccessGrantsEnabled", only)
	}
	putMissing(o, "directAccessGrantsEnabled", true)
	if attributes["backchannel.logout.url"] == "" {
		attributes["backchannel.logout.session.required"] = "true"
		attributes["backchannel.logout.revoke.offline.tokens"] = "false"
	}
}

func completeSAML(o Object, attributes map[string]string) {
	for name, value := range map[string]string{
		"saml.allow.ecp.flow": "false", "saml.authnstatement": "true", "saml.client.signature": "true", "saml.force.post.binding": "true",
		"saml.server.signature": "true", "saml.signature.algorithm": "RSA_SHA256", "saml_force_name_id_format": "false",
		"saml_name_id_format": "username", "saml_signature_canonicalization_method": "http://www.w3.org/2001/10/xml-exc-c14n#",
	} {
		if attributes[name] == "" {
			attributes[name] = value
		}
	}
	sum := sha1.Sum([]byte(o.Text("clientId"))) // the identifier that SAML Artifact Binding §3.6.4 asks for
	attributes["saml.artifact.binding.identifier"] = base64.StdEncoding.EncodeToString(sum[:])
	putMissing(o, "frontchannelLogout", true)
}

// WantsSecret tells whether a secret has to be made for the new client: it is not public and brings none.
func WantsSecret(o Object) bool { return !Value[bool](o, "publicClient") && !o.Has("secret") }

// WantsSigningKey tells whether a key pair has to be made for the new client: it signs SAML requests and
// brings no certificate.
func WantsSigningKey(o Object) bool {
	attributes := Value[map[string]string](o, "attributes")
	return o.Text("protocol") == protocolSAML && attributes["saml.client.signature"] == "true" && attributes["saml.signing.certificate"] == ""
}

func putMissing(o Object, member string, value any) {
	if !o.Has(member) {
		o.Put(member, value)
	}
}

// putWebOrigins makes the client's web origins those of its redirect URIs.
func putWebOrigins(o Object) {
	if list := origins(Value[[]string](o, "redirectUris")...); len(list) > 0 {
		o.Put("webOrigins", list)
	}
}

// origins are the origins of web addresses, each once.
func origins(addresses ...string) []string {
	var c realm.Client
	for _, address := range addresses {
		if u, err := url.Parse(address); err == nil && u.Host != "" {
			c.RedirectURIs = append(c.RedirectURIs, address)
		}
	}
	return c.RedirectOrigins("")
}

// Secret is the representation of a client's secret; without "value" where there is none.
func Secret(secret string) Object {
	o := Object{}
	o.Put("type", "secret")
	if secret != "" {
		o.Put("value", secret)
	}
	return o
}
