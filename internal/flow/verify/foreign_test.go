package verify_test

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/google/go-cmp/cmp"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/federation"
	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/token/tokentest"
	"github.com/tokenhouse/tokenhouse/internal/flow/verify"
)

// published are the keys of other issuers, by the alias of their providers.
type published map[string][]string

func (p published) Verify(_ context.Context, s *federation.Settings, compact string) (federation.Foreign, error) {
	names, ok := p[s.Alias]
	if !ok {
		return federation.Foreign{}, errors.New("nothing is published there")
	}
	var keys []jose.JSONWebKey
	for _, name := range names {
		keys = append(keys, jose.JSONWebKey{Key: pairs()[name].Public(), KeyID: name})
	}
	return federation.Verify(compact, keys)
}

// factory is a world in which clients prove themselves by tokens of other issuers.
type factory struct {
	*world
	*verify.Verifier
}

const (
	machines = "https://issuer.example"
	account  = "system:serviceaccount:shop:orders"
	svid     = "spiffe://example.org/orders"
)

func newFactory(t testing.TB) *factory {
	w := newWorld(t)
	oidc := func(alias string, more map[string]string) *realm.Provider {
		p := &realm.Provider{Key: "k-" + alias, Alias: alias, Kind: "oidc", Enabled: true, Config: map[string]string{
			"supportsClientAssertions": "true", "issuer": machines, "useJwksUrl": "true", "jwksUrl": machines + "/jwks"}}
		maps.Copy(p.Config, more)
		return p
	}
	w.edit(func(d *realm.Draft) {
		d.PutProvider(oidc("machines", nil))
		d.PutProvider(oidc("twin", nil))
		d.PutProvider(oidc("github", map[string]string{"issuer": "https://token.actions.githubusercontent.com", "tokenhouse.assertion.claims": "repository_owner_id=42"}))
		d.PutProvider(oidc("careless", map[string]string{"issuer": "https://gitlab.com"})) // as an import may bring it
		d.PutProvider(&realm.Provider{Key: "k-cluster", Alias: "cluster", Kind: "kubernetes", Enabled: true, Config: map[string]string{}})
		d.PutProvider(&realm.Provider{Key: "k-domain", Alias: "domain", Kind: "spiffe", Enabled: true,
			Config: map[string]string{"trustDomain": "spiffe://example.org", "bundleEndpoint": "https://spire.example"}})
		for id, at := range map[string][2]string{"robot": {"machines", "robot-1"}, "robot-two": {"machines", "robot-2"}, "pod": {"cluster", account},
			"service": {"domain", svid}, "pipeline": {"github", "repo:acme/shop:ref:refs/heads/main"}, "lax": {"careless", "project"},
			"one": {"machines", "both"}, "other": {"twin", "both"}} {
			d.PutClient(&realm.Client{Key: "k-" + id, ID: id, Enabled: true, Authenticator: realm.MethodForeign, AuthProvider: at[0], AuthSubject: at[1]})
		}
	})
	v := verify.New(verify.Deps{Keys: w.keys, Users: w, Sessions: w, Marks: w, Realms: w,
		Foreign: published{"machines": {"rsa", "ec"}, "twin": {"rsa"}, "github": {"rsa"}, "careless": {"rsa"}, "cluster": {"rsa"}, "domain": {"rsa"}}})
	return &factory{w, v}
}

// claimed are the claims of a good token of robot's.
func (f *factory) claimed(change map[string]any) map[string]any {
	claims := map[string]any{"iss": machines, "sub": "robot-1", "aud": f.realm.Issuer(base), "jti": "jti-" + f.t.Name(),
		"iat": now.Unix() - 1, "exp": now.Unix() + 60}
	for name, value := range change {
		if claims[name] = value; value == nil {
			delete(claims, name)
		}
	}
	return claims
}

func (f *factory) present(compact, kind string) (verify.ClientAuth, error) {
	return f.Client(f.t.Context(), f.at(), verify.Credentials{AssertionType: &kind, Assertion: &compact})
}

var (
	nobody   = answer{401, "invalid_client", "Invalid client or Invalid client credentials", "client_not_found"}
	unproven = answer{401, "invalid_client", "Invalid client or Invalid client credentials", "invalid_client_credentials"}
)

// TestForeign proves clients by tokens of other issuers, each claim as it must be, and refuses them else.
func TestForeign(t *testing.T) {
	type claims map[string]any
	ours := base + "/realms/shop"
	github := claims{"iss": "https://token.actions.githubusercontent.com", "sub": "repo:acme/shop:ref:refs/heads/main", "repository_owner_id": "42"}
	with := func(of claims, name string, value any) claims {
		out := maps.Clone(of)
		out[name] = value
		return out
	}
	pod := claims{"iss": "https://kubernetes.default.svc.cluster.local", "sub": account, "jti": nil}
	service := claims{"iss": nil, "sub": svid, "jti": nil}
	tests := map[string]struct {
		claims claims
		kind   string // of the assertion
		alg    string
		key    string
		change func(*factory)
		want   answer
		client string
	}{
		"good":                        {client: "robot"},
		"another client":              {claims: claims{"sub": "robot-2"}, client: "robot-two"},
		"another key":                 {alg: "ES256", key: "ec", client: "robot"},
		"audience in a list":          {claims: claims{"aud": []string{ours}}, client: "robot"},
		"two audiences":               {claims: claims{"aud": []string{ours, "https://other.example"}}, want: refusal("Multiple audiences not allowed")},
		"the audience twice":          {claims: claims{"aud": []string{ours, ours}}, want: refusal("Multiple audiences not allowed")},
		"another audience":            {claims: claims{"aud": "https://other.example"}, want: refusal("Invalid token audience")},
		"another audience in a list":  {claims: claims{"aud": []string{"https://other.example"}}, want: refusal("Invalid token audience")},
		"a part of the audience":      {claims: claims{"aud": ours[:len(ours)-1]}, want: refusal("Invalid token audience")},
		"another realm's audience":    {claims: claims{"aud": base + "/realms/crm"}, want: refusal("Invalid token audience")},
		"token endpoint as audience":  {claims: claims{"aud": ours + "/protocol/openid-connect/token"}, want: refusal("Invalid token audience")},
		"no audience":                 {claims: claims{"aud": nil}, want: refusal("Invalid token audience")},
		"empty audience":              {claims: claims{"aud": ""}, want: refusal("Invalid token audience")},
		"no audience in a list":       {claims: claims{"aud": []string{}}, want: refusal("Invalid token audience")},
		"no exp":                      {claims: claims{"exp": nil}, want: refusal("Token exp claim is required")},
		"expired":                     {claims: claims{"exp": now.Unix()}, want: refusal("Token is not active")},
		"not yet":                     {claims: claims{"nbf": now.Unix() + 1}, want: refusal("Token is not active")},
		"issued later":                {claims: claims{"iat": now.Unix() + 1}, want: refusal("Token was issued in the future")},
		"old":                         {claims: claims{"iat": now.Unix() - 301}, want: refusal("Token was issued too far in the past to be used now")},
		"far":                         {claims: claims{"iat": nil, "exp": now.Unix() + 301}, want: refusal("Token expiration is too far in the future and iat claim not present in token")},
		"no jti":                      {claims: claims{"jti": nil}, want: refusal("Token jti claim is required")},
		"no sub":                      {claims: claims{"sub": nil}, want: nobody},
		"unknown sub":                 {claims: claims{"sub": "robot-9"}, want: nobody},
		"client_id as sub":            {claims: claims{"sub": "robot"}, want: nobody},
		"no iss":                      {claims: claims{"iss": nil}, want: nobody},
		"another iss":                 {claims: claims{"iss": machines + "/"}, want: nobody},
		"a realm of ours as iss":      {claims: claims{"iss": ours}, want: nobody},
		"two clients":                 {claims: claims{"sub": "both"}, want: nobody},
		"of no type":                  {kind: "urn:x", want: nobody},
		"of type SPIFFE":              {kind: oauth.SPIFFEAssertion, want: nobody},
		"bound to a key":              {claims: claims{"cnf": map[string]any{"jkt": "thumbprint"}}, want: unproven},
		"acted by somebody":           {claims: claims{"act": map[string]any{"sub": "robot-2"}}, want: unproven},
		"exchanged by another":        {claims: claims{"azp": "till", "exchange_path": []any{map[string]any{"client": "robot", "jti": "1"}}}, want: unproven},
		"exchanged by itself":         {claims: claims{"azp": "robot", "exchange_path": []any{map[string]any{"client": "robot", "jti": "1"}}}, client: "robot"},
		"exchanged abroad":            {claims: claims{"azp": "robot", "exchange_path": []any{map[string]any{"client": "robot", "jti": "1", "iss": "https://a.example"}}}, want: unproven},
		"exchanged by who knows whom": {claims: claims{"exchange_path": "robot"}, want: nobody},
		"another's key":               {key: "stranger", alg: "ES256", want: unproven},
		"MAC":                         {alg: "HS256", want: refusal("Invalid signature algorithm")},

		"provider off": {change: func(f *factory) { f.provider("machines", func(p *realm.Provider) { p.Enabled = false }) }, want: nobody},
		"provider silent": {change: func(f *factory) {
			f.provider("machines", func(p *realm.Provider) { p.Config["supportsClientAssertions"] = "" })
		}, want: nobody},
		"provider gone":     {change: func(f *factory) { f.edit(func(d *realm.Draft) { d.Delete(realm.KindProvider, "k-machines") }) }, want: nobody},
		"client off":        {change: func(f *factory) { f.world.change("robot", func(c *realm.Client) { c.Enabled = false }) }, want: nobody},
		"client otherwise":  {change: func(f *factory) { f.world.change("robot", func(c *realm.Client) { c.Authenticator = "client-secret" }) }, want: nobody},
		"client of another": {change: func(f *factory) { f.world.change("robot", func(c *realm.Client) { c.AuthProvider = "cluster" }) }, want: nobody},

		"a pipeline":                   {claims: github, client: "pipeline"},
		"a pipeline of another owner":  {claims: with(github, "repository_owner_id", "43"), want: unproven},
		"a pipeline of several owners": {claims: with(github, "repository_owner_id", []string{"42"}), want: unproven},
		"a pipeline of nobody":         {claims: with(github, "repository_owner_id", nil), want: unproven},
		"an issuer of anybody":         {claims: claims{"iss": "https://gitlab.com", "sub": "project"}, want: nobody},
		"a pod":                        {claims: pod, client: "pod"},
		"a pod, an hour on":            {claims: with(pod, "iat", now.Unix()-3600), client: "pod"},
		"a pod, later":                 {claims: with(pod, "iat", now.Unix()-3601), want: refusal("Token was issued too far in the past to be used now")},
		"a service":                    {claims: service, kind: oauth.SPIFFEAssertion, client: "service"},
		"a service as others":          {claims: service, want: nobody},
		"a service of another":         {claims: with(service, "sub", "spiffe://example.com/orders"), kind: oauth.SPIFFEAssertion, want: nobody},
	}
	for name, c := range tests {
		t.Run(name, func(t *testing.T) {
			f := newFactory(t)
			if c.change != nil {
				c.change(f)
			}
			if c.alg == "" {
				c.alg, c.key = "RS256", "rsa"
			}
			var key any = []byte("a secret that the issuer might share with somebody, or not")
			if c.key != "" {
				key = pairs()[c.key]
			}
			if c.kind == "" {
				c.kind = oauth.JWTBearerAssertion
			}
			auth, err := f.present(tokentest.Sign(t, c.alg, key, nil, f.claimed(c.claims)), c.kind)
			if diff := cmp.Diff(c.want, answerOf(t, err)); diff != "" {
				t.Fatalf("answer (-want +got):\n%s", diff)
			}
			if err != nil {
				return
			}
			e := event.Event{}
			auth.Note(&e)
			if auth.Client.ID != c.client || e.Get("client_auth_method") != "federated-jwt" {
				t.Errorf("client %s by %v, want %s", auth.Client.ID, e.Details, c.client)
			}
		})
	}
}

// provider edits a copy of a provider.
func (f *factory) provider(alias string, change func(*realm.Provider)) {
	p := *f.realm.Provider(alias)
	p.Config = maps.Clone(p.Config)
	change(&p)
	f.edit(func(d *realm.Draft) { d.PutProvider(&p) })
}

// TestForeignOnce: a token proves a client once on all nodes, and is not used up by a request that is refused.
func TestForeignOnce(t *testing.T) {
	f := newFactory(t)
	compact := tokentest.Sign(t, "RS256", pairs()["rsa"], nil, f.claimed(nil))
	kind, other, unknown := oauth.JWTBearerAssertion, "robot-two", "nobody"
	for _, c := range []struct {
		id   *string
		want answer
	}{{&other, refusal("client_id parameter does not match authenticated client")}, {&unknown, nobody}, {nil, answer{}}, {nil, refusal("Token reuse detected")}} {
		node := verify.New(f.Deps) // which shares nothing with the others but the marks
		_, err := node.Client(t.Context(), f.at(), verify.Credentials{ID: c.id, AssertionType: &kind, Assertion: &compact})
		if diff := cmp.Diff(c.want, answerOf(t, err)); diff != "" {
			t.Errorf("answer (-want +got):\n%s", diff)
		}
	}
	if over := now.Add(time.Minute); !f.kept.After(over) {
		t.Errorf("kept until %v: a node whose clock is slow takes the token till after %v", f.kept, over)
	}
	f.provider("machines", func(p *realm.Provider) { p.Config["supportsClientAssertionReuse"] = "true" })
	if _, err := f.present(compact, kind); err != nil {
		t.Errorf("where it may come again: %v", err)
	}
}

// TestForeignMutated: no byte of a token can be another, and none left out.
func TestForeignMutated(t *testing.T) {
	f := newFactory(t)
	compact := tokentest.Sign(t, "ES256", pairs()["ec"], nil, f.claimed(nil))
	for i := range compact {
		swapped := "A"
		if compact[i] == 'A' {
			swapped = "Q" // whose difference is in a bit that counts, at the end of a part too
		}
		for _, bad := range []string{compact[:i], compact[:i] + swapped + compact[i+1:]} {
			if auth, err := f.present(bad, oauth.JWTBearerAssertion); err == nil {
				t.Fatalf("changed at %d of %d it proves %s", i, len(compact), auth.Client.ID)
			}
		}
	}
	head, rest, _ := strings.Cut(compact, ".")
	payload, _, _ := strings.Cut(rest, ".")
	for name, bad := range map[string]string{"none": unsigned(t, f.claimed(nil)), "no signature": head + "." + payload + "."} {
		if _, err := f.present(bad, oauth.JWTBearerAssertion); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
	if _, err := f.present(compact, oauth.JWTBearerAssertion); err != nil {
		t.Errorf("as it was signed: %v", err)
	}
}

// FuzzForeign looks for a token that proves a client though no issuer of its provider signed it.
func FuzzForeign(f *testing.F) {
	w := newFactory(f)
	good := tokentest.Sign(f, "RS256", pairs()["rsa"], map[string]any{"kid": "rsa"}, w.claimed(nil))
	unsigned := tokentest.Sign(f, "HS256", bytes.Repeat([]byte("k"), 32), nil, w.claimed(nil))
	for _, kind := range []string{oauth.JWTBearerAssertion, oauth.SPIFFEAssertion, ""} {
		for _, seed := range []string{good, unsigned, good[:strings.LastIndexByte(good, '.')+1], "a.b.c"} {
			f.Add(seed, kind)
		}
	}
	f.Fuzz(func(t *testing.T, compact, kind string) {
		_, err := w.Client(t.Context(), w.at(), verify.Credentials{AssertionType: &kind, Assertion: &compact})
		if err == nil && (compact != good || kind != oauth.JWTBearerAssertion) {
			t.Errorf("%q proves a client, as %q", compact, kind)
		}
		if err != nil {
			answerOf(t, err)
		}
	})
}
