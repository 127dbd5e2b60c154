package keycloak

import (
	"errors"
	"slices"
	"strconv"
	"strings"
)

// ErrMetadata is metadata of a client that Keycloak cannot take.
var ErrMetadata = errors.New("client metadata invalid")

// The grants of RFC 7591 §2 and those that came later, as far as a client says by its metadata that it uses
// them.
const (
	grantCode        = "authorization_code"
	grantImplicit    = "implicit"
	grantPassword    = "password"
	grantCredentials = "client_credentials"
	grantRefresh     = "refresh_token"
	grantDevice      = "urn:ietf:params:oauth:grant-type:device_code"
	grantCIBA        = "urn:openid:params:grant-type:ciba"
	grantUMA         = "urn:ietf:params:oauth:grant-type:uma-ticket"
)

// authenticators are Keycloak's names of the ways in which a client proves itself (RFC 7591 §2).
var authenticators = map[string]string{
	"client_secret_basic": "client-secret", "client_secret_post": "client-secret", "client_secret_jwt": "client-secret-jwt",
	"private_key_jwt": "client-jwt", "tls_client_auth": "client-x509", "self_signed_tls_client_auth": "client-x509", "none": "none",
}

// textMetadata are members that are attributes under another name.
var textMetadata = map[string]string{
	"logo_uri": "logoUri", "policy_uri": "policyUri", "tos_uri": "tosUri",
	"userinfo_signed_response_alg": "user.info.response.signature.alg", "request_object_signing_alg": "request.object.signature.alg",
	"id_token_signed_response_alg": "id.token.signed.response.alg", "id_token_encrypted_response_alg": "id.token.encrypted.response.alg",
	"id_token_encrypted_response_enc": "id.token.encrypted.response.enc", "authorization_signed_response_alg": "authorization.signed.response.alg",
	"authorization_encrypted_response_alg": "authorization.encrypted.response.alg", "authorization_encrypted_response_enc": "authorization.encrypted.response.enc",
	"token_endpoint_auth_signing_alg": "token.endpoint.auth.signing.alg", "tls_client_auth_subject_dn": "x509.subjectdn",
	"backchannel_logout_uri": "backchannel.logout.url", "frontchannel_logout_uri": "frontchannel.logout.url",
	"sector_identifier_uri": "sectorIdentifierUri",
}

// flagMetadata are members that are true or false, and attributes under another name.
var flagMetadata = map[string]string{
	"tls_client_certificate_bound_access_tokens": "tls.client.certificate.bound.access.tokens",
	"dpop_bound_access_tokens":                   "dpop.bound.access.tokens",
	"require_pushed_authorization_requests":      "require.pushed.authorization.requests",
	"backchannel_logout_session_required":        "backchannel.logout.session.required",
	"backchannel_logout_revoke_offline_tokens":   "backchannel.logout.revoke.offline.tokens",
	"frontchannel_logout_session_required":       "frontchannel.logout.session.required",
}

// listMetadata are members that are lists, and attributes joined by ## under another name.
var listMetadata = map[string]string{
	"request_uris": "request.uris", "post_logout_redirect_uris": "post.logout.redirect.uris", "default_acr_values": "default.acr.values",
}

// FromMetadata is the representation of a client that registers with this metadata (RFC 7591 §2, OpenID
// Connect Dynamic Client Registration §2), of type "OIDCClient". ErrMetadata where it asks for what there
// is not.
func FromMetadata(m Object) (Object, error) {
	o := Object{}
	o.Put("protocol", protocolOIDC)
	for member, name := range map[string]string{"client_id": "clientId", "client_name": "name", "client_uri": "baseUrl", "redirect_uris": "redirectUris"} {
		if value, ok := m[member]; ok {
			o[name] = value
		}
	}
	if m.Has("scope") {
		o.Put("optionalClientScopes", strings.Fields(m.Text("scope")))
	}
	attributes := metadataAttributes(m)
	if err := putFlows(o, m, attributes); err != nil {
		return nil, err
	}
	if err := putAuthentication(o, m, attributes); err != nil {
		return nil, err
	}
	o.Put("attributes", attributes)
	return o, nil
}

func metadataAttributes(m Object) map[string]string {
	out := map[string]string{"backchannel.logout.session.required": "true", "backchannel.logout.revoke.offline.tokens": "false"}
	for member, name := range textMetadata {
		if m.Has(member) {
			out[name] = m.Text(member)
		}
	}
	for member, name := range flagMetadata {
		if m.Has(member) {
			out[name] = strconv.FormatBool(Value[bool](m, member))
		}
	}
	for member, name := range listMetadata {
		if m.Has(member) {
			out[name] = strings.Join(Value[[]string](m, member), separator)
		}
	}
	return out
}

// putFlows switches on what the client asks for. Without a list of grants it uses codes alone (RFC 7591
// §2), where Keycloak lets it ask for passwords too.
func putFlows(o, m Object, attributes map[string]string) error {
	types := Value[[]string](m, "response_types")
	if !m.Has("response_types") {
		types = []string{"code"}
	}
	code, implicit := false, false
	for _, t := range types {
		for word := range strings.FieldsSeq(t) {
			switch word {
			case "code":
				code = true
			case "token", "id_token":
				implicit = true
			case "none":
			default:
				return ErrMetadata
			}
		}
	}
	o.Put("standardFlowEnabled", code)
	o.Put("implicitFlowEnabled", implicit)
	grants := Value[[]string](m, "grant_types")
	o.Put("directAccessGrantsEnabled", slices.Contains(grants, grantPassword))
	o.Put("serviceAccountsEnabled", slices.Contains(grants, grantCredentials))
	if slices.Contains(grants, grantUMA) {
		o.Put("authorizationServicesEnabled", true)
	}
	if grants != nil {
		attributes["oidc.ciba.grant.enabled"] = strconv.FormatBool(slices.Contains(grants, grantCIBA))
		attributes["oauth2.device.authorization.grant.enabled"] = strconv.FormatBool(slices.Contains(grants, grantDevice))
	}
	return nil
}

// putAuthentication says how the client proves itself, and by which keys.
func putAuthentication(o, m Object, attributes map[string]string) error {
	method := m.Text("token_endpoint_auth_method")
	authenticator := "client-secret"
	if method != "" {
		authenticator = authenticators[method]
	}
	if authenticator == "" || m.Has("jwks") && m.Has("jwks_uri") {
		return ErrMetadata
	}
	o.Put("clientAuthenticatorType", authenticator)
	o.Put("publicClient", method == "none")
	switch {
	case m.Has("jwks_uri"):
		attributes["use.jwks.url"], attributes["jwks.url"] = "true", m.Text("jwks_uri")
	case m.Has("jwks"):
		attributes["use.jwks.url"], attributes["use.jwks.string"], attributes[jwksAttribute] = "false", "true", string(m["jwks"])
	case method == "private_key_jwt":
		return ErrMetadata
	}
	return nil
}

// ToMetadata is the metadata of a client with this representation, as registration answers it (RFC 7591
// §3.2.1).
func ToMetadata(o Object) Object {
	m := Object{}
	for name, member := range map[string]string{"clientId": "client_id", "name": "client_name", "baseUrl": "client_uri", "redirectUris": "redirect_uris",
		"registrationAccessToken": "registration_access_token"} {
		if value, ok := o[name]; ok {
			m[member] = value
		}
	}
	attributes := Value[map[string]string](o, "attributes")
	for member, name := range textMetadata {
		if value := attributes[name]; value != "" {
			m.Put(member, value)
		}
	}
	for _, member := range []string{"tls_client_certificate_bound_access_tokens", "dpop_bound_access_tokens", "require_pushed_authorization_requests",
		"backchannel_logout_session_required"} {
		m.Put(member, attributes[flagMetadata[member]] == "true")
	}
	for member, name := range listMetadata {
		if value := attributes[name]; value != "" {
			m.Put(member, split(value))
		}
	}
	if scopes := Value[[]string](o, "optionalClientScopes"); scopes != nil {
		m.Put("scope", strings.Join(scopes, " "))
	}
	m.Put("response_types", responseTypes(o))
	m.Put("grant_types", grantTypes(o, attributes))
	m.Put("token_endpoint_auth_method", authMethod(o))
	if o.Text("clientAuthenticatorType") == "client-secret" && !Value[bool](o, "publicClient") {
		m.Put("client_secret", o.Text("secret"))
		expires, _ := strconv.ParseInt(attributes["client.secret.expiration.time"], 10, 64) // 0: never
		m.Put("client_secret_expires_at", expires)
	}
	if attributes["use.jwks.url"] == "true" {
		m.Put("jwks_uri", attributes["jwks.url"])
	}
	m.Put("subject_type", subjectType(o))
	return m
}

func authMethod(o Object) string {
	if Value[bool](o, "publicClient") {
		return "none"
	}
	switch o.Text("clientAuthenticatorType") {
	case "client-secret-jwt":
		return "client_secret_jwt"
	case "client-jwt":
		return "private_key_jwt"
	case "client-x509":
		return "tls_client_auth"
	}
	return "client_secret_basic"
}

func responseTypes(o Object) []string {
	code, implicit := Value[bool](o, "standardFlowEnabled"), Value[bool](o, "implicitFlowEnabled")
	out := []string{}
	if code {
		out = append(out, "code", "none")
	}
	if implicit {
		out = append(out, "id_token", "id_token token")
	}
	if code && implicit {
		out = append(out, "code id_token", "code token", "code id_token token")
	}
	return out
}

func grantTypes(o Object, attributes map[string]string) []string {
	out := []string{}
	for _, g := range []struct {
		name string
		used bool
	}{
		{grantCode, Value[bool](o, "standardFlowEnabled")},
		{grantImplicit, Value[bool](o, "implicitFlowEnabled")},
		{grantPassword, Value[bool](o, "directAccessGrantsEnabled")},
		{grantCredentials, Value[bool](o, "serviceAccountsEnabled")},
		{grantDevice, attributes["oauth2.device.authorization.grant.enabled"] == "true"},
		{grantCIBA, attributes["oidc.ciba.grant.enabled"] == "true"},
		{grantUMA, Value[bool](o, "authorizationServicesEnabled")},
		{grantRefresh, attributes["use.refresh.tokens"] != "false"},
	} {
		if g.used {
			out = append(out, g.name)
		}
	}
	return out
}

func subjectType(o Object) string {
	for _, m := range toMappers(o) {
		if strings.HasSuffix(m.Kind, "-pairwise-sub-mapper") {
			return "pairwise"
		}
	}
	return "public"
}
