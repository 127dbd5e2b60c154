package server_test

import (
	"crypto/tls"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/core/proof/prooftest"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
)

const viaNeighbour = "neighbour"

// nearSlots are the places where tokens of another realm of the server are taken.
var nearSlots = []slot{
	{"subject of a neighbour realm", "near", func(p *pit) blank { return p.lent(p.next().held().get("access_token")).anew(p) }, brings,
		[]string{"iss", "exp", "iat", "typ", "azp", "sid", "sub", "aud"}, false},
	{"assertion of a neighbour realm", "assertion", func(p *pit) blank { return p.lent(p.next().held().get("access_token")).anew(p) }, redeems,
		[]string{"iss", "exp", "iat", "typ", "azp", "sid", "jti", "sub", "aud"}, true},
	{"identity assertion of a neighbour realm", "assertion", func(p *pit) blank { return p.lent(p.next().identityFor(p)).anew(p) }, redeems,
		[]string{"iss", "exp", "iat", "jti", "sub", "aud", "client_id", "exchange_path"}, true},
	{"client assertion of a neighbour realm", "client", func(p *pit) blank { return p.lent(p.next().machine()).anew(p) }, asserts,
		[]string{"iss", "exp", "iat", "typ", "azp", "jti", "sub", "aud"}, true},
}

// opens are doors that what is good in a slot opens beside that slot's own.
var opens = map[string]string{
	"actor token":                    "access", // what a service account acts by is an access token, too, and users do not act for themselves
	"subject of a neighbour realm":   "assertion",
	"assertion of a neighbour realm": "near",
}

// brings exchanges a token of the neighbour's.
func brings(p *pit, compact string) bool {
	return exchanged(p, compact, "subject_token_type", typeAccess, "subject_issuer", viaNeighbour)
}

// lent is a token of the neighbour's as it would be for this realm.
func (p *pit) lent(compact string) blank {
	p.Helper()
	j := p.next().own("ES256", compact).with("aud", p.issuer())
	if j.claims["client_id"] != nil {
		j.header = j.headed("typ", oauth.HeaderIdentity)
	}
	return j
}

// anew is a token by another jti.
func (j blank) anew(p *pit) blank {
	kind, _, tells := strings.Cut(j.claims["jti"].(string), ":")
	if kind += ":"; !tells {
		kind = ""
	}
	return j.with("jti", fmt.Sprintf("%s00000000-0000-4000-8000-%012d", kind, p.keys.made.Add(1)))
}

// identityFor is an identity assertion for another realm, about alice.
func (p *pit) identityFor(at *pit) string {
	p.Helper()
	if p.vouches == "" {
		p.vouches = p.identityBy(p.held().get("id_token"), at)
	}
	return p.vouches
}

func (p *pit) identityBy(idToken string, at *pit) string {
	p.Helper()
	return p.want(p.post("token", p.by("secret", "grant_type", grantExchange, "subject_token", idToken, "subject_token_type", typeID,
		"requested_token_type", string(oauth.TypeIdentity), "audience", at.issuer()))).get("access_token")
}

// machine is a token of client "secret" for itself, got once.
func (p *pit) machine() string {
	p.Helper()
	if p.serves == "" {
		p.serves = p.service("secret").get("access_token")
	}
	return p.serves
}

// near are uses of tokens of the neighbour's, by what they are; what came of such tokens before is among them.
func (p *pit) near() (held nearTokens, uses map[string]func() bool) {
	p.Helper()
	n := p.next()
	held = nearTokens{n.gets("secret", "openid"), n.service("secret").get("access_token")}
	access, id := p.lent(held.get("access_token")).sign(), p.lent(held.get("id_token")).sign()
	identity, machine := p.lent(n.identityBy(held.get("id_token"), p)).sign(), p.lent(held.machine).sign()
	kept := p.want(p.post("token", p.by("secret", "grant_type", grantExchange, "subject_token", access, "subject_token_type", typeAccess,
		"subject_issuer", viaNeighbour, "requested_token_type", typeRefresh)))
	brief := p.want(p.post("token", p.by("secret", "grant_type", grantJWT, "assertion", id)))
	active := func(of answer) func() bool {
		return func() bool {
			return p.post("token/introspect", p.by("secret", "token", of.get("access_token"))).members["active"] == true
		}
	}
	return held, map[string]func() bool{
		"access token": func() bool { return brings(p, access) },
		"ID token": func() bool {
			return exchanged(p, id, "subject_token_type", typeID, "subject_issuer", viaNeighbour)
		},
		"access token as assertion":     func() bool { return redeems(p, access) },
		"identity assertion":            func() bool { return redeems(p, identity) },
		"client assertion":              func() bool { return asserts(p, machine) },
		"what came of the access token": active(kept),
		"refresh of what came of it": func() bool {
			return p.passes("secret", "grant_type", "refresh_token", "refresh_token", kept.get("refresh_token"))
		},
		"what came of the ID token": active(brief),
	}
}

// nearTokens are what the neighbour gave for alice, and for client "secret" itself.
type nearTokens struct {
	answer
	machine string
}

// stroke is something that tokens of the neighbour's stand on there, and that is gone.
type stroke struct {
	name, row string
	gone      func(n *pit, held nearTokens)
	back      func(n *pit)
	hits      func(use string) bool
}

func ofMachine(use string) bool { return use == "client assertion" }
func ofVisitor(use string) bool { return use != "client assertion" }
func ofAnybody(string) bool     { return true }

// strokes are played one after the other, by the same two realms.
func strokes() []stroke {
	takes := func(token func(held nearTokens) string) func(n *pit, held nearTokens) {
		return func(n *pit, held nearTokens) { n.want(n.post("revoke", n.by("secret", "token", token(held)))) }
	}
	set := func(change func(n *pit, on bool)) (func(n *pit, _ nearTokens), func(n *pit)) {
		return func(n *pit, _ nearTokens) { change(n, false) }, func(n *pit) { change(n, true) }
	}
	since := func(on bool) int64 {
		if on {
			return 0
		}
		return soon()
	}
	nothing := func(*pit) {}
	var out []stroke
	add := func(row, name string, hits func(string) bool, change func(n *pit, on bool)) {
		gone, back := set(change)
		out = append(out, stroke{name, row, gone, back, hits})
	}
	person := func(name string, change func(u *user.User, on bool)) func(n *pit, on bool) {
		return func(n *pit, on bool) { n.changeUser(name, func(u *user.User) { change(u, on) }) }
	}
	client := func(change func(c *realm.Client, on bool)) func(n *pit, on bool) {
		return func(n *pit, on bool) { n.client("secret", func(c *realm.Client) { change(c, on) }) }
	}
	settings := func(change func(s *realm.Settings, on bool)) func(n *pit, on bool) {
		return func(n *pit, on bool) { n.settings(func(s *realm.Settings) { change(s, on) }) }
	}
	enabled := func(u *user.User, on bool) { u.Enabled = on }
	add("T03", "client there is disabled", ofAnybody, client(func(c *realm.Client, on bool) { c.Enabled = on }))
	add("T03", "service account there is switched off", ofMachine, client(func(c *realm.Client, on bool) { c.ServiceAccounts = on }))
	add("T03", "realm there is disabled", ofAnybody, settings(func(s *realm.Settings, on bool) { s.Enabled = on }))
	add("T04", "user there is disabled", ofVisitor, person("alice", enabled))
	add("T04", "service account's user there is disabled", ofMachine, person("service-account-secret", enabled))
	add("T19", "not before, of the user there", ofVisitor, person("alice", func(u *user.User, on bool) { u.NotBefore = since(on) }))
	add("T19", "not before, of the client there", ofAnybody, client(func(c *realm.Client, on bool) { c.NotBefore = since(on) }))
	add("T19", "not before, of the realm there", ofAnybody, settings(func(s *realm.Settings, on bool) { s.NotBefore = since(on) }))
	return append(out,
		stroke{"token there is revoked", "T27", takes(func(held nearTokens) string { return held.get("access_token") }), nothing, func(use string) bool {
			return strings.Contains(use, "access token") || use == "refresh of what came of it"
		}},
		stroke{"token of the service account there is revoked", "T27", takes(func(held nearTokens) string { return held.machine }), nothing, ofMachine},
		stroke{"refresh token there is revoked", "T27", takes(func(held nearTokens) string { return held.get("refresh_token") }), nothing, ofVisitor},
		stroke{"signed out there", "T27", func(n *pit, held nearTokens) {
			if q := n.post("logout", n.by("secret", "refresh_token", held.get("refresh_token"))); q.status != http.StatusNoContent {
				n.Fatal(q)
			}
		}, nothing, ofVisitor},
		stroke{"sessions there are ended", "T27", func(n *pit, _ nearTokens) { n.endSessions(false) }, nothing, ofVisitor})
}

// attackNeighbour takes away, by the row's strokes, what tokens of a neighbour realm stand on there: neither they nor what
// came of them before is good for anything then.
func attackNeighbour(row string) func(y *cells, p *pit) {
	return func(y *cells, p *pit) {
		for _, s := range strokes() {
			if s.row != row {
				continue
			}
			held, uses := p.near()
			s.gone(p.next(), held)
			for _, use := range slices.Sorted(maps.Keys(uses)) {
				y.cell(uses[use](), !s.hits(use), s.name, use+" of a neighbour realm")
			}
			s.back(p.next())
		}
	}
}

// attackNeighbourBonds brings tokens of a neighbour realm that are bound to a key or a certificate (T12): who proves
// it gets what is bound to the same, and a client proves itself by none of them.
func attackNeighbourBonds(y *cells, p *pit) {
	key, other := prooftest.New(p.T), prooftest.New(p.T)
	mine, theirs := p.cards.own, p.cards.other
	for bond, cnf := range map[string]map[string]any{"a key": {"jkt": key.Thumbprint()}, "a certificate": {"x5t#S256": thumbprint(&mine)},
		"both": {"jkt": key.Thumbprint(), "x5t#S256": thumbprint(&mine)}} {
		for who, has := range map[string]struct {
			key   *prooftest.Key
			shown *tls.Certificate
		}{"who has both": {key, &mine}, "the key alone": {key, nil}, "the certificate alone": {nil, &mine}, "nothing": {nil, nil},
			"another key": {other, &mine}, "another certificate": {key, &theirs}} {
			caller := *p
			caller.proof, caller.shown, caller.bare = has.key, has.shown, has.shown == nil
			good := (cnf["jkt"] == nil || has.key == key) && (cnf["x5t#S256"] == nil || has.shown == &mine)
			for _, s := range nearSlots {
				bound := s.made(p).with("cnf", cnf).sign()
				y.cell(s.present(&caller, bound), good && s.door != "client", s.name, "bound to "+bond, who)
			}
		}
	}
}

// attackNeighbourKeys signs tokens of a neighbour realm by keys of others, and as others (T26): by none but its own, and for none
// but the realm that the provider names.
func attackNeighbourKeys(y *cells, p *pit) {
	third := p.others[1].in(p.T)
	for _, s := range nearSlots {
		key := func(at *pit) blank { return at.own("ES256", p.held().get("access_token")) }
		ours, thirds := key(p), key(third)
		for name, change := range map[string]func(j blank) blank{
			"by this realm's key":                   func(j blank) blank { return blank{j.headed("kid", ours.header["kid"]), j.claims, ours.key} },
			"by this realm's key, with its kid":     func(j blank) blank { return blank{j.header, j.claims, ours.key} },
			"by a third realm's key":                func(j blank) blank { return blank{j.headed("kid", thirds.header["kid"]), j.claims, thirds.key} },
			"by a third realm's key, with its kid":  func(j blank) blank { return blank{j.header, j.claims, thirds.key} },
			"by the key of the provider's settings": func(j blank) blank { return blank{j.headed("kid", "k"), j.claims, p.keys.stranger} },
			"with this realm's kid":                 func(j blank) blank { return blank{j.headed("kid", ours.header["kid"]), j.claims, j.key} },
			"as this realm's":                       func(j blank) blank { return j.with("iss", p.issuer()) },
			"as this realm's, by its key": func(j blank) blank {
				return blank{j.headed("kid", ours.header["kid"]), j.with("iss", p.issuer()).claims, ours.key}
			},
			"as a third realm's": func(j blank) blank { return j.with("iss", third.issuer()) },
			"as a third realm's, by its key": func(j blank) blank {
				return blank{j.headed("kid", thirds.header["kid"]), j.with("iss", third.issuer()).claims, thirds.key}
			},
			"as another server's": func(j blank) blank { return j.with("iss", strings.Replace(p.next().issuer(), "http:", "https:", 1)) },
		} {
			y.cell(s.present(p, change(s.made(p)).sign()), false, s.name, name)
		}
	}
}

// attackActorsOfNeighbours has a neighbour realm's token say who acts, or acted, by it (T35): somebody of a realm of this server
// does as long as the token is good there that is named.
func attackActorsOfNeighbours(y *cells, p *pit) {
	n, third := p.next(), p.others[1].in(p.T)
	of := func(at *pit, issuer string) map[string]any {
		agent := at.actor().claims
		return map[string]any{"sub": agent["sub"], "client_id": "secret", "jti": agent["jti"], "iss": issuer}
	}
	revoked := p.service("secret").get("access_token")
	p.want(p.post("revoke", p.by("secret", "token", revoked)))
	gone := of(p, p.issuer())
	gone["jti"] = claims(p.T, revoked)["jti"]
	nobody := of(p, p.issuer())
	delete(nobody, "jti")
	for name, who := range map[string]struct {
		act  map[string]any
		good bool
	}{
		"its own": {of(n, n.issuer()), true}, "another server's": {of(p, issuerCluster), true},
		"of this realm": {of(p, p.issuer()), true}, "of a third realm": {of(third, third.issuer()), true},
		"of this realm, by a token that is revoked": {gone, false}, "of this realm, by no token": {nobody, false},
		"of this realm, said to be its own": {of(p, n.issuer()), false}, "of a third realm, said to be of this one": {of(third, p.issuer()), false},
		"of a realm that is gone": {of(p, p.base+"/realms/gone"), false},
	} {
		last := of(n, n.issuer())
		last["act"] = who.act
		for depth, act := range map[string]map[string]any{"acts": who.act, "acted": last} {
			for _, s := range nearSlots[:2] {
				y.cell(s.present(p, s.made(p).with("act", act).sign()), who.good, s.name, name, depth)
			}
		}
	}
}
