package verify_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/google/go-cmp/cmp"

	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/token/tokentest"
	"github.com/tokenhouse/tokenhouse/internal/flow/verify"
)

const signerSecret = "signer-secret-that-is-long-enough-for-every-hash-up-to-sha-512-bits"

// pairs are keys of clients, made once.
var pairs = sync.OnceValue(func() map[string]crypto.Signer {
	r, err := rsa.GenerateKey(rand.Reader, 2048)
	must(err)
	e, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(err)
	_, d, err := ed25519.GenerateKey(rand.Reader)
	must(err)
	s, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(err)
	return map[string]crypto.Signer{"rsa": r, "ec": e, "ed": d, "stranger": s}
})

func must(err error) {
	if err != nil {
		panic(err)
	}
}

// signed is an assertion of client "signer", or of whom change says. A nil change leaves a good one.
func signed(t testing.TB, w *world, alg string, key any, change func(claims map[string]any, header map[string]any)) verify.Credentials {
	t.Helper()
	claims := map[string]any{
		"iss": "signer", "sub": "signer", "aud": w.realm.Issuer(base), "jti": "jti-" + t.Name(),
		"iat": now.Unix() - 1, "exp": now.Unix() + 60,
	}
	header := map[string]any{}
	if change != nil {
		change(claims, header)
	}
	return verify.Credentials{AssertionType: ptr(oauth.JWTBearerAssertion), Assertion: ptr(tokentest.Sign(t, alg, key, header, claims))}
}

// unsigned is a token with algorithm "none" and an empty signature.
func unsigned(t testing.TB, claims map[string]any) string {
	t.Helper()
	payload, err := json.Marshal(claims)
	if err != nil {
		t.Fatal(err)
	}
	encode := base64.RawURLEncoding.EncodeToString
	return encode([]byte(`{"alg":"none"}`)) + "." + encode(payload) + "."
}

func refusal(text string) answer {
	return answer{400, "invalid_client", text, "invalid_client_credentials"}
}

// publish gives client keyholder the public keys of pairs, by their names as key ids.
func (w *world) publish(names ...string) {
	set := jose.JSONWebKeySet{}
	for _, name := range names {
		set.Keys = append(set.Keys, jose.JSONWebKey{Key: pairs()[name].Public(), KeyID: name})
	}
	text, err := json.Marshal(set)
	if err != nil {
		w.t.Fatal(err)
	}
	w.change("keyholder", func(c *realm.Client) { c.UseJWKS, c.JWKS = true, string(text) })
}

func TestAssertionBySecret(t *testing.T) {
	set := func(name string, value any) func(claims, header map[string]any) {
		return func(claims, _ map[string]any) {
			if value == nil {
				delete(claims, name)
				return
			}
			claims[name] = value
		}
	}
	var (
		mac      = answer{400, "unauthorized_client", "Client authentication with client secret signed JWT failed: Signature on JWT token by client secret  failed validation", "invalid_client_credentials"}
		inactive = refusal("Token is not active")
		issuer   = base + "/realms/shop"
	)
	tests := map[string]struct {
		alg    string
		secret string
		change func(claims, header map[string]any)
		want   answer
	}{
		"audience the issuer":                 {change: nil},
		"audience the token endpoint":         {change: set("aud", issuer+"/protocol/openid-connect/token")},
		"audience the introspection endpoint": {change: set("aud", issuer+"/protocol/openid-connect/token/introspect")},
		"audience a list of one":              {change: set("aud", []string{issuer})},
		"HS512":                               {alg: "HS512"},
		"far expiry":                          {change: set("exp", now.Unix()+7200)},
		"no issue time":                       {change: set("iat", nil)},
		"clock a little ahead":                {change: set("nbf", now.Unix()+10)},
		"over a moment ago":                   {change: set("exp", now.Unix()-1), want: inactive},

		"two audiences":                      {change: set("aud", []string{issuer, "https://other.example"}), want: refusal("Multiple audiences not allowed")},
		"another audience":                   {change: set("aud", "https://other.example"), want: refusal("Invalid token audience")},
		"audience another realm":             {change: set("aud", base+"/realms/shop2"), want: refusal("Invalid token audience")},
		"audience within a longer one":       {change: set("aud", issuer+"/"), want: refusal("Invalid token audience")},
		"no audience":                        {change: set("aud", nil), want: refusal("Invalid token audience")},
		"expired":                            {change: set("exp", now.Unix()-30), want: inactive},
		"no expiry":                          {change: set("exp", nil), want: refusal("Token exp claim is required")},
		"not valid yet":                      {change: set("nbf", now.Unix()+60), want: inactive},
		"issued in the future":               {change: set("iat", now.Unix()+60), want: refusal("Token was issued in the future")},
		"issued long ago":                    {change: set("iat", now.Unix()-61), want: refusal("Token was issued too far in the past to be used now")},
		"issued a while ago":                 {change: set("iat", now.Unix()-59)},
		"clock a little fast":                {change: set("iat", now.Unix()+10)},
		"no jti":                             {change: set("jti", nil), want: refusal("Token jti claim is required")},
		"empty jti":                          {change: set("jti", ""), want: refusal("Token jti claim is required")},
		"another secret":                     {secret: signerSecret + "x", want: mac},
		"subject another client":             {change: set("sub", "robot"), want: unknownClient},
		"issuer another client":              {change: set("iss", "robot"), want: unknownClient},
		"no subject":                         {change: set("sub", nil), want: unknownClient},
		"subject of another type":            {change: set("sub", 7), want: unknownClient},
		"a client with a plain secret":       {change: func(c, _ map[string]any) { c["iss"], c["sub"] = "robot", "robot" }, secret: "robot-secret-is-shorter-than-that-of-signer-which-is-fine", want: unknownClient},
		"far expiry and no issue time":       {change: func(c, _ map[string]any) { c["exp"] = now.Unix() + 7200; delete(c, "iat") }, want: refusal("Token expiration is too far in the future and iat claim not present in token")},
		"far expiry, issued long ago":        {change: func(c, _ map[string]any) { c["exp"] = now.Unix() + 7200; c["iat"] = now.Unix() - 3600 }, want: refusal("Token was issued too far in the past to be used now")},
		"a header that must be understood":   {change: func(_, h map[string]any) { h["crit"] = []string{"exp"}; h["exp"] = 1 }, want: unknownClient},
		"an issue time that is not a number": {change: set("iat", "now"), want: unknownClient},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			clients(w)
			alg, secret := "HS256", signerSecret
			if tt.alg != "" {
				alg = tt.alg
			}
			if tt.secret != "" {
				secret = tt.secret
			}
			got, err := w.verifier().Client(t.Context(), w.at(), signed(t, w, alg, []byte(secret), tt.change))
			if diff := cmp.Diff(tt.want, answerOf(t, err)); diff != "" {
				t.Fatalf("answer (-want +got):\n%s", diff)
			}
			if err == nil && (got.Client.ID != "signer" || got.Method != verify.MethodSecretJWT) {
				t.Errorf("proven is %q by %q", got.Client.ID, got.Method)
			}
		})
	}
}

func TestAssertionBesideAClientID(t *testing.T) {
	tests := map[string]struct {
		id   string
		want answer
	}{
		"of the same client":            {"signer", answer{}},
		"of a client with a secret":     {"robot", wrongSecret},
		"of another client with a key":  {"keyholder", otherwise},
		"of an unknown client":          {"nobody", unknownClient},
		"of a public client, as itself": {"spa", answer{}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			clients(w)
			creds := signed(t, w, "HS256", []byte(signerSecret), nil)
			creds.ID = &tt.id
			got, err := w.verifier().Client(t.Context(), w.at(), creds)
			if diff := cmp.Diff(tt.want, answerOf(t, err)); diff != "" {
				t.Errorf("answer (-want +got):\n%s", diff)
			}
			if err == nil && got.Client.ID != tt.id {
				t.Errorf("proven is %q", got.Client.ID)
			}
		})
	}
}

func TestAssertionParameters(t *testing.T) {
	w := newWorld(t)
	clients(w)
	jwt, garbage := oauth.JWTBearerAssertion, "garbage"
	saml := "urn:ietf:params:oauth:client-assertion-type:saml2-bearer"
	tests := map[string]struct {
		with verify.Credentials
		want answer
	}{
		"no assertion":                    {verify.Credentials{AssertionType: &jwt}, unknownClient},
		"garbage":                         {verify.Credentials{AssertionType: &jwt, Assertion: &garbage}, unknownClient},
		"no type":                         {verify.Credentials{Assertion: &garbage}, unknownClient},
		"unknown type":                    {verify.Credentials{AssertionType: &saml, Assertion: &garbage}, unknownClient},
		"no assertion of a known client":  {verify.Credentials{ID: ptr("signer"), AssertionType: &jwt}, refusal("client_assertion parameter missing")},
		"garbage of a known client":       {verify.Credentials{ID: ptr("signer"), AssertionType: &jwt, Assertion: &garbage}, otherwise},
		"unknown type of a known client":  {verify.Credentials{ID: ptr("signer"), AssertionType: &saml, Assertion: &garbage}, refusal("Parameter client_assertion_type has value '" + saml + "' but expected is '" + jwt + "'")},
		"no type beside the right secret": {verify.Credentials{ID: ptr("signer"), Secret: ptr(signerSecret)}, refusal("Parameter client_assertion_type is missing")},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := w.verifier().Client(t.Context(), w.at(), tt.with)
			if diff := cmp.Diff(tt.want, answerOf(t, err)); diff != "" {
				t.Errorf("answer (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAssertionByKey(t *testing.T) {
	const url = "https://keyholder.example/jwks"
	all := func(w *world) { w.publish("rsa", "ec", "ed") }
	kid := func(name string) func(claims, header map[string]any) {
		return func(_, h map[string]any) {
			if name != "" {
				h["kid"] = name
			}
		}
	}
	noKey := refusal("Unable to load public key")
	badSignature := refusal("Client authentication with signed JWT failed: Signature on JWT token failed validation")
	tests := map[string]struct {
		keys   func(w *world)
		alg    string
		pair   string
		change func(claims, header map[string]any)
		want   answer
	}{
		"RS256":               {all, "RS256", "rsa", kid("rsa"), answer{}},
		"PS512":               {all, "PS512", "rsa", kid("rsa"), answer{}},
		"ES256":               {all, "ES256", "ec", kid("ec"), answer{}},
		"EdDSA":               {all, "EdDSA", "ed", kid("ed"), answer{}},
		"no key id":           {all, "ES256", "ec", kid(""), answer{}},
		"pinned algorithm":    {func(w *world) { all(w); w.pin("ES256") }, "ES256", "ec", kid("ec"), answer{}},
		"published at a URL":  {func(w *world) { w.publishAt(url, "ec") }, "ES256", "ec", kid("ec"), answer{}},
		"in a certificate":    {func(w *world) { w.certify("ec", "") }, "ES256", "ec", kid("any"), answer{}},
		"certificate, key id": {func(w *world) { w.certify("ec", "mine") }, "ES256", "ec", kid("mine"), answer{}},

		"another key under the id":     {all, "ES256", "stranger", kid("ec"), badSignature},
		"another key and no id":        {all, "ES256", "stranger", kid(""), badSignature},
		"unknown key id":               {all, "ES256", "ec", kid("stranger"), noKey},
		"no keys":                      {func(*world) {}, "ES256", "ec", kid("ec"), noKey},
		"broken key set":               {func(w *world) { w.change("keyholder", func(c *realm.Client) { c.UseJWKS, c.JWKS = true, "{" }) }, "ES256", "ec", kid("ec"), noKey},
		"URL that fails":               {func(w *world) { w.publishAt(url, "ec"); delete(w.fetch, url) }, "ES256", "ec", kid("ec"), noKey},
		"algorithm that is not pinned": {func(w *world) { all(w); w.pin("ES256") }, "RS256", "rsa", kid("rsa"), refusal("Invalid signature algorithm")},
		"key of another algorithm":     {all, "RS256", "rsa", kid("ec"), noKey},
		"certificate of another key":   {func(w *world) { w.certify("ec", "") }, "ES256", "stranger", kid(""), badSignature},
		"broken certificate":           {func(w *world) { w.change("keyholder", func(c *realm.Client) { c.Certificate = "AAAA" }) }, "ES256", "ec", kid("ec"), noKey},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			clients(w)
			tt.keys(w)
			creds := signed(t, w, tt.alg, pairs()[tt.pair], func(claims, header map[string]any) {
				claims["iss"], claims["sub"] = "keyholder", "keyholder"
				tt.change(claims, header)
			})
			got, err := w.verifier().Client(t.Context(), w.at(), creds)
			if diff := cmp.Diff(tt.want, answerOf(t, err)); diff != "" {
				t.Fatalf("answer (-want +got):\n%s", diff)
			}
			if err == nil && (got.Client.ID != "keyholder" || got.Method != verify.MethodPrivateKey) {
				t.Errorf("proven is %q by %q", got.Client.ID, got.Method)
			}
		})
	}
}

func (w *world) pin(alg string) { w.change("keyholder", func(c *realm.Client) { c.AuthAlg = alg }) }

func (w *world) publishAt(url, name string) {
	w.change("keyholder", func(c *realm.Client) { c.UseJWKSURL, c.JWKSURL = true, url })
	w.fetch[url] = []jose.JSONWebKey{{Key: pairs()[name].Public(), KeyID: name}}
}

func (w *world) certify(name, kid string) {
	pair := pairs()[name]
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: now.Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, pair.Public(), pair)
	if err != nil {
		w.t.Fatal(err)
	}
	w.change("keyholder", func(c *realm.Client) {
		c.Certificate, c.CertificateKid = base64.StdEncoding.EncodeToString(der), kid
	})
}
