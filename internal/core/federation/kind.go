package federation

import (
	"net/url"
	"regexp"
	"strings"
)

// preset is what a kind of provider comes with. What an administrator may set counts before it.
type preset struct {
	authorization, token, userInfo, emails, jwks string
	issuers                                      []string

	scope   string // what is asked for where the settings name no scopes
	openID  bool   // answers have an ID token, and requests a nonce
	fixed   bool   // endpoints and issuer are the preset's, whatever the settings say
	mute    bool   // nobody signs in by it: it only signs what others hand in
	members members
	adapt   func(*Settings) // by settings of this kind alone
}

// members are the names in a profile of what a person is made of. Empty: not told.
type members struct {
	id, username, email, verified, name, given, family, locale, picture string

	token    string // the claim of the ID token that says what id says in the profile
	nameMail string // a name that may be an e-mail address, for who has none
}

// standard are the claims of OpenID Connect Core §5.1.
var standard = members{id: "sub", username: "preferred_username", email: "email", verified: "email_verified", name: "name",
	given: "given_name", family: "family_name", locale: "locale", picture: "picture", token: "sub"}

// KindGrant is the kind of a provider whose assertions are taken, and by which nobody signs in.
const KindGrant = "jwt-authorization-grant"

// presets are the kinds of provider that are acted on, by Keycloak's providerId.
var presets = map[string]*preset{
	"oidc":          {scope: "openid", openID: true, members: standard},
	"keycloak-oidc": {scope: "openid", openID: true, members: standard, adapt: func(s *Settings) { s.AccessTokenJWT = true }},
	"oauth2":        {members: standard, adapt: ownMembers},
	KindGrant:       {mute: true},
	"google": {
		authorization: "https://accounts.google.com/o/oauth2/v2/auth",
		token:         "https://oauth2.googleapis.com/token",
		userInfo:      "https://openidconnect.googleapis.com/v1/userinfo",
		jwks:          "https://www.googleapis.com/oauth2/v3/certs",
		issuers:       []string{"https://accounts.google.com", "accounts.google.com"}, // both are documented
		scope:         "openid profile email", openID: true, fixed: true, members: standard,
	},
	"github": {
		authorization: "https://github.com/login/oauth/authorize",
		token:         "https://github.com/login/oauth/access_token",
		userInfo:      "https://api.github.com/user",
		emails:        "https://api.github.com/user/emails",
		scope:         "user:email", fixed: true, adapt: atEnterprise,
		members: members{id: "id", username: "login", email: "email", verified: "email_verified", name: "name", picture: "avatar_url"},
	},
	"microsoft": {
		authorization: "https://login.microsoftonline.com/{tenant}/oauth2/v2.0/authorize",
		token:         "https://login.microsoftonline.com/{tenant}/oauth2/v2.0/token",
		userInfo:      "https://graph.microsoft.com/v1.0/me",
		jwks:          "https://login.microsoftonline.com/{tenant}/discovery/v2.0/keys",
		issuers:       []string{"https://login.microsoftonline.com/" + tenantPlace + "/v2.0"},
		scope:         "User.read", fixed: true, adapt: ofTenant,
		members: members{id: "id", email: "mail", name: "displayName", given: "givenName", family: "surname", locale: "preferredLanguage", token: "oid", nameMail: "userPrincipalName"},
	},
}

// ownMembers reads the names of members that a provider of plain OAuth 2 is configured with.
func ownMembers(s *Settings) {
	for setting, at := range map[string]*string{"userIDClaim": &s.members.id, "userNameClaim": &s.members.username, "emailClaim": &s.members.email,
		"fullNameClaim": &s.members.name, "givenNameClaim": &s.members.given, "familyNameClaim": &s.members.family} {
		if name := s.config[setting]; name != "" {
			*at = name
		}
	}
}

// atEnterprise takes the endpoints of a GitHub of one's own.
func atEnterprise(s *Settings) {
	if base := strings.TrimSuffix(s.config["baseUrl"], "/"); base != "" {
		s.AuthorizationEndpoint, s.TokenEndpoint = base+"/login/oauth/authorize", base+"/login/oauth/access_token"
	}
	if api := strings.TrimSuffix(s.config["apiUrl"], "/"); api != "" {
		s.UserInfoEndpoint, s.EmailsEndpoint = api+"/user", api+"/user/emails"
	}
}

// everybody are the words for a tenant that stand for more than one.
var everybody = map[string]bool{"common": true, "organizations": true, "consumers": true}

// tenantPlace is where an issuer of Microsoft's names the tenant that a token is of, as its discovery
// document writes it.
const tenantPlace = "{tenantid}"

// tenantID is how tenants are named in tokens.
var tenantID = regexp.MustCompile(`\A[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}\z`)

// ofTenant puts a tenant into Microsoft's endpoints: a name of Microsoft's own, or one organization by id
// or domain. Only an id can be compared with what a token says; a domain is enforced by the endpoint.
func ofTenant(s *Settings) {
	tenant := s.config["tenantId"]
	if tenant == "" {
		tenant = "common"
	}
	s.foreignMail = everybody[tenant]
	for _, at := range []*string{&s.AuthorizationEndpoint, &s.TokenEndpoint, &s.JWKSURL} {
		*at = strings.ReplaceAll(*at, "{tenant}", url.PathEscape(tenant))
	}
	if tenantID.MatchString(tenant) {
		s.Issuers = []string{strings.ReplaceAll(s.Issuers[0], tenantPlace, strings.ToLower(tenant))}
	}
}
