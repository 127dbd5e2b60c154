package federation

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
)

// The kinds of provider that know workloads and no people.
const (
	KindKubernetes = "kubernetes" // service accounts of a cluster
	KindSPIFFE     = "spiffe"     // JWT-SVIDs of a trust domain
)

// Settings of a provider whose tokens prove clients.
const (
	settingAssertions = "supportsClientAssertions"
	settingReuse      = "supportsClientAssertionReuse"
	settingAge        = "federatedClientAssertionMaxExpiration"

	SettingClaims = "tokenhouse.assertion.claims"
)

// clusterIssuer is the issuer of a cluster that was not told another.
const clusterIssuer = "https://kubernetes.default.svc.cluster.local"

// How old an assertion may be where nothing is configured.
const (
	ageOfAssertion = 5 * time.Minute
	ageInCluster   = time.Hour // Kubernetes renews its tokens once in about an hour
)

// Voucher is how far a provider proves by its tokens that a client is who it says (RFC 7523 §2.2).
type Voucher struct {
	Settings             // whose keys sign
	AssertionType string // of the request that carries them
	Audience      string // the only audience; empty: the realm's issuer
	Terms         Terms
	Claims        []Condition // what each of them says beyond

	domain string // SPIFFE: what subjects begin with, as "spiffe://example.org/"
}

// KnowsWorkloads tells whether a kind of provider is there to prove clients alone.
func KnowsWorkloads(kind string) bool { return kind == KindKubernetes || kind == KindSPIFFE }

// ReadVoucher reads how far a provider may prove clients. asked is false where it is not meant to. What would let
// others than those meant be clients here is refused, a *fault.Invalid: settings that name no issuer, no key or no
// audience, and an issuer that serves many tenants without a claim that says whose the token must be. Whether
// the provider is enabled is not looked at.
func ReadVoucher(p *realm.Provider) (v Voucher, asked bool, err error) {
	switch p.Kind {
	case "oidc", "keycloak-oidc":
		if p.Config[settingAssertions] != "true" {
			return Voucher{}, false, nil
		}
		v, err = issuerVoucher(p)
	case KindKubernetes:
		v, err = clusterVoucher(p)
	case KindSPIFFE:
		v, err = domainVoucher(p)
	default:
		return Voucher{}, false, nil
	}
	if err != nil {
		return Voucher{}, true, err
	}
	v.AssertionType = cmp.Or(v.AssertionType, oauth.JWTBearerAssertion)
	v.Terms.Age = cmp.Or(seconds(p.Config[settingAge], MaxAge), v.Terms.Age, ageOfAssertion)
	v.Terms.Skew = seconds(p.Config[settingSkew], MaxSkew)
	if v.Claims, err = readConditions(p.Config[SettingClaims]); err != nil {
		return Voucher{}, true, &fault.Invalid{Field: "config." + SettingClaims, Message: err.Error()}
	}
	return v, true, v.checkTenants()
}

// issuerVoucher reads a provider of OpenID Connect. Signatures are verified whatever validateSignature says.
func issuerVoucher(p *realm.Provider) (Voucher, error) {
	s, _ := Read(p)
	v := Voucher{Settings: s, Terms: Terms{Reuse: s.on(settingReuse)}}
	if s.on(SettingForClient) {
		if v.Audience = s.ClientID; v.Audience == "" || strings.Contains(v.Audience, "*") {
			return Voucher{}, invalid("clientId", "allowClientIdAsAudience needs a clientId that tokens name in aud")
		}
	}
	switch {
	case len(s.Issuers) == 0:
		return Voucher{}, invalid("issuer", "client assertions need the issuer that signs them")
	case slices.ContainsFunc(s.Issuers, func(issuer string) bool { return strings.Contains(issuer, "*") }):
		return Voucher{}, invalid("issuer", "an issuer has no wildcard")
	case s.JWKSURL == "" && s.Key == "":
		return Voucher{}, invalid("jwksUrl", "client assertions need the keys that sign them: jwksUrl with useJwksUrl, or publicKeySignatureVerifier")
	}
	return v, nil
}

// clusterVoucher reads a Kubernetes cluster. Its keys are where its issuer says, unless they are given.
func clusterVoucher(p *realm.Provider) (Voucher, error) {
	issuer := cmp.Or(strings.TrimSpace(p.Config["issuer"]), clusterIssuer)
	if strings.Contains(issuer, "*") {
		return Voucher{}, invalid("issuer", "an issuer has no wildcard")
	}
	s := Settings{Alias: p.Alias, Kind: p.Kind, Issuers: []string{issuer}, config: p.Config}
	switch key := p.Config["publicKeySignatureVerifier"]; {
	case key != "":
		s.Key, s.KeyID = key, p.Config["publicKeySignatureVerifierKeyId"]
	case s.on("useJwksUrl") && p.Config["jwksUrl"] != "":
		s.JWKSURL = p.Config["jwksUrl"]
	default:
		s.JWKSURL, s.KeysAt = issuer, InMetadata
	}
	return Voucher{Settings: s, Terms: Terms{Age: ageInCluster, Reuse: true}}, nil
}

// trustDomain is a SPIFFE trust domain as a URI (SPIFFE-ID §2.1).
var trustDomain = regexp.MustCompile(`\Aspiffe://[a-z0-9._-]+\z`)

// domainVoucher reads a SPIFFE trust domain. JWT-SVIDs have no issuer that counts: their subject is in the domain.
func domainVoucher(p *realm.Provider) (Voucher, error) {
	domain, bundle := p.Config["trustDomain"], p.Config["bundleEndpoint"]
	if !trustDomain.MatchString(domain) {
		return Voucher{}, invalid("trustDomain", "Invalid trust domain name")
	}
	if bundle == "" {
		return Voucher{}, invalid("bundleEndpoint", "a trust domain needs the endpoint that publishes its keys")
	}
	s := Settings{Alias: p.Alias, Kind: p.Kind, JWKSURL: bundle, KeysAt: InBundle, config: p.Config}
	return Voucher{Settings: s, AssertionType: oauth.SPIFFEAssertion, Terms: Terms{Reuse: true}, domain: domain + "/"}, nil
}

func invalid(setting, message string) error {
	return &fault.Invalid{Field: "config." + setting, Message: message}
}

// Speaks tells whether the provider speaks for a token, by the issuer and subject that it names.
func (v *Voucher) Speaks(issuer, subject string) bool {
	if v.domain != "" {
		return strings.HasPrefix(subject, v.domain)
	}
	return v.MayBe(issuer)
}
