package keycloak

import (
	"encoding/json"
	"strconv"
	"strings"

	coremapper "github.com/tokenhouse/tokenhouse/internal/core/mapper"
)

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
	m.Put("frontchannel_logout_session_required", attributes[flagMetadata["frontchannel_logout_session_required"]] != "false")
	putAddresses(m, o, attributes)
	if scopes := Value[[]string](o, "optionalClientScopes"); scopes != nil {
		m.Put("scope", strings.Join(scopes, " "))
	}
	m.Put("response_types", responseTypes(o))
	m.Put("grant_types", grantTypes(o, attributes))
	putProof(m, o, attributes)
	m.Put("subject_type", "public")
	if pairwise := pairwiseMapper(toMappers(o)); pairwise != nil {
		m.Put("subject_type", "pairwise")
		if sector := pairwise.Config[coremapper.PairwiseSector]; sector != "" {
			m.Put("sector_identifier_uri", sector)
		}
	}
	return m
}

// putAddresses writes the lists of a client's addresses. Where it does not say where it may be sent after a logout,
// that is where it may be sent after a sign-in.
func putAddresses(m, o Object, attributes map[string]string) {
	for member, name := range listMetadata {
		if value := attributes[name]; value != "" {
			m.Put(member, split(value))
		}
	}
	if !m.Has("request_uris") {
		m.Put("request_uris", []string{})
	}
	if after := attributes[listMetadata["post_logout_redirect_uris"]]; after == "" || after == "+" {
		m.Put("post_logout_redirect_uris", append([]string{}, Value[[]string](o, "redirectUris")...))
	}
}

// putProof writes how a client proves itself, and by what.
func putProof(m, o Object, attributes map[string]string) {
	m.Put("token_endpoint_auth_method", authMethod(o, attributes))
	kind := o.Text("clientAuthenticatorType")
	if (kind == "client-secret" || kind == "client-secret-jwt") && !Value[bool](o, "publicClient") {
		m.Put("client_secret", o.Text("secret"))
		expires, _ := strconv.ParseInt(attributes["client.secret.expiration.time"], 10, 64) // 0: never
		m.Put("client_secret_expires_at", expires)
	}
	switch {
	case attributes["use.jwks.url"] == "true":
		m.Put("jwks_uri", attributes["jwks.url"])
	case attributes["use.jwks.string"] == "true":
		if keys := []byte(attributes[jwksAttribute]); json.Valid(keys) {
			m["jwks"] = keys
		}
	}
}

func authMethod(o Object, attributes map[string]string) string {
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
	if method := attributes[secretMethod]; method != "" {
		return method
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
	on := func(grant string) bool { return attributes[switchedGrants[grant]] == "true" }
	out := []string{}
	for _, g := range []struct {
		name string
		used bool
	}{
		{grantCode, Value[bool](o, "standardFlowEnabled")},
		{grantImplicit, Value[bool](o, "implicitFlowEnabled")},
		{grantPassword, Value[bool](o, "directAccessGrantsEnabled")},
		{grantCredentials, Value[bool](o, "serviceAccountsEnabled")},
		{grantDevice, on(grantDevice)},
		{grantCIBA, on(grantCIBA)},
		{grantUMA, Value[bool](o, "authorizationServicesEnabled")},
		{grantExchange, on(grantExchange)},
		{grantAssertion, on(grantAssertion)},
		{grantRefresh, attributes[switchedGrants[grantRefresh]] != "false"},
	} {
		if g.used {
			out = append(out, g.name)
		}
	}
	return out
}
