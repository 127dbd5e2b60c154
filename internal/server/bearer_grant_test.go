package server_test

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tokenhouse/tokenhouse/bearer"
	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/core/proof/prooftest"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
)

// brokered are exchanges and assertions beside those that every attack is tried by.
var brokered = []grant{
	{name: "identity assertion", secret: true, tokens: true, begin: func(p *pit, c string, _ *browser) brought {
		return brought{"", asks(p, c, "grant_type", grantJWT, "assertion",
			p.signs(p.keys.partner, "ES256", oauth.HeaderIdentity, p.says(issuerPartner, "a-there", map[string]any{"client_id": c})))}
	}},
	{name: "exchange of an exchange", secret: true, tokens: true, begin: func(p *pit, c string, _ *browser) brought {
		first := p.want(p.post("token", p.by(c, "grant_type", grantExchange, "subject_token", p.gets(c, "").get("access_token"), "subject_token_type", typeAccess)))
		return brought{"", asks(p, c, "grant_type", grantExchange, "subject_token", first.get("access_token"), "subject_token_type", typeAccess)}
	}},
	{name: "delegation", secret: true, tokens: true, begin: func(p *pit, c string, _ *browser) brought {
		own := p.want(p.post("token", p.by(c, "grant_type", "client_credentials")))
		return brought{"", asks(p, c, "grant_type", grantExchange, "subject_token", p.gets(c, "").get("access_token"), "subject_token_type", typeAccess,
			"actor_token", own.get("access_token"), "actor_token_type", typeAccess)}
	}},
	{name: "impersonation", secret: true, tokens: true, begin: func(p *pit, c string, _ *browser) brought {
		return brought{"", asks(p, c, "grant_type", grantExchange, "subject_token", p.gets(c, "").get("access_token"), "subject_token_type", typeAccess,
			"requested_subject", "bob")}
	}},
}

// told is what package bearer has to find in tokens of some grants.
var told = map[string]func(c *bearer.Claims) bool{
	"password":                func(c *bearer.Claims) bool { return c.Path == nil && c.Actor == nil },
	"exchange":                func(c *bearer.Claims) bool { return len(c.Path) == 1 && c.Actor == nil },
	"refresh of an exchange":  func(c *bearer.Claims) bool { return len(c.Path) == 1 },
	"exchange of an exchange": func(c *bearer.Claims) bool { return len(c.Path) == 2 && c.Path[0].ID != c.Path[1].ID },
	"exchange of another issuer's": func(c *bearer.Claims) bool {
		return len(c.Path) == 1 && c.Path[0].Issuer == issuerAbroad && c.Path[0].Client == "there"
	},
	"delegation": func(c *bearer.Claims) bool {
		return c.Actor != nil && c.Actor.Client == c.Client && c.Actor.Subject != c.Subject && len(c.Path) == 1
	},
	"impersonation": func(c *bearer.Claims) bool { return c.Subject == "bob" && c.Actor != nil && c.Actor.Client == c.Client },
}

// holds is what somebody has who calls a service: a key, and a certificate; nil for none.
type holds struct {
	key         *prooftest.Key
	certificate *tls.Certificate
}

// calls is a request to a service with a token, and with what the caller has.
func (h holds) calls(t *testing.T, token string) *http.Request {
	t.Helper()
	const at = "https://target.example/stock"
	r := httptest.NewRequest("GET", at+"?x=1", nil)
	r.Header.Set("Authorization", "Bearer "+token)
	if h.key != nil {
		r.Header.Set("Authorization", "DPoP "+token)
		r.Header.Set("DPoP", h.key.Prove("GET", at, time.Now(), prooftest.With(token)))
	}
	if h.certificate != nil {
		leaf, err := x509.ParseCertificate(h.certificate.Certificate[0])
		if err != nil {
			t.Fatal(err)
		}
		r.TLS.PeerCertificates = []*x509.Certificate{leaf}
	}
	return r
}

// TestBearerTakesEachGrant: what each grant issues to clients of each kind, plain and bound, passes package bearer for each of its
// audiences, and for nobody else, altered, later, elsewhere or in other hands it does not.
func TestBearerTakesEachGrant(t *testing.T) {
	t.Parallel()
	for _, db := range databases {
		t.Run(db.name, func(t *testing.T) {
			t.Parallel()
			p := newPits(t, db, "pit", "rival")[0]
			p.impersonates("alice", "bob")
			mine, theirs := p.ca.issue("mine"), p.ca.issue("theirs")
			key, other := prooftest.New(t), prooftest.New(t)
			j := newJudge(p)
			for name, bound := range map[string]struct {
				to     holds
				others map[*holds]error // who else may come with such a token, and why it is refused
			}{
				"plain":          {holds{}, map[*holds]error{{key, nil}: bearer.ErrUnbound}},
				"by key":         {holds{key, nil}, map[*holds]error{{}: bearer.ErrBound, {other, nil}: bearer.ErrProof}},
				"by certificate": {holds{nil, &mine}, map[*holds]error{{}: bearer.ErrBound, {nil, &theirs}: bearer.ErrBound, {key, &mine}: bearer.ErrUnbound}},
				"by both": {holds{key, &mine}, map[*holds]error{{}: bearer.ErrBound, {key, nil}: bearer.ErrBound, {nil, &mine}: bearer.ErrBound,
					{other, &mine}: bearer.ErrProof, {key, &theirs}: bearer.ErrBound}},
			} {
				p.each(func(c *realm.Client) { c.Tokens.BindTLS = bound.to.certificate != nil })
				at := *p
				at.proof, at.shown = bound.to.key, bound.to.certificate
				b := at.browser()
				b.login("secret", "alice")
				for _, g := range slices.Concat(grants, brokered) {
					for _, client := range heard {
						if !g.tokens || g.secret && client == "public" {
							continue
						}
						if at.binds() && client != "secret" && client != "public" {
							continue // what a client proves itself with does not change what its tokens are bound to
						}
						q := at.want(g.begin(&at, client, b).use())
						j.judge(q.get("access_token"), bound.to, bound.others, told[g.name], strings.Join([]string{g.name, client, name}, ", "))
					}
				}
			}
		})
	}
}

// binds tells whether tokens come to be bound.
func (p *pit) binds() bool { return p.proof != nil || p.shown != nil }

// impersonates lets a user ask for tokens of another one, who is made for it.
func (p *pit) impersonates(name, other string) {
	p.Helper()
	role := p.current().Role(realm.RoleRef{Client: "realm-management", Name: "impersonation"})
	p.changeUser(name, func(u *user.User) { u.Roles = append(u.Roles, role.Key) })
	if err := p.server.Store().CreateUser(p.Context(), p.current().Key, user.Account{User: user.User{ID: other, Username: other, Enabled: true}}, nil); err != nil {
		p.Fatal(err)
	}
}

// judge is a service of the realm, and others that would be deceived by its tokens.
type judge struct {
	*pit
	here      *bearer.Verifier
	later     *bearer.Verifier // when all tokens are over
	rival     *bearer.Verifier // of another realm of the server
	misled    *bearer.Verifier // of another realm, with the keys of this one
	elsewhere string           // a client that no token is for
}

func newJudge(p *pit) *judge {
	p.Helper()
	rival := p.base + "/realms/rival"
	made := func(c bearer.Config) *bearer.Verifier {
		v, err := c.NewVerifier(p.Context())
		if err != nil {
			p.Fatal(err)
		}
		return v
	}
	return &judge{pit: p, elsewhere: "elsewhere",
		here:   made(bearer.Config{Issuer: p.issuer()}),
		later:  made(bearer.Config{Issuer: p.issuer(), Now: func() time.Time { return time.Now().Add(time.Hour) }}),
		rival:  made(bearer.Config{Issuer: rival}),
		misled: made(bearer.Config{Issuer: rival, Keys: bearer.Keys{URL: p.issuer() + "/protocol/openid-connect/certs"}}),
	}
}

// judge holds a token against package bearer; says may be nil.
func (j *judge) judge(token string, holder holds, others map[*holds]error, says func(*bearer.Claims) bool, name string) {
	j.Helper()
	aud := audience(j.T, token)
	if len(aud) == 0 {
		j.Errorf("%s: it is for nobody", name)
	}
	for _, audience := range aud {
		c, err := j.here.VerifyRequest(holder.calls(j.T, token), audience)
		if err != nil || says != nil && !says(c) {
			j.Errorf("%s, for %s: %+v, %v", name, audience, c, err)
		}
	}
	refused := func(what string, v *bearer.Verifier, who holds, audience, token string, want error) {
		j.Helper()
		if c, err := v.VerifyRequest(who.calls(j.T, token), audience); !errors.Is(err, want) {
			j.Errorf("%s, %s: %+v, %v, want %v", name, what, c, err, want)
		}
	}
	refused("for another audience", j.here, holder, j.elsewhere, token, bearer.ErrAudience)
	refused("for a part of an audience", j.here, holder, aud[0][1:], token, bearer.ErrAudience)
	refused("expired", j.later, holder, aud[0], token, bearer.ErrExpired)
	refused("at another realm", j.rival, holder, aud[0], token, bearer.ErrUnknownKey)
	refused("at another realm with these keys", j.misled, holder, aud[0], token, bearer.ErrIssuer)
	for who, why := range others {
		refused("in other hands", j.here, *who, aud[0], token, why)
	}
	for part, why := range []error{bearer.ErrMalformed, bearer.ErrSignature, bearer.ErrSignature} {
		refused("altered", j.here, holder, aud[0], altered(token, part), why)
	}
}

// altered is a token with another byte in one of its three parts; of the header it is the first, which begins an object.
func altered(token string, part int) string {
	parts := strings.Split(token, ".")
	at := 0
	if part > 0 {
		at = len(parts[part]) / 2
	}
	with := "A"
	if parts[part][at] == 'A' {
		with = "B"
	}
	parts[part] = parts[part][:at] + with + parts[part][at+1:]
	return strings.Join(parts, ".")
}
