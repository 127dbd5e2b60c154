package federation_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenhouse/tokenhouse/internal/core/federation"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
)

// config is settings written as "name=value".
func config(settings ...string) map[string]string {
	out := map[string]string{}
	for _, s := range settings {
		name, value, _ := strings.Cut(s, "=")
		out[name] = value
	}
	return out
}

// provider is one of a kind, as the flow reads it. Later settings win.
func provider(t testing.TB, kind string, settings ...string) *federation.Settings {
	t.Helper()
	base := []string{"clientId=web", "authorizationUrl=https://up.example/auth", "tokenUrl=https://up.example/token", "userInfoUrl=https://up.example/me",
		"logoutUrl=https://up.example/bye", "issuer=https://up.example"}
	s, ok := federation.Read(&realm.Provider{Alias: "up", Kind: kind, ClientSecret: "hush & more", TrustEmail: true, Config: config(append(base, settings...)...)})
	if !ok {
		t.Fatalf("nobody can sign in by %q", kind)
	}
	return &s
}

func TestRead(t *testing.T) {
	if _, ok := federation.Read(&realm.Provider{Kind: "saml"}); ok {
		t.Error("a kind that is not spoken is read")
	}
	s := provider(t, "oidc", "issuer= https://a.example , https://b.example", "allowedClockSkew=7200", "defaultScope=  email ", "useJwksUrl=true", "jwksUrl=https://up.example/keys",
		"publicKeySignatureVerifier=left over", "disableUserInfo=true", "hideOnLoginPage=true", "pkceEnabled=true")
	got := []any{s.Issuers, s.Skew, s.Scope, s.JWKSURL, s.Key, s.FetchesProfile(), s.HideOnLogin, s.Sync, s.Method, s.UsesPKCE(), s.NeedsIDToken(), s.ReadsIDToken(), s.UsesNonce(), s.AccessTokenJWT}
	want := []any{[]string{"https://a.example", "https://b.example"}, time.Hour, "openid email", "https://up.example/keys", "", false, true,
		federation.SyncLegacy, federation.MethodPost, "S256", true, true, true, false}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Read (-want +got):\n%s", diff)
	}
	if s := provider(t, "oauth2"); s.Scope != "" || s.NeedsIDToken() || s.ReadsIDToken() || s.UsesNonce() || s.UsesPKCE() != "" || !s.FetchesProfile() {
		t.Errorf("plain OAuth 2 is read as %+v", s)
	}
	if s := provider(t, "keycloak-oidc", "disableNonce=true", "pkceEnabled=true", "pkceMethod=plain"); !s.AccessTokenJWT || s.UsesNonce() || s.UsesPKCE() != "plain" {
		t.Errorf("a Keycloak is read as %+v", s)
	}
}

// The endpoints of a preset are not for settings to change: a client secret of Google's is for Google.
func TestPresetsKeepTheirEndpoints(t *testing.T) {
	for _, kind := range []string{"google", "github", "microsoft"} {
		s := provider(t, kind)
		for _, address := range []string{s.AuthorizationEndpoint, s.TokenEndpoint, s.UserInfoEndpoint, strings.Join(s.Issuers, " ")} {
			if strings.Contains(address, "up.example") {
				t.Errorf("%s: %s", kind, address)
			}
		}
		if !s.ValidateSignature {
			t.Errorf("%s: signatures are not checked", kind)
		}
	}
	if s := provider(t, "google", "disableUserInfo=true", "allowedClockSkew=30", "syncMode=INHERIT"); s.FetchesProfile() || s.Skew != 30*time.Second || s.Sync != federation.SyncImport {
		t.Errorf("Google as configured: %q, %v, %v", s.UserInfoEndpoint, s.Skew, s.Sync)
	}
	tenant := "9d2c0b1e-0000-4000-8000-00000000ABCD"
	s := provider(t, "microsoft", "tenantId="+tenant)
	if want := "https://login.microsoftonline.com/9d2c0b1e-0000-4000-8000-00000000abcd/v2.0"; s.Issuers[0] != want || !strings.Contains(s.TokenEndpoint, tenant) {
		t.Errorf("of one tenant: %s, %s", s.Issuers, s.TokenEndpoint)
	}
	if s := provider(t, "microsoft", "tenantId=../evil"); strings.Contains(s.TokenEndpoint, "../") {
		t.Errorf("a tenant leads elsewhere: %s", s.TokenEndpoint)
	}
	if s := provider(t, "github", "baseUrl=https://git.example/", "apiUrl=https://git.example/api/v3"); s.TokenEndpoint != "https://git.example/login/oauth/access_token" ||
		s.EmailsEndpoint != "https://git.example/api/v3/user/emails" {
		t.Errorf("a GitHub of one's own: %s, %s", s.TokenEndpoint, s.EmailsEndpoint)
	}
}

func TestAuthorizationURL(t *testing.T) {
	all := federation.Authorization{RedirectURI: "https://here.example/realms/r/broker/up/endpoint", State: "s t", Nonce: "n", Challenge: "c", LoginHint: "una@up.example", UILocale: "de",
		Prompt: "login", MaxAge: "60", Forwarded: map[string]string{"acr_values": "gold", "tenant": "east", "redirect_uri": "https://evil.example", "claims": "{}"}}
	const head = "scope=openid&state=s+t&response_type=code&client_id=web&redirect_uri=https%3A%2F%2Fhere.example%2Frealms%2Fr%2Fbroker%2Fup%2Fendpoint"
	plain := federation.Authorization{RedirectURI: all.RedirectURI, State: all.State, Nonce: "n"}
	for _, tt := range []struct {
		name, kind string
		settings   []string
		q          federation.Authorization
		want       string
	}{
		{"as recorded", "oidc", []string{"defaultScope=openid profile email", "pkceEnabled=true", "pkceMethod=S256"}, federation.Authorization{RedirectURI: all.RedirectURI, State: "s t", Nonce: "n", Challenge: "c", Prompt: "login"},
			"https://up.example/auth?" + strings.Replace(head, "scope=openid", "scope=openid+profile+email", 1) + "&prompt=login&code_challenge=c&code_challenge_method=S256&nonce=n"},
		{"with nothing", "oidc", nil, plain, "https://up.example/auth?" + head + "&nonce=n"},
		{"what the client asked, as far as it is passed on", "oidc", nil, all, "https://up.example/auth?" + head + "&prompt=login&acr_values=gold&nonce=n"},
		{"all that can be passed on", "oidc", []string{"loginHint=true", "uiLocales=true", "passMaxAge=true", "forwardParameters=tenant, redirect_uri,claims,absent", "prompt=consent"}, all,
			"https://up.example/auth?" + head + "&login_hint=una%40up.example&ui_locales=de&prompt=consent&tenant=east&claims=%7B%7D&nonce=n&max_age=60"},
		{"an address with a query", "oidc", []string{"authorizationUrl=https://up.example/auth?p=b2c#here", "disableNonce=true"}, plain, "https://up.example/auth?p=b2c&" + head},
		{"Google", "google", []string{"hostedDomain=shop.example", "offlineAccess=true"}, plain,
			"https://accounts.google.com/o/oauth2/v2/auth?" + strings.Replace(head, "scope=openid", "scope=openid+profile+email", 1) + "&nonce=n&hd=shop.example&access_type=offline"},
		{"Google of several domains", "google", []string{"hostedDomain=shop.example,other.example", "defaultScope=openid"}, plain, "https://accounts.google.com/o/oauth2/v2/auth?" + head + "&nonce=n&hd=*"},
		{"GitHub", "github", nil, plain, "https://github.com/login/oauth/authorize?" + strings.Replace(head, "scope=openid", "scope=user%3Aemail", 1)},
		{"Microsoft", "microsoft", nil, plain, "https://login.microsoftonline.com/common/oauth2/v2.0/authorize?" + strings.Replace(head, "scope=openid", "scope=User.read", 1)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := provider(t, tt.kind, tt.settings...).AuthorizationURL(tt.q)
			if diff := cmp.Diff(strings.ReplaceAll(tt.want, "hd=*", "hd=%2A"), got); err != nil || diff != "" {
				t.Errorf("AuthorizationURL (-want +got), %v:\n%s", err, diff)
			}
		})
	}
	for _, address := range []string{"", "up.example/auth", "javascript:alert(1)", "https://", "https://user:pw@up.example/auth"} {
		if got, err := provider(t, "oidc", "authorizationUrl="+address).AuthorizationURL(plain); err == nil {
			t.Errorf("a browser is sent to %s by %q", got, address)
		}
	}
}

func TestLogoutURL(t *testing.T) {
	for _, tt := range []struct {
		settings []string
		want     string
	}{
		{nil, "https://up.example/bye?state=s&id_token_hint=i&post_logout_redirect_uri=https%3A%2F%2Fhere.example"},
		{[]string{"sendIdTokenOnLogout=false", "sendClientIdOnLogout=true"}, "https://up.example/bye?state=s&client_id=web&post_logout_redirect_uri=https%3A%2F%2Fhere.example"},
		{[]string{"logoutUrl="}, ""},
	} {
		if got := provider(t, "oidc", tt.settings...).LogoutURL("i", "s", "https://here.example"); got != tt.want {
			t.Errorf("%v: %s, want %s", tt.settings, got, tt.want)
		}
	}
}

func TestAuthenticate(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	var signed *token.Claims
	proof := federation.Proof{ID: "j", Now: now, Sign: func(alg string, c *token.Claims) (string, error) { signed = c; return alg + " signed", nil }}
	for _, tt := range []struct {
		method         string
		settings       []string
		want           string // the form, but for grant and code
		user, password string
	}{
		{"", nil, "client_id=web&client_secret=hush+%26+more", "", ""},
		{"client_secret_post", nil, "client_id=web&client_secret=hush+%26+more", "", ""},
		{"client_secret_basic", nil, "", "web", "hush+%26+more"},
		{"client_secret_basic_unencoded", nil, "", "web", "hush & more"},
		{"private_key_jwt", nil, "client_assertion=RS256+signed&client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer&client_id=web", "", ""},
		{"private_key_jwt", []string{"clientAssertionSigningAlg=ES256"}, "client_assertion=ES256+signed&client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer&client_id=web", "", ""},
	} {
		s := provider(t, "oidc", append(tt.settings, "clientAuthMethod="+tt.method)...)
		before := s.CodeRequest("c", "https://here.example", "v")
		got, err := s.Authenticate(before, proof)
		if err != nil {
			t.Fatal(err)
		}
		if len(before.Form) != 4 || got.URL != "https://up.example/token" || got.Form.Get("code_verifier") != "v" {
			t.Errorf("%s: the request became %v of %v", tt.method, got, before)
		}
		for _, name := range []string{"grant_type", "code", "redirect_uri", "code_verifier"} {
			got.Form.Del(name)
		}
		if got.Form.Encode() != tt.want || got.User != tt.user || got.Password != tt.password {
			t.Errorf("%s: %s, %q, %q", tt.method, got.Form.Encode(), got.User, got.Password)
		}
	}
	want := &token.Claims{ID: "j", Issuer: "web", Subject: "web", Audience: []string{"https://up.example/token"}, IssuedAt: now.Unix(), NotBefore: now.Unix(), Expires: now.Unix() + 60}
	if diff := cmp.Diff(want, signed); diff != "" {
		t.Errorf("assertion (-want +got):\n%s", diff)
	}
	for _, wrong := range []string{"clientAuthMethod=tls_client_auth", "clientAuthMethod=none of these"} {
		if _, err := provider(t, "oidc", wrong).Authenticate(federation.TokenRequest{}, proof); err == nil {
			t.Errorf("%s is spoken", wrong)
		}
	}
}

func TestAuthenticateByMAC(t *testing.T) {
	s := provider(t, "oidc", "clientAuthMethod=client_secret_jwt", "clientAssertionAudience=https://up.example")
	q, err := s.Authenticate(s.RefreshRequest("r"), federation.Proof{ID: "j", Now: time.Unix(1_700_000_000, 0)})
	if err != nil || q.Form.Get("grant_type") != "refresh_token" {
		t.Fatal(q, err)
	}
	c, err := token.Open(q.Form.Get("client_assertion"))
	if err != nil || c.Header.Alg != "HS256" || !strings.Contains(string(c.Payload), `"aud":"https://up.example"`) {
		t.Errorf("assertion %+v of %s, %v", c.Header, c.Payload, err)
	}
	for _, wrong := range []string{"clientAssertionSigningAlg=RS256", "clientAssertionSigningAlg=none"} {
		if _, err := provider(t, "oidc", "clientAuthMethod=client_secret_jwt", wrong).Authenticate(q, federation.Proof{}); err == nil {
			t.Errorf("%s makes a MAC", wrong)
		}
	}
	s.ClientSecret = ""
	if _, err := s.Authenticate(q, federation.Proof{}); err == nil {
		t.Error("no secret makes a MAC that everybody can make")
	}
}

func TestReadTokens(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	for _, tt := range []struct{ name, body, stored, err string }{
		{"JSON", `{"access_token":"a","expires_in":300,"id_token":"i","not-before-policy":0}`, `{"access_token":"a","expires_in":300,"id_token":"i","not-before-policy":0,"accessTokenExpiration":1700000300}`, ""},
		{"a lifespan as text", `{"access_token":"a","expires_in":"60"}`, `{"access_token":"a","expires_in":"60","accessTokenExpiration":1700000060}`, ""},
		{"GitHub's form", "access_token=gho_x&scope=user%3Aemail&token_type=bearer", `{"access_token":"gho_x","token_type":"bearer","scope":"user:email"}`, ""},
		{"GitHub's refusal", `{"error":"bad_verification_code","error_description":"The code is wrong."}`, "", `the provider refused: "bad_verification_code"`},
		{"a refusal as form", "error=bad_verification_code", "", `the provider refused: "bad_verification_code"`},
		{"no access token", `{"id_token":"i"}`, "", "no access token"},
		{"an access token that is no text", `{"access_token":{"a":1}}`, "", "no access token"},
		{"a name twice", `{"access_token":"a","access_token":"b"}`, "", "neither"},
		{"a page", "<html>sign in</html>", "", "neither"},
		{"nothing", "", "", "neither"},
	} {
		got, err := federation.ReadTokens([]byte(tt.body))
		if tt.err != "" {
			if err == nil || !strings.Contains(err.Error(), tt.err) {
				t.Errorf("%s: %v, want %s", tt.name, err, tt.err)
			}
			continue
		}
		if err != nil || got.Stored(now) != tt.stored {
			t.Errorf("%s: %s, %v, want %s", tt.name, got.Stored(now), err, tt.stored)
		}
	}
}
