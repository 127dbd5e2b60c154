package keycloak

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/federation"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
)

type client = realm.Client

var clientFields = []field[client]{
	into("id", func(c *client) *string { return &c.Key }),
	into("clientId", func(c *client) *string { return &c.ID }),
	text("protocol", func(c *client) *string { return &c.Protocol }),
	into("enabled", func(c *client) *bool { return &c.Enabled }),
	into("publicClient", func(c *client) *bool { return &c.Public }),
	into("bearerOnly", func(c *client) *bool { return &c.BearerOnly }),
	text("clientAuthenticatorType", func(c *client) *string { return &c.Authenticator }),
	text("secret", func(c *client) *string { return &c.Secret }),
	into("standardFlowEnabled", func(c *client) *bool { return &c.StandardFlow }),
	into("implicitFlowEnabled", func(c *client) *bool { return &c.ImplicitFlow }),
	into("directAccessGrantsEnabled", func(c *client) *bool { return &c.DirectAccess }),
	into("serviceAccountsEnabled", func(c *client) *bool { return &c.ServiceAccounts }),
	into("consentRequired", func(c *client) *bool { return &c.ConsentRequired }),
	into("fullScopeAllowed", func(c *client) *bool { return &c.FullScope }),
	into("frontchannelLogout", func(c *client) *bool { return &c.Logout.FrontChannel }),
	into("alwaysDisplayInConsole", func(c *client) *bool { return &c.SignIn.AlwaysShown }),
	text("rootUrl", func(c *client) *string { return &c.RootURL }),
	text("baseUrl", func(c *client) *string { return &c.BaseURL }),
	text("adminUrl", func(c *client) *string { return &c.AdminURL }),
	list("redirectUris", func(c *client) *[]string { return &c.RedirectURIs }),
	list("webOrigins", func(c *client) *[]string { return &c.WebOrigins }),
	into("notBefore", func(c *client) *int64 { return &c.NotBefore }),
}

var clientAttributes = []attribute[client]{
	word("token.endpoint.auth.signing.alg", func(c *client) *string { return &c.AuthAlg }),
	lasting("token.endpoint.auth.signing.max.exp", func(c *client) *time.Duration { return &c.AuthMaxExp }),
	onOff("use.jwks.string", false, func(c *client) *bool { return &c.UseJWKS }),
	onOff("use.jwks.url", false, func(c *client) *bool { return &c.UseJWKSURL }),
	word("jwks.string", func(c *client) *string { return &c.JWKS }),
	word("jwks.url", func(c *client) *string { return &c.JWKSURL }),
	word("jwt.credential.certificate", func(c *client) *string { return &c.Certificate }),
	word("jwt.credential.kid", func(c *client) *string { return &c.CertificateKid }),
	word("jwt.credential.issuer", func(c *client) *string { return &c.AuthProvider }),
	word("jwt.credential.sub", func(c *client) *string { return &c.AuthSubject }),
	word("x509.subjectdn", func(c *client) *string { return &c.SubjectDN }),
	inverted("x509.allow.regex.pattern.comparison", func(c *client) *bool { return &c.SubjectExact }),
	word(secretMethod, func(c *client) *string { return &c.SecretMethod }),
	word("client.secret.rotated", func(c *client) *string { return &c.RotatedSecret }),
	rotatedUntil(),

	word("frontchannel.logout.url", func(c *client) *string { return &c.Logout.FrontChannelURL }),
	inverted("frontchannel.logout.session.required", func(c *client) *bool { return &c.Logout.FrontChannelPlain }),
	word("backchannel.logout.url", func(c *client) *string { return &c.Logout.BackChannelURL }),
	onOff("backchannel.logout.session.required", false, func(c *client) *bool { return &c.Logout.BackChannelSession }),
	onOff("backchannel.logout.revoke.offline.tokens", false, func(c *client) *bool { return &c.Logout.BackChannelOffline }),
	several("post.logout.redirect.uris", func(c *client) *[]string { return &c.Logout.RedirectURIs }),

	signing("access.token.signed.response.alg", func(c *client) *string { return &c.Tokens.AccessAlg }),
	signing("id.token.signed.response.alg", func(c *client) *string { return &c.Tokens.IDAlg }),
	word("user.info.response.signature.alg", func(c *client) *string { return &c.Tokens.UserInfoAlg }),
	override("access.token.lifespan", func(c *client) *realm.Override { return &c.Tokens.Lifespan }),
	override("client.session.idle.timeout", func(c *client) *realm.Override { return &c.Tokens.SessionIdle }),
	override("client.session.max.lifespan", func(c *client) *realm.Override { return &c.Tokens.SessionMax }),
	override("client.offline.session.idle.timeout", func(c *client) *realm.Override { return &c.Tokens.OfflineIdle }),
	override("client.offline.session.max.lifespan", func(c *client) *realm.Override { return &c.Tokens.OfflineMax }),
	inverted("use.refresh.tokens", func(c *client) *bool { return &c.Tokens.NoRefresh }),
	onOff("client_credentials.use_refresh_token", false, func(c *client) *bool { return &c.Tokens.ServiceRefresh }),
	onOff("client.use.lightweight.access.token.enabled", false, func(c *client) *bool { return &c.Tokens.Lightweight }),
	onOff("token.response.type.bearer.lower-case", false, func(c *client) *bool { return &c.Tokens.LowerCaseBearer }),
	onOff("access.token.header.type.rfc9068", false, func(c *client) *bool { return &c.Tokens.HeaderATJWT }),
	onOff("allow.token.introspection.without.audience.check", false, func(c *client) *bool { return &c.Tokens.IntrospectAnyone }),
	onOff("allow.userinfo.with.lightweight.access.token", false, func(c *client) *bool { return &c.Tokens.UserInfoLightweight }),
	onOff("client.introspection.response.allow.jwt.claim.enabled", false, func(c *client) *bool { return &c.Tokens.IntrospectJWT }),
	onOff("dpop.bound.access.tokens", false, func(c *client) *bool { return &c.Tokens.BindDPoP }),
	onOff("tls.client.certificate.bound.access.tokens", false, func(c *client) *bool { return &c.Tokens.BindTLS }),

	word("pkce.code.challenge.method", func(c *client) *string { return &c.SignIn.PKCE }),
	onOff("require.pushed.authorization.requests", false, func(c *client) *bool { return &c.SignIn.RequirePushed }),
	word("request.object.signature.alg", func(c *client) *string { return &c.SignIn.RequestAlg }),
	word("request.object.required", func(c *client) *string { return &c.SignIn.RequestRequired }),
	signing("authorization.signed.response.alg", func(c *client) *string { return &c.SignIn.ResponseAlg }),
	levels(func(c *client) *map[string]int { return &c.SignIn.ACR }),
	several("default.acr.values", func(c *client) *[]string { return &c.SignIn.DefaultACR }),
	word("minimum.acr.value", func(c *client) *string { return &c.SignIn.LeastACR }),

	onOff("oauth2.device.authorization.grant.enabled", false, func(c *client) *bool { return &c.Device.Enabled }),
	override("oauth2.device.code.lifespan", func(c *client) *realm.Override { return &c.Device.Life }),
	override("oauth2.device.polling.interval", func(c *client) *realm.Override { return &c.Device.Polling }),

	onOff("standard.token.exchange.enabled", false, func(c *client) *bool { return &c.Exchange.Enabled }),
	exchangeRefresh(),
	onOff("tokenhouse.exchange.public", false, func(c *client) *bool { return &c.Exchange.Public }),
	onOff("tokenhouse.exchange.external", false, func(c *client) *bool { return &c.Exchange.External }),
	limited(attributePermitted, func(c *client) **[]string { return &c.Exchange.Permitted }),
	limited(attributeAccepts, func(c *client) **[]string { return &c.Exchange.Accepts }),
	several("tokenhouse.exchange.issuers", func(c *client) *[]string { return &c.Exchange.Issuers }),
	resources(),
	word("resource_url", func(c *client) *string { return &c.ResourceURL }),

	onOff("oauth2.jwt.authorization.grant.enabled", false, func(c *client) *bool { return &c.Assertions.Enabled }),
	several("oauth2.jwt.authorization.grant.idp", func(c *client) *[]string { return &c.Assertions.Providers }),
	onOff("id.jag.issuance.enabled", false, func(c *client) *bool { return &c.Assertions.Issue }),
	several("id.jag.allowed.audiences", func(c *client) *[]string { return &c.Assertions.Audiences }),
	several("id.jag.allowed.scopes", func(c *client) *[]string { return &c.Assertions.Scopes }),
	word("id.jag.client.id", func(c *client) *string { return &c.Assertions.ClientID }),
}

// The attributes whose empty list means none.
const (
	attributePermitted = "tokenhouse.exchange.permitted"
	attributeAccepts   = "tokenhouse.exchange.accepts"
)

// newClient is a client that says nothing, as Keycloak makes it.
func newClient() client {
	return client{Enabled: true, Protocol: "openid-connect", Authenticator: "client-secret", StandardFlow: true, FullScope: true}
}

// ToClient reads a client of a realm that has its client scopes already; names of scopes that it
// does not have are passed over, with a note. Without lists of scopes it gets the realm's defaults,
// where they are of its protocol. The notes' paths begin at the client.
func ToClient(r *realm.Realm, o Object) (*realm.Client, []Note) {
	c := newClient()
	rest := readFields(clientFields, &c, o)
	if !o.Has("fullScopeAllowed") {
		c.FullScope = !c.ConsentRequired
	}
	in := Value[map[string]string](o, "attributes")
	delete(in, realmClient)
	kept, notes := readAttributes(clientAttributes, &c, in)
	rest.Put("attributes", kept)
	notes = append(notes, encryptionNotes(kept)...)
	notes = append(notes, workloadNotes(r, &c)...)
	c.Mappers = toMappers(o)
	if o.Has("defaultClientScopes") || o.Has("optionalClientScopes") {
		var unknown []Note
		c.DefaultScopes, unknown = scopeKeys(r, o, "defaultClientScopes")
		notes = append(notes, unknown...)
		c.OptionalScopes, unknown = scopeKeys(r, o, "optionalClientScopes")
		notes = append(notes, unknown...)
		c.OptionalScopes = realm.WithoutKeys(c.OptionalScopes, c.DefaultScopes)
	} else {
		AssignDefaults(r, &c)
	}
	for _, name := range []string{"protocolMappers", "defaultClientScopes", "optionalClientScopes", "access", "origin", "registrationAccessToken"} {
		delete(rest, name)
	}
	if rest.Has(overridesMember) {
		rest.Put(overridesMember, mergeOverrides(nil, rest)) // without those that are empty
	}
	c.Extra = keep(rest)
	return &c, notes
}

// workloadNotes refuse a client that others could be by a token of its provider.
func workloadNotes(r *realm.Realm, c *client) []Note {
	if err := federation.CheckWorkload(c, r.Provider(c.AuthProvider)); err != nil {
		return []Note{refusedNote(err)}
	}
	return nil
}

// encryptionNotes say that a client asks for encryption in vain: what it gets is signed.
func encryptionNotes(attributes map[string]string) (notes []Note) {
	for _, name := range []string{"id.token.encrypted.response.alg", "user.info.encrypted.response.alg", "authorization.encrypted.response.alg"} {
		if attributes[name] != "" {
			notes = append(notes, Note{Path: "attributes." + name, Text: notActedOn + ": what the client gets is signed, and not encrypted"})
		}
	}
	return notes
}

// AssignDefaults gives a client the realm's default and optional client scopes of its protocol.
func AssignDefaults(r *realm.Realm, c *realm.Client) {
	pick := func(keys []string) (out []string) {
		for _, key := range keys {
			if s := r.ScopeByKey(key); s != nil && s.OIDC() == c.OIDC() {
				out = append(out, key)
			}
		}
		return out
	}
	c.DefaultScopes, c.OptionalScopes = pick(r.DefaultScopes), pick(r.OptionalScopes)
}

func scopeKeys(r *realm.Realm, o Object, member string) (keys []string, notes []Note) {
	for i, name := range Value[[]string](o, member) {
		s := r.Scope(name)
		if s == nil {
			notes = append(notes, Note{Path: member + "[" + strconv.Itoa(i) + "]", Text: "there is no client scope " + strconv.Quote(name)})
			continue
		}
		keys = append(keys, s.Key)
	}
	return keys, notes
}

// FromClient is the representation of a client. Extra has to be loaded.
func FromClient(r *realm.Realm, c *realm.Client) Object {
	o := writeFields(clientFields, c, c.Extra)
	for name, value := range clientDefaults {
		if !o.Has(name) {
			o.Put(name, value)
		}
	}
	base := newClient()
	attributes := writeAttributes(clientAttributes, c, &base, Value[map[string]string](Object(c.Extra), "attributes"))
	attributes[realmClient] = strconv.FormatBool(c.ID == "broker" || r.Manages(c.ID))
	o.Put("attributes", attributes)
	putMappers(o, c.Mappers)
	o.Put("defaultClientScopes", scopeNames(r, c.DefaultScopes))
	o.Put("optionalClientScopes", scopeNames(r, c.OptionalScopes))
	return o
}

// ShowClient is the representation of a client as administrators and the client itself see it: authorization settings
// have an address of their own, and of a client that proves nothing there is no secret to see. Extra has to be loaded.
func ShowClient(r *realm.Realm, c *realm.Client) Object {
	o := FromClient(r, c)
	delete(o, "authorizationSettings")
	if c.Public {
		delete(o, "secret")
	}
	return o
}

// clientDefaults are the members that Keycloak always shows and that we do not act on.
var clientDefaults = map[string]any{"surrogateAuthRequired": false, "authenticationFlowBindingOverrides": map[string]string{}, "nodeReRegistrationTimeout": -1}

func scopeNames(r *realm.Realm, keys []string) []string {
	names := []string{}
	for _, key := range keys {
		if s := r.ScopeByKey(key); s != nil {
			names = append(names, s.Name)
		}
	}
	return names
}

// realmClient is an attribute that tells whether the client belongs to the machinery of the realm.
const realmClient = "realm_client"

// algorithms are those that tokens are signed with (RFC 7518 §3.1). "none" is not among them.
var algorithms = []string{"ES256", "ES384", "ES512", "EdDSA", "HS256", "HS384", "HS512", "PS256", "PS384", "PS512", "RS256", "RS384", "RS512"}

// signing binds an attribute that names the algorithm which a client's tokens are signed with; where it is empty
// the realm's.
func signing(name string, at func(*client) *string) attribute[client] {
	a := word(name, at)
	a.want = "one of " + strings.Join(algorithms, ", ")
	set := a.set
	a.set = func(c *client, s string) bool { return (s == "" || slices.Contains(algorithms, s)) && set(c, s) }
	return a
}

func exchangeRefresh() attribute[client] {
	return attribute[client]{"standard.token.exchange.enableRefreshRequestedTokenType",
		func(c *client) (string, bool) { return "SAME_SESSION", c.Exchange.Refresh },
		func(c *client, s string) bool {
			c.Exchange.Refresh = s == "SAME_SESSION"
			return s == "SAME_SESSION" || s == "NO" || s == ""
		}, "one of NO, SAME_SESSION"}
}

func rotatedUntil() attribute[client] {
	return attribute[client]{"client.secret.rotated.expiration.time",
		func(c *client) (string, bool) {
			return strconv.FormatInt(c.RotatedUntil.Unix(), 10), !c.RotatedUntil.IsZero()
		},
		func(c *client, s string) bool {
			n, err := strconv.ParseInt(s, 10, 64)
			if err == nil && n > 0 {
				c.RotatedUntil = time.Unix(n, 0).UTC()
			}
			return err == nil || s == ""
		}, "a time in seconds"}
}

// resources binds the client's resource URIs, which have to be absolute and without a fragment
// (RFC 8707 §2).
func resources() attribute[client] {
	a := several("tokenhouse.resources", func(c *client) *[]string { return &c.Resource })
	a.want = "a list of absolute URIs without fragment, joined by ##"
	set := a.set
	a.set = func(c *client, s string) bool {
		for _, uri := range split(s) {
			if !absolute(uri) {
				return false
			}
		}
		return set(c, s)
	}
	return a
}
