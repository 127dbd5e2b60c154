package federation_test

import (
	"errors"
	"maps"
	"testing"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/federation"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
)

// workloads is a provider of a kind that may prove clients, with settings more; one that is empty is left out.
func workloads(kind string, more map[string]string) *realm.Provider {
	p := &realm.Provider{Alias: "machines", Kind: kind, Enabled: true, Config: map[string]string{}}
	if kind == "oidc" {
		maps.Copy(p.Config, map[string]string{"supportsClientAssertions": "true", "issuer": "https://issuer.example",
			"useJwksUrl": "true", "jwksUrl": "https://issuer.example/jwks"})
	}
	maps.Copy(p.Config, more)
	maps.DeleteFunc(p.Config, func(_, value string) bool { return value == "" })
	return p
}

// TestReadVoucher takes what names one party, and refuses what would let others in.
func TestReadVoucher(t *testing.T) {
	const github, claims = "https://token.actions.githubusercontent.com", "tokenhouse.assertion.claims"
	const noClaim = "config." + claims
	domain := map[string]string{"trustDomain": "spiffe://example.org", "bundleEndpoint": "https://spire.example/bundle"}
	with := func(base map[string]string, name, value string) map[string]string {
		out := maps.Clone(base)
		out[name] = value
		return out
	}
	tests := map[string]struct {
		kind   string
		config map[string]string
		want   string // the field that is refused; "taken", or "not asked"
	}{
		"an issuer":             {"oidc", nil, "taken"},
		"static key":            {"oidc", map[string]string{"useJwksUrl": "", "publicKeySignatureVerifier": "PEM"}, "taken"},
		"switch off":            {"oidc", map[string]string{"supportsClientAssertions": "false"}, "not asked"},
		"switch missing":        {"oidc", map[string]string{"supportsClientAssertions": ""}, "not asked"},
		"signatures unchecked":  {"oidc", map[string]string{"validateSignature": "false"}, "taken"},
		"no issuer":             {"oidc", map[string]string{"issuer": ""}, "config.issuer"},
		"blank issuer":          {"oidc", map[string]string{"issuer": " , "}, "config.issuer"},
		"wildcard issuer":       {"oidc", map[string]string{"issuer": "https://*.example"}, "config.issuer"},
		"no key":                {"oidc", map[string]string{"jwksUrl": ""}, "config.jwksUrl"},
		"own id as audience":    {"oidc", map[string]string{"allowClientIdAsAudience": "true", "clientId": "us"}, "taken"},
		"no audience":           {"oidc", map[string]string{"allowClientIdAsAudience": "true"}, "config.clientId"},
		"any audience":          {"oidc", map[string]string{"allowClientIdAsAudience": "true", "clientId": "*"}, "config.clientId"},
		"condition":             {"oidc", map[string]string{claims: "environment=production##team=a##team=b"}, "taken"},
		"condition of nothing":  {"oidc", map[string]string{claims: "environment"}, noClaim},
		"condition of no value": {"oidc", map[string]string{claims: "environment="}, noClaim},
		"condition on any":      {"oidc", map[string]string{claims: "environment=*"}, noClaim},

		"GitHub, anybody":             {"oidc", map[string]string{"issuer": github}, noClaim},
		"GitHub, with a slash":        {"oidc", map[string]string{"issuer": github + "/"}, noClaim},
		"GitHub, in capitals":         {"oidc", map[string]string{"issuer": "https://Token.Actions.GithubUserContent.com"}, noClaim},
		"GitHub, beside another":      {"oidc", map[string]string{"issuer": "https://issuer.example," + github}, noClaim},
		"GitHub, of no owner":         {"oidc", map[string]string{"issuer": github, claims: "ref=refs/heads/main"}, noClaim},
		"GitHub, of an owner":         {"oidc", map[string]string{"issuer": github, claims: "repository_owner_id=42"}, "taken"},
		"GitHub, of an enterprise":    {"oidc", map[string]string{"issuer": github + "/acme"}, "taken"},
		"GitLab":                      {"oidc", map[string]string{"issuer": "https://gitlab.com"}, noClaim},
		"GitLab, of a namespace":      {"oidc", map[string]string{"issuer": "https://gitlab.com", claims: "namespace_id=7"}, "taken"},
		"a GitLab of one's own":       {"oidc", map[string]string{"issuer": "https://gitlab.example"}, "taken"},
		"Google":                      {"oidc", map[string]string{"issuer": "https://accounts.google.com"}, noClaim},
		"Google, of a domain":         {"oidc", map[string]string{"issuer": "https://accounts.google.com", claims: "hd=example.org"}, "taken"},
		"Microsoft, everybody":        {"oidc", map[string]string{"issuer": "https://login.microsoftonline.com/common/v2.0"}, noClaim},
		"Microsoft, any tenant":       {"oidc", map[string]string{"issuer": "https://login.microsoftonline.com/{tenantid}/v2.0"}, noClaim},
		"Microsoft, any and named":    {"oidc", map[string]string{"issuer": "https://login.microsoftonline.com/{tenantid}/v2.0", claims: "tid=72f988bf-86f1-41af-91ab-2d7cd011db47"}, "taken"},
		"Microsoft, personal":         {"oidc", map[string]string{"issuer": "https://login.microsoftonline.com/9188040d-6c67-4c5b-b112-36a304b66dad/v2.0"}, noClaim},
		"Microsoft, a tenant":         {"oidc", map[string]string{"issuer": "https://login.microsoftonline.com/72f988bf-86f1-41af-91ab-2d7cd011db47/v2.0"}, "taken"},
		"Microsoft, a tenant, old":    {"oidc", map[string]string{"issuer": "https://sts.windows.net/72f988bf-86f1-41af-91ab-2d7cd011db47/"}, "taken"},
		"Microsoft, everybody, Entra": {"oidc", map[string]string{"issuer": "https://sts.windows.net/common/"}, noClaim},

		"a cluster":           {"kubernetes", nil, "taken"},
		"a cluster, any":      {"kubernetes", map[string]string{"issuer": "*"}, "config.issuer"},
		"a domain":            {"spiffe", domain, "taken"},
		"a domain, any":       {"spiffe", with(domain, "trustDomain", "spiffe://*"), "config.trustDomain"},
		"a domain, with path": {"spiffe", with(domain, "trustDomain", "spiffe://example.org/a"), "config.trustDomain"},
		"a domain, nameless":  {"spiffe", with(domain, "trustDomain", "spiffe://"), "config.trustDomain"},
		"a domain, no keys":   {"spiffe", with(domain, "bundleEndpoint", ""), "config.bundleEndpoint"},
		"a sign-in of GitHub": {"github", map[string]string{"supportsClientAssertions": "true"}, "not asked"},
	}
	for name, c := range tests {
		t.Run(name, func(t *testing.T) {
			_, asked, err := federation.ReadVoucher(workloads(c.kind, c.config))
			got := "taken"
			if invalid, ok := errors.AsType[*fault.Invalid](err); ok {
				got = invalid.Field
			} else if !asked {
				got = "not asked"
			}
			if got != c.want {
				t.Errorf("%s (%v), want %s", got, err, c.want)
			}
		})
	}
}

// TestCheckWorkload refuses a client that could be anybody.
func TestCheckWorkload(t *testing.T) {
	cluster := workloads("kubernetes", nil)
	domain := workloads("spiffe", map[string]string{"trustDomain": "spiffe://example.org"})
	tests := map[string]struct {
		provider *realm.Provider
		client   realm.Client
		want     string
	}{
		"a subject":                   {workloads("oidc", nil), realm.Client{AuthProvider: "machines", AuthSubject: "robot"}, ""},
		"its provider comes later":    {nil, realm.Client{AuthProvider: "machines", AuthSubject: "robot"}, ""},
		"another method":              {nil, realm.Client{Authenticator: "client-secret"}, ""},
		"no provider":                 {nil, realm.Client{AuthSubject: "robot"}, "attributes.jwt.credential.issuer"},
		"no subject":                  {nil, realm.Client{AuthProvider: "machines"}, "attributes.jwt.credential.sub"},
		"any subject":                 {nil, realm.Client{AuthProvider: "machines", AuthSubject: "*"}, "attributes.jwt.credential.sub"},
		"a pattern":                   {nil, realm.Client{AuthProvider: "machines", AuthSubject: "repo:acme/*"}, "attributes.jwt.credential.sub"},
		"a service account":           {cluster, realm.Client{AuthProvider: "machines", AuthSubject: "system:serviceaccount:shop:orders"}, ""},
		"a namespace":                 {cluster, realm.Client{AuthProvider: "machines", AuthSubject: "system:serviceaccount:shop"}, "attributes.jwt.credential.sub"},
		"a nameless service account":  {cluster, realm.Client{AuthProvider: "machines", AuthSubject: "system:serviceaccount:shop:"}, "attributes.jwt.credential.sub"},
		"no service account":          {cluster, realm.Client{AuthProvider: "machines", AuthSubject: "orders"}, "attributes.jwt.credential.sub"},
		"a SPIFFE ID":                 {domain, realm.Client{AuthProvider: "machines", AuthSubject: "spiffe://example.org/orders"}, ""},
		"a SPIFFE ID of another":      {domain, realm.Client{AuthProvider: "machines", AuthSubject: "spiffe://example.com/orders"}, "attributes.jwt.credential.sub"},
		"a SPIFFE ID of a longer one": {domain, realm.Client{AuthProvider: "machines", AuthSubject: "spiffe://example.org.evil/orders"}, "attributes.jwt.credential.sub"},
		"a whole domain":              {domain, realm.Client{AuthProvider: "machines", AuthSubject: "spiffe://example.org/"}, "attributes.jwt.credential.sub"},
	}
	for name, c := range tests {
		t.Run(name, func(t *testing.T) {
			if c.client.Authenticator == "" {
				c.client.Authenticator = realm.MethodForeign
			}
			err := federation.CheckWorkload(&c.client, c.provider)
			got := ""
			if invalid, ok := errors.AsType[*fault.Invalid](err); ok {
				got = invalid.Field
			}
			if got != c.want {
				t.Errorf("refused for %q (%v), want %q", got, err, c.want)
			}
		})
	}
}

// TestTimely holds at the second.
func TestTimely(t *testing.T) {
	const longest = 300
	now := int64(1_800_000_000)
	tests := map[string]struct {
		expires, issued, notBefore, skew int64 // seconds from now; zero: absent
		want                             federation.Flaw
		until                            int64
	}{
		"good":                        {expires: 60, issued: -1, until: 60},
		"without iat":                 {expires: 300, until: 300},
		"without iat, too long":       {expires: 301, want: federation.FarExpiry},
		"far":                         {expires: 9000, issued: -10, until: 291},
		"old":                         {expires: 60, issued: -300, until: 1},
		"too old":                     {expires: 60, issued: -301, want: federation.IssuedBefore},
		"without exp":                 {issued: -1, want: federation.NoExpiry},
		"last second":                 {expires: 1, issued: -1, until: 1},
		"expired":                     {expires: -1, issued: -9, want: federation.Inactive},
		"expired, within the skew":    {expires: -1, issued: -9, skew: 15, want: federation.Inactive},
		"issued later":                {expires: 60, issued: 1, want: federation.IssuedLater},
		"issued later, by the skew":   {expires: 60, issued: 15, skew: 15, until: 60},
		"issued later than the skew":  {expires: 60, issued: 16, skew: 15, want: federation.IssuedLater},
		"not yet":                     {expires: 60, issued: -1, notBefore: 1, want: federation.Inactive},
		"not yet, by the skew":        {expires: 60, issued: -1, notBefore: 15, skew: 15, until: 60},
		"without iat, far by the nbf": {expires: 9000, notBefore: -1, want: federation.FarExpiry},
	}
	for name, c := range tests {
		t.Run(name, func(t *testing.T) {
			at := func(offset int64) int64 {
				if offset == 0 {
					return 0
				}
				return now + offset
			}
			f := federation.Foreign{Expires: at(c.expires), IssuedAt: at(c.issued), NotBefore: at(c.notBefore)}
			terms := federation.Terms{Age: longest * time.Second, Skew: time.Duration(c.skew) * time.Second}
			until, flaw := terms.Timely(f, time.Unix(now, 0))
			if flaw != c.want || flaw == "" && until.Unix() != now+c.until {
				t.Errorf("%q, good until %+d, want %q, %+d", flaw, until.Unix()-now, c.want, c.until)
			}
		})
	}
}
