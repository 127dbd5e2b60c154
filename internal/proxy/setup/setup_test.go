package setup_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tokenhouse/tokenhouse/internal/proxy/setup"
)

// least is what no gatekeeper does without.
func least() map[string][]string {
	return map[string][]string{"discovery-url": {"https://id.example/realms/shop"}, "client-id": {"my-app"}, "upstream-url": {"http://app.example:8081"},
		"redirection-url": {"https://gate.example"}, "encryption-key": {strings.Repeat("k", 32)}}
}

// tests hold for each option a value that is not the default, what it makes of the settings, and a value that is refused.
var tests = []struct {
	name  string
	value []string
	also  map[string][]string // options that it needs
	get   func(s *setup.Settings) any
	want  any
	wrong string
}{
	{"discovery-url", []string{"https://id.example/realms/other/.well-known/openid-configuration"}, nil, func(s *setup.Settings) any { return s.Issuer.URL }, "https://id.example/realms/other", ""},
	{"issuer", []string{"https://public.example/realms/shop"}, nil, func(s *setup.Settings) any { return s.Issuer.URL + " " + s.Issuer.DiscoveryURL },
		"https://public.example/realms/shop https://id.example/realms/shop/.well-known/openid-configuration", ""},
	{"client-id", []string{"other"}, nil, func(s *setup.Settings) any { return s.Issuer.ClientID + s.Issuer.Audience }, "otherother", ""},
	{"client-secret", []string{"s"}, nil, func(s *setup.Settings) any { return s.Issuer.ClientSecret }, "s", ""},
	{"client-auth-method", []string{"secret-body"}, nil, func(s *setup.Settings) any { return s.Issuer.SecretInBody }, true, "secret-none"},
	{"audience", []string{"https://api.example"}, nil, func(s *setup.Settings) any { return s.Issuer.Audience }, "https://api.example", ""},
	{"scopes", []string{"orders", "openid"}, nil, func(s *setup.Settings) any { return s.Issuer.Scopes }, "[openid email profile orders]", ""},
	{"revocation-url", []string{"https://id.example/revoke"}, nil, func(s *setup.Settings) any { return s.Issuer.Revocation }, "https://id.example/revoke", ""},
	{"openid-provider-proxy", []string{"http://proxy.example:3128"}, nil, func(s *setup.Settings) any { return s.Issuer.Proxy }, "http://proxy.example:3128", "proxy.example"},
	{"openid-provider-timeout", []string{"5s"}, nil, func(s *setup.Settings) any { return s.Issuer.Timeout }, "5s", "soon"},
	{"openid-provider-ca", []string{"ca.pem"}, nil, func(s *setup.Settings) any { return s.Issuer.CA }, "ca.pem", ""},
	{"openid-provider-insecure-http", []string{"true"}, nil, func(s *setup.Settings) any { return s.Issuer.Insecure }, true, "yes"},
	{"accept-untyped-tokens", []string{"true"}, nil, func(s *setup.Settings) any { return s.Issuer.Untyped }, true, "yes"},
	{"unsafe-skip-token-verification", []string{"true"}, nil, func(s *setup.Settings) any { return s.Issuer.Unverified }, true, "yes"},
	{"explain-client-id", []string{"e"}, map[string][]string{"explain-client-secret": {"s"}}, func(s *setup.Settings) any { return s.Issuer.ExplainID }, "e", ""},
	{"explain-client-secret", []string{"s"}, map[string][]string{"explain-client-id": {"e"}}, func(s *setup.Settings) any { return s.Issuer.ExplainSecret }, "s", ""},
	{"show-explanations", []string{"true"}, nil, func(s *setup.Settings) any { return s.Access.ShowFixes }, true, "yes"},
	{"upstream-url", []string{"unix:///run/app.sock"}, nil, func(s *setup.Settings) any { return s.Upstream.URL.Scheme + s.Upstream.URL.Path }, "unix/run/app.sock", "ftp://app.example"},
	{"upstream-ca", []string{"ca.pem"}, nil, func(s *setup.Settings) any { return s.Upstream.CA }, "ca.pem", ""},
	{"skip-upstream-tls-verify", []string{"true"}, nil, func(s *setup.Settings) any { return fmt.Sprint(s.Upstream.SkipVerify, len(s.Warnings)) }, "true 1", "yes"},
	{"upstream-keepalives", []string{"false"}, nil, func(s *setup.Settings) any { return s.Upstream.KeepAlive }, false, "no"},
	{"upstream-timeout", []string{"1s"}, nil, func(s *setup.Settings) any { return s.Upstream.Timeouts.Dial }, "1s", "1"},
	{"upstream-keepalive-timeout", []string{"1s"}, nil, func(s *setup.Settings) any { return s.Upstream.Timeouts.KeepAlive }, "1s", "-1s"},
	{"upstream-tls-handshake-timeout", []string{"1s"}, nil, func(s *setup.Settings) any { return s.Upstream.Timeouts.TLS }, "1s", "x"},
	{"upstream-response-header-timeout", []string{"1s"}, nil, func(s *setup.Settings) any { return s.Upstream.Timeouts.Header }, "1s", "x"},
	{"upstream-expect-continue-timeout", []string{"1s"}, nil, func(s *setup.Settings) any { return s.Upstream.Timeouts.Continue }, "1s", "x"},
	{"max-idle-connections", []string{"60"}, nil, func(s *setup.Settings) any { return s.Upstream.MaxIdle }, 60, "none"},
	{"max-idle-connections-per-host", []string{"10"}, nil, func(s *setup.Settings) any { return s.Upstream.MaxIdleHost }, 10, "101"},
	{"tls-client-certificate", []string{"both.pem"}, nil, func(s *setup.Settings) any { return s.Upstream.Certificate }, "both.pem", ""},
	{"preserve-host", []string{"true"}, nil, func(s *setup.Settings) any { return s.Upstream.PreserveHost }, true, "yes"},
	{"headers", []string{"X-A=1", "X-B=2=3"}, nil, func(s *setup.Settings) any { return s.Upstream.Headers }, "map[X-A:1 X-B:2=3]", "X-A"},
	{"enable-token-header", []string{"false"}, nil, func(s *setup.Settings) any { return s.Told.Token }, false, "no"},
	{"enable-authorization-header", []string{"false"}, nil, func(s *setup.Settings) any { return s.Told.Authorization }, false, "no"},
	{"add-claims", []string{"name", "family_name|X-Family"}, nil, func(s *setup.Settings) any { return s.Told.Claims }, "[name family_name|X-Family]", ""},
	{"resources", []string{"uri=/a|roles=x,y", "uri=/b|white-listed=true"}, nil, func(s *setup.Settings) any { return fmt.Sprint(len(s.Access.Resources), s.Access.Resources[0].Roles) }, "2 [x y]", "uri=/a|colour=red"},
	{"enable-default-deny", []string{"false"}, nil, func(s *setup.Settings) any { return s.Access.DefaultDeny }, false, "no"},
	{"match-claims", []string{"aud=a|b"}, nil, func(s *setup.Settings) any { return s.Access.Claims["aud"] }, `\A(?:a|b)\z`, "aud=("},
	{"no-redirects", []string{"true"}, nil, func(s *setup.Settings) any { return s.Access.NoRedirects }, true, "yes"},
	{"redirection-url", []string{"https://www.example/"}, nil, func(s *setup.Settings) any { return s.Site.URL.Host }, "www.example", "https://www.example/path"},
	{"base-uri", []string{"/base"}, nil, func(s *setup.Settings) any { return s.Site.Base }, "/base", "base"},
	{"oauth-uri", []string{"/login/"}, nil, func(s *setup.Settings) any { return s.Site.OAuth }, "/login", "/"},
	{"encryption-key", []string{strings.Repeat("x", 33)}, nil, func(s *setup.Settings) any { return len(s.Session.Key) }, 33, ""},
	{"cookie-access-name", []string{"session"}, nil, func(s *setup.Settings) any { return s.Session.Cookie }, "session", ""},
	{"cookie-domain", []string{"example"}, nil, func(s *setup.Settings) any { return s.Session.Domain }, "example", ""},
	{"secure-cookie", []string{"false"}, nil, func(s *setup.Settings) any { return s.Session.Insecure }, true, "no"},
	{"same-site-cookie", []string{"Strict"}, nil, func(s *setup.Settings) any { return s.Session.SameSite }, 3, "strict"},
	{"enable-session-cookies", []string{"false"}, nil, func(s *setup.Settings) any { return s.Session.Lasting }, true, "no"},
	{"access-token-duration", []string{"1h"}, nil, func(s *setup.Settings) any { return s.Session.Duration }, "1h0m0s", "1"},
	{"enable-refresh-tokens", []string{"true"}, nil, func(s *setup.Settings) any { return s.Session.Refresh }, true, "yes"},
	{"enable-logout-redirect", []string{"true"}, nil, func(s *setup.Settings) any { return s.Session.EndAtIssuer }, true, "yes"},
	{"cors-origins", []string{"https://a.example"}, nil, func(s *setup.Settings) any { return s.CORS.Origins }, "[https://a.example]", ""},
	{"cors-methods", []string{"GET", "PUT"}, nil, func(s *setup.Settings) any { return s.CORS.Methods }, "[GET PUT]", ""},
	{"cors-headers", []string{"X-A"}, nil, func(s *setup.Settings) any { return s.CORS.Headers }, "[X-A]", ""},
	{"cors-exposed-headers", []string{"X-B"}, nil, func(s *setup.Settings) any { return s.CORS.Exposed }, "[X-B]", ""},
	{"cors-credentials", []string{"true"}, nil, func(s *setup.Settings) any { return s.CORS.Credentials }, true, "yes"},
	{"cors-max-age", []string{"1h"}, nil, func(s *setup.Settings) any { return s.CORS.MaxAge }, "1h0m0s", "x"},
	{"listen", []string{":3000"}, nil, func(s *setup.Settings) any { return s.Listen.Address }, ":3000", ""},
	{"listen-http", []string{":80"}, nil, func(s *setup.Settings) any { return s.Listen.HTTP }, ":80", ""},
	{"enable-https-redirection", []string{"true"}, map[string][]string{"listen-http": {":80"}, "enable-security-filter": {"true"}}, func(s *setup.Settings) any { return s.Listen.ToHTTPS }, true, "yes"},
	{"tls-cert", []string{"c.pem"}, map[string][]string{"tls-private-key": {"k.pem"}}, func(s *setup.Settings) any { return s.Listen.TLS.Certificate }, "c.pem", ""},
	{"tls-private-key", []string{"k.pem"}, map[string][]string{"tls-cert": {"c.pem"}}, func(s *setup.Settings) any { return s.Listen.TLS.Key }, "k.pem", ""},
	{"tls-ca-certificate", []string{"ca.pem"}, map[string][]string{"tls-private-key": {"k.pem"}, "tls-cert": {"c.pem"}}, func(s *setup.Settings) any { return s.Listen.TLS.ClientCA }, "ca.pem", ""},
	{"trusted-proxies", []string{"10.0.0.0/8", "192.0.2.1"}, nil, func(s *setup.Settings) any { return s.Listen.Trusted }, "[10.0.0.0/8 192.0.2.1/32]", "proxy.example"},
	{"server-read-timeout", []string{"1s"}, nil, func(s *setup.Settings) any { return s.Listen.ReadTime }, "1s", "x"},
	{"server-write-timeout", []string{"1s"}, nil, func(s *setup.Settings) any { return s.Listen.WriteTime }, "1s", "x"},
	{"server-idle-timeout", []string{"1s"}, nil, func(s *setup.Settings) any { return s.Listen.IdleTime }, "1s", "x"},
	{"enable-security-filter", []string{"true"}, map[string][]string{"filter-frame-deny": {"true"}}, func(s *setup.Settings) any { return s.Filter.NoFrame }, true, "yes"},
	{"hostnames", []string{"Gate.example"}, map[string][]string{"enable-security-filter": {"true"}}, func(s *setup.Settings) any { return s.Filter.Hosts }, "[gate.example]", ""},
	{"filter-content-nosniff", []string{"true"}, map[string][]string{"enable-security-filter": {"true"}}, func(s *setup.Settings) any { return s.Filter.NoSniff }, true, "yes"},
	{"filter-frame-deny", []string{"true"}, map[string][]string{"enable-security-filter": {"true"}}, func(s *setup.Settings) any { return s.Filter.NoFrame }, true, "yes"},
	{"content-security-policy", []string{"default-src 'self'"}, map[string][]string{"enable-security-filter": {"true"}}, func(s *setup.Settings) any { return s.Filter.Policy }, "default-src 'self'", ""},
	{"response-headers", []string{"X-A=1"}, nil, func(s *setup.Settings) any { return s.Filter.Headers }, "map[X-A:1]", "=1"},
	{"enable-request-id", []string{"true"}, nil, func(s *setup.Settings) any { return s.Filter.RequestID }, "X-Request-Id", "yes"},
	{"request-id-header", []string{"x-id"}, map[string][]string{"enable-request-id": {"true"}}, func(s *setup.Settings) any { return s.Filter.RequestID }, "X-Id", ""},
	{"enable-metrics", []string{"true"}, nil, func(s *setup.Settings) any { return s.Site.Metrics }, true, "yes"},
	{"localhost-metrics", []string{"true"}, nil, func(s *setup.Settings) any { return s.Site.Local }, true, "yes"},
	{"enable-logging", []string{"true"}, nil, func(s *setup.Settings) any { return s.Requests }, true, "yes"},
	{"enable-json-logging", []string{"true"}, nil, func(s *setup.Settings) any { return s.JSON }, true, "yes"},
	{"verbose", []string{"true"}, nil, func(s *setup.Settings) any { return s.Verbose }, true, "yes"},
	{"disable-all-logging", []string{"true"}, nil, func(s *setup.Settings) any { return s.Silent }, true, "yes"},
}

func TestEachOption(t *testing.T) {
	var tested []string
	for _, tt := range tests {
		tested = append(tested, tt.name)
		given := least()
		for name, value := range tt.also {
			given[name] = value
		}
		delete(given, tt.name)
		before, _ := setup.Read(given, nil, "") // may lack what the option brings
		given[tt.name] = tt.value
		s, err := setup.Read(given, nil, "")
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		if got := fmt.Sprint(tt.get(s)); got != fmt.Sprint(tt.want) {
			t.Errorf("%s=%q makes %s, want %v", tt.name, tt.value, got, tt.want)
		} else if before != nil && tt.name != "resources" && tt.name != "upstream-url" && tt.name != "redirection-url" && fmt.Sprint(tt.get(before)) == got {
			t.Errorf("%s=%q changes nothing: %s", tt.name, tt.value, got)
		}
		if tt.wrong == "" {
			continue
		}
		given[tt.name] = []string{tt.wrong}
		if _, err := setup.Read(given, nil, ""); err == nil || !strings.Contains(err.Error(), tt.name) {
			t.Errorf("%s=%s: %v, want an error that names it", tt.name, tt.wrong, err)
		}
	}
	for _, o := range setup.All() {
		if !slices.Contains(tested, o.Name) {
			t.Errorf("%s has no test", o.Name)
		}
	}
}

func TestRefused(t *testing.T) {
	for _, o := range setup.Refused() {
		given := least()
		given[o.Name] = []string{"true"}
		if _, err := setup.Read(given, nil, ""); err == nil || !strings.HasPrefix(err.Error(), o.Name+" is not supported: ") || len(o.Help) < 20 {
			t.Errorf("%s: %v, want the reason", o.Name, err)
		}
		given[o.Name] = []string{"false"}
		if _, err := setup.Read(given, nil, ""); (err == nil) != (o.Kind == setup.Toggle) {
			t.Errorf("%s=false: %v", o.Name, err)
		}
		if _, err := setup.Read(least(), []string{"PROXY_" + strings.ToUpper(strings.ReplaceAll(o.Name, "-", "_")) + "=x"}, ""); err == nil {
			t.Errorf("%s: passed over in the environment", o.Name)
		}
	}
	for _, o := range setup.Fixed() {
		for value, fine := range map[string]bool{"true": true, "false": false} {
			given := least()
			given[o.Name] = []string{value}
			if _, err := setup.Read(given, nil, ""); (err == nil) != fine {
				t.Errorf("%s=%s: %v", o.Name, value, err)
			}
		}
	}
	for name, want := range map[string]string{"clientid": "unknown option clientid; did you mean client-id?", "upstream": "unknown option upstream", "no-redirect": "did you mean no-redirects?", "flux-capacitor": "unknown option flux-capacitor"} {
		given := least()
		given[name] = []string{"x"}
		if _, err := setup.Read(given, nil, ""); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", name, err, want)
		}
	}
}

func TestCombinations(t *testing.T) {
	for want, also := range map[string]map[string][]string{
		"needed together":            {"tls-cert": {"c"}},
		"needs tls-cert":             {"tls-ca-certificate": {"c"}},
		"needs listen-http":          {"enable-https-redirection": {"true"}, "enable-security-filter": {"true"}},
		"exclude each other":         {"upstream-ca": {"c"}, "skip-upstream-tls-verify": {"true"}},
		"is more than":               {"max-idle-connections": {"3"}},
		"without enable-security":    {"hostnames": {"a"}},
		"explain-client-secret are":  {"explain-client-id": {"a"}},
		"name them in cors-origins":  {"cors-credentials": {"true"}, "cors-origins": {"*"}},
		"client-id has several":      {"client-id": {"a", "b"}},
		`match-claims names "aud" t`: {"match-claims": {"aud=a", "aud=b"}},
		"cors-origins holds an empt": {"cors-origins": {""}},
	} {
		given := least()
		for name, value := range also {
			given[name] = value
		}
		if _, err := setup.Read(given, nil, ""); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v, want %q", also, err, want)
		}
	}
}

func TestSources(t *testing.T) {
	file := filepath.Join(t.TempDir(), "gatekeeper.yaml")
	write := func(text string) string {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	const sample = `# as Keycloak Gatekeeper had it
discovery-url: https://id.example/realms/shop
client-id: from-file
client-secret: file-secret
tls-cert:
upstream-url: http://127.0.0.1:80
redirection-url: https://gate.example
encryption-key: AgXa7xRcoClDEU0ZDSH4X0XhL5Qy2Z2j
enable-encrypted-token: true
max-idle-connections: 77
match-claims:
  aud: my-.*
headers:
  X-A: "1"
scopes: [orders]
resources:
- uri: /admin*
  methods: [GET]
  roles:
  - client:test1
  require-any-role: true
  groups: [admins]
- uri: /css/*
  white-listed: true
`
	s, err := setup.Read(map[string][]string{"client-id": {"from-flag"}}, []string{"PROXY_CLIENT_ID=from-environment", "PROXY_CLIENT_SECRET=env-secret", "PROXY_SCOPES=a,b", "HTTP_PROXY=http://x", "PROXY_UNRELATED=1"}, write(sample))
	if err != nil {
		t.Fatal(err)
	}
	if s.Issuer.ClientID != "from-flag" || s.Issuer.ClientSecret != "env-secret" || s.Upstream.MaxIdle != 77 || !slices.Contains(s.Issuer.Scopes, "b") {
		t.Errorf("%+v", s.Issuer)
	}
	if r := s.Access.Resources; len(r) != 2 || r[0].Roles[0] != "client:test1" || !r[0].RequireAnyRole || !r[1].WhiteListed || s.Access.Claims["aud"] == nil || s.Upstream.Headers["X-A"] != "1" {
		t.Errorf("%+v", s.Access)
	}
	if s, err := setup.Read(nil, []string{"PROXY_CONFIG_FILE=" + write(sample), "PROXY_CLIENT_ID=from-environment"}, ""); err != nil || s.Issuer.ClientID != "from-environment" || s.Upstream.MaxIdle != 77 {
		t.Errorf("a file that the environment names: %v %+v", err, s)
	}
	if _, err := setup.Read(least(), []string{"PROXY_CONFIG_FILE=" + file + ".none"}, ""); err == nil {
		t.Error("a missing file that the environment names is passed over")
	}
	s, err = setup.Read(map[string][]string{"resources": {"uri=/only"}}, nil, write(sample))
	if err != nil || len(s.Access.Resources) != 1 {
		t.Errorf("resources of flags take the place of the file's: %v %+v", err, s)
	}
	if s, err = setup.Read(least(), []string{"PROXY_RESOURCES=uri=/a|roles=x,y;uri=/b"}, ""); err != nil || len(s.Access.Resources) != 2 {
		t.Errorf("resources of the environment: %v %+v", err, s)
	}
	if s, err = setup.Read(least(), []string{"PROXY_ENABLE_REFRESH_TOKEN=true"}, ""); err != nil || !s.Session.Refresh || slices.ContainsFunc(s.Warnings, func(w string) bool { return strings.Contains(w, "REFRESH") }) {
		t.Errorf("Keycloak Gatekeeper's variable of enable-refresh-tokens: %v %v", err, s.Warnings)
	}
	s, err = setup.Read(least(), []string{"PROXY_MATCH_CLAIM=aud=x", "PROXY_SERVICE_HOST=10.0.0.1", "PROXY_PORT=80"}, "")
	if err != nil || !slices.Contains(s.Warnings, "PROXY_MATCH_CLAIM is no option, and does nothing; did you mean PROXY_MATCH_CLAIMS?") ||
		slices.ContainsFunc(s.Warnings, func(w string) bool { return strings.Contains(w, "PROXY_SERVICE") || strings.Contains(w, "PROXY_PORT") }) {
		t.Errorf("variables that are no options: %v %+v", err, s)
	}
	if s, err = setup.Read(nil, nil, write(`{"client-id": "json", "resources": ["uri=/a|roles=x"]}`)); err != nil || s.Issuer.ClientID != "json" || len(s.Access.Resources) != 1 {
		t.Errorf("JSON: %v", err)
	}
	for text, want := range map[string]string{
		"client-id: a\nclient-id: b":   "line 2: client-id is there twice",
		"client-id: a\n---\nscopes: b": "more than one document",
		"client-id: {a: [b]}":          "holds what is no text",
		"resources:\n- url: /a":        "field url not found",
		"- client-id":                  "holds no options",
		"client-id: [":                 "yaml",
		"colour: red":                  "unknown option colour",
	} {
		if _, err := setup.Read(nil, nil, write(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
	if _, err := setup.Read(nil, nil, write("")); err != nil {
		t.Errorf("an empty file: %v", err)
	}
	if _, err := setup.Read(nil, nil, file+".none"); err == nil {
		t.Error("a missing file is passed over")
	}
	given := least()
	delete(given, "encryption-key")
	if s, err := setup.Read(given, nil, ""); err != nil || len(s.Session.Key) < 32 || len(s.Warnings) != 1 {
		t.Errorf("without a key: %v %v", err, s.Warnings)
	}
}
