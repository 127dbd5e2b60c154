package server_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"hash"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/core/proof/prooftest"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
)

// slot is a place of a request where a JWT is taken for something.
type slot struct {
	name    string
	door    string                                      // slots with the same one take each other's
	made    func(p *pit) blank                          // a good one
	present func(p *pit, compact string) (granted bool) // hands one in
	needs   []string                                    // claims without which it is refused
	once    bool                                        // it is taken once
}

// blank is a token that is not signed yet.
type blank struct {
	header, claims map[string]any
	key            any // *ecdsa.PrivateKey or []byte
}

// sign signs as the header says.
func (j blank) sign() string { return forge(j.header, part(j.claims), j.by(j.key)) }

// part is a part of a compact JWS.
func part(claims map[string]any) string {
	text, err := json.Marshal(claims)
	if err != nil {
		panic(err)
	}
	return base64.RawURLEncoding.EncodeToString(text)
}

// by signs by ES256 or by HMAC, as the key is, whatever the header says.
func (j blank) by(key any) func(string) []byte {
	private, ok := key.(*ecdsa.PrivateKey)
	if !ok {
		digest := map[any]func() hash.Hash{"HS512": sha512.New}[j.header["alg"]]
		if digest == nil {
			digest = sha256.New
		}
		return mac(digest, key.([]byte))
	}
	return func(signed string) []byte {
		digest := sha256.Sum256([]byte(signed))
		r, s, err := ecdsa.Sign(rand.Reader, private, digest[:])
		if err != nil {
			panic(err)
		}
		return append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...)
	}
}

// with is the token with other claims; nil takes one away.
func (j blank) with(name string, value any) blank {
	j.claims = maps.Clone(j.claims)
	if j.claims[name] = value; value == nil {
		delete(j.claims, name)
	}
	return j
}

// headed is the token with another header.
func (j blank) headed(p ...any) map[string]any {
	h := maps.Clone(j.header)
	for i := 0; i < len(p); i += 2 {
		h[p[i].(string)] = p[i+1]
	}
	return h
}

// send posts a body to an endpoint of the realm, on the node that the pit is looked at through.
func (p *pit) send(endpoint, body string, header http.Header) answer {
	p.Helper()
	header = p.proving(endpoint, body, header)
	if p.node == nil {
		return p.arena.send(endpoint, body, header)
	}
	q := httptest.NewRequestWithContext(p.Context(), "POST", p.issuer()+"/protocol/openid-connect/"+endpoint, strings.NewReader(body))
	maps.Copy(q.Header, header)
	q.Header.Set("Content-Type", formType)
	w := httptest.NewRecorder()
	p.node.Handler().ServeHTTP(w, q)
	out := answer{status: w.Code, members: map[string]any{}, header: w.Header(), text: w.Body.String()}
	if strings.HasPrefix(out.text, "{") {
		if err := json.Unmarshal(w.Body.Bytes(), &out.members); err != nil {
			p.Fatal(err)
		}
	}
	return out
}

// proving adds to a request's header what the caller proves: a proof by its key, and its certificate.
func (p *pit) proving(endpoint, body string, header http.Header) http.Header {
	out := http.Header{}
	maps.Copy(out, header)
	if p.proof != nil {
		with := map[string]any(nil)
		if token, ok := strings.CutPrefix(out.Get("Authorization"), "DPoP "); ok {
			with = prooftest.With(token)
		}
		out["Dpop"] = []string{p.proof.Prove("POST", p.issuer()+"/protocol/openid-connect/"+endpoint, time.Now(), with)}
	}
	shown := p.shown
	if shown == nil && !p.bare && slices.Contains(strings.Split(body, "&"), "client_id=certificate") {
		shown = &p.cards.own
	}
	if shown != nil {
		out["Client-Cert"] = []string{":" + base64.StdEncoding.EncodeToString(shown.Certificate[0]) + ":"}
	}
	return out
}

func (p *pit) post(endpoint string, form url.Values) answer {
	p.Helper()
	return p.send(endpoint, form.Encode(), nil)
}

// passes tells whether the token endpoint grants a request of a client.
func (p *pit) passes(client string, form ...string) bool {
	p.Helper()
	return p.post("token", p.by(client, form...)).status == http.StatusOK
}

// own is a token of the realm, to be changed and signed anew.
func (p *pit) own(alg, compact string) blank {
	p.Helper()
	for _, k := range p.current().Keys() {
		if k.Algorithm == alg {
			return blank{map[string]any{"alg": alg, "typ": "JWT", "kid": k.Kid}, claims(p.T, compact), p.private(k)}
		}
	}
	p.Fatalf("the realm has no key for %s", alg)
	return blank{}
}

// private is the realm's own key, which nobody else has.
func (p *pit) private(k *realm.KeyProvider) any {
	if k.Algorithm == "HS512" {
		return k.Private
	}
	key, err := x509.ParsePKCS8PrivateKey(k.Private)
	if err != nil {
		p.Fatal(err)
	}
	return key
}

func (p *pit) access() blank { return p.own("ES256", p.held().get("access_token")) }

// held are tokens of client "secret" for alice, got once.
func (p *pit) held() answer {
	p.Helper()
	if p.first == nil {
		q := p.gets("secret", "openid")
		p.first = &q
	}
	return *p.first
}

// actor is the token of client "secret" by itself.
func (p *pit) actor() blank {
	p.Helper()
	return p.own("ES256", p.want(p.post("token", p.by("secret", "grant_type", "client_credentials", "scope", "openid"))).get("access_token"))
}

// others is a JWT by a key that is not the realm's.
func others(key any, alg, typ string, c map[string]any) blank {
	h := map[string]any{"alg": alg, "kid": "k"}
	if typ != "" {
		h["typ"] = typ
	}
	return blank{h, c, key}
}

func exchanged(p *pit, compact string, more ...string) bool {
	return p.passes("secret", append(more, "grant_type", grantExchange, "subject_token", compact)...)
}

// asserts authenticates by a client assertion.
func asserts(p *pit, compact string) bool {
	return p.post("token", pairs("grant_type", "client_credentials", "client_assertion_type", clientJWT, "client_assertion", compact)).status == http.StatusOK
}

func redeems(p *pit, compact string) bool {
	return p.passes("secret", "grant_type", grantJWT, "assertion", compact)
}

// slots are all places where a JWT is taken at the endpoints of OAuth.
var slots = slices.Concat([]slot{
	{"subject of an exchange", "access", (*pit).access, func(p *pit, c string) bool { return exchanged(p, c, "subject_token_type", typeAccess) },
		[]string{"iss", "exp", "iat", "typ", "azp", "sid"}, false},
	{"userinfo", "access", (*pit).access, func(p *pit, c string) bool { return p.post("userinfo", pairs("access_token", c)).status == 200 },
		[]string{"iss", "exp", "iat", "typ", "azp", "sid"}, false},
	{"introspection", "access", (*pit).access, func(p *pit, c string) bool {
		return p.post("token/introspect", p.by("secret", "token", c)).members["active"] == true
	}, []string{"iss", "exp", "iat", "typ", "azp", "sid"}, false},
	{"refresh token", "refresh", func(p *pit) blank { return p.own("HS512", p.held().get("refresh_token")) },
		func(p *pit, c string) bool {
			return p.passes("secret", "grant_type", "refresh_token", "refresh_token", c)
		},
		[]string{"iss", "exp", "iat", "typ", "azp", "sid"}, false},
	{"ID token for an identity assertion", "identity", func(p *pit) blank { return p.own("ES256", p.held().get("id_token")) },
		func(p *pit, c string) bool {
			return exchanged(p, c, "subject_token_type", typeID, "requested_token_type", string(oauth.TypeIdentity), "audience", issuerPartner)
		}, []string{"iss", "exp", "iat", "typ", "azp", "sid"}, false},
	{"actor token", "actor", (*pit).actor, func(p *pit, c string) bool {
		return exchanged(p, p.held().get("access_token"), "subject_token_type", typeAccess, "actor_token", c, "actor_token_type", typeAccess)
	},
		[]string{"iss", "exp", "iat", "typ", "azp"}, false},
	{"subject of another issuer", "abroad", func(p *pit) blank {
		return others(p.keys.abroad, "ES256", "", p.says(issuerAbroad, "a-there", map[string]any{"typ": "Bearer"}))
	}, func(p *pit, c string) bool {
		return exchanged(p, c, "subject_token_type", typeJWT, "subject_issuer", "abroad")
	}, []string{"iss", "exp", "iat", "typ", "sub", "aud"}, false},
	{"assertion", "assertion", func(p *pit) blank {
		return others(p.keys.partner, "ES256", "", p.says(issuerPartner, "a-there", nil))
	}, redeems, []string{"iss", "exp", "jti", "sub", "aud"}, true},
	{"identity assertion", "assertion", func(p *pit) blank {
		return others(p.keys.partner, "ES256", oauth.HeaderIdentity, p.says(issuerPartner, "a-there", map[string]any{"client_id": "secret"}))
	}, redeems, []string{"iss", "exp", "iat", "jti", "sub", "aud", "client_id"}, true},
	{"client assertion by a key", "client", func(p *pit) blank {
		return others(p.keys.client, "ES256", "", p.says("private-key", "private-key", nil))
	}, asserts, []string{"iss", "exp", "jti", "sub", "aud"}, true},
	{"client assertion by a secret", "client", func(p *pit) blank {
		return others([]byte(macSecret), "HS256", "", p.says("secret-mac", "secret-mac", nil))
	}, asserts, []string{"iss", "exp", "jti", "sub", "aud"}, true},
	{"client assertion of an issuer", "client", func(p *pit) blank {
		return others(p.keys.cluster, "ES256", "", p.says(issuerCluster, "pod", nil))
	}, asserts, []string{"iss", "exp", "jti", "sub", "aud"}, true},
	{"request object", "request", func(p *pit) blank {
		return others(p.keys.client, "ES256", "", p.says("private-key", "", map[string]any{"sub": nil, "client_id": "private-key",
			"redirect_uri": callback("private-key"), "response_type": "code", "scope": "openid"}))
	}, func(p *pit, c string) bool {
		return p.post("ext/par/request", p.by("private-key", "request", c)).status == http.StatusCreated
	}, nil, false},
}, nearSlots)

// attackAlgorithms: the key says by which algorithm it verifies, never the header (T06).
func attackAlgorithms(y *cells, p *pit) {
	for _, s := range slots {
		good := s.made(p)
		for name, compact := range forgeries(p, good) {
			y.cell(s.present(p, compact), false, s.name, name)
		}
		y.cell(s.present(p, good.sign()), true, s.name)
	}
}

// forgeries are signed by others than the key, and say of themselves that they are right.
func forgeries(p *pit, good blank) map[string]string {
	payload, stranger := part(good.claims), p.keys.stranger
	nothing := func(string) []byte { return nil }
	byStranger := good.by(stranger)
	out := map[string]string{
		"no signature":        forge(good.header, payload, nothing),
		"zero signature":      forge(good.header, payload, func(string) []byte { return make([]byte, 64) }),
		"no algorithm":        forge(good.headed("alg", nil), payload, good.by(good.key)),
		"empty algorithm":     forge(good.headed("alg", ""), payload, nothing),
		"another's key":       forge(good.headed("alg", "ES256"), payload, byStranger),
		"another's key, kid":  forge(good.headed("alg", "ES256", "kid", "other"), payload, byStranger),
		"another's key, jwk":  forge(good.headed("alg", "ES256", "jwk", jose.JSONWebKey{Key: stranger.Public()}), payload, byStranger),
		"another's key, jku":  forge(good.headed("alg", "ES256", "jku", "http://127.0.0.1:1/keys"), payload, byStranger),
		"MAC by nothing":      forge(good.headed("alg", "HS256"), payload, mac(sha256.New, nil)),
		"MAC by a guess":      forge(good.headed("alg", "HS512"), payload, mac(sha512.New, []byte("secret"))),
		"header that is crit": forge(good.headed("crit", []string{"exp"}), payload, good.by(good.key)),
		"algorithm of others": forge(good.headed("alg", "ES384"), payload, byStranger),
	}
	signed := strings.Split(good.sign(), ".")
	out["payload of another"] = signed[0] + "." + part(good.with("sub", "another").claims) + "." + signed[2]
	for _, none := range []string{"none", "None", "NONE", "nOnE"} {
		out["alg "+none] = forge(good.headed("alg", none), payload, nothing)
		out["alg "+none+" and a signature"] = forge(good.headed("alg", none), payload, good.by(stranger))
	}
	if key, ok := good.key.(*ecdsa.PrivateKey); ok {
		der, err := x509.MarshalPKIXPublicKey(key.Public())
		if err != nil {
			p.Fatal(err)
		}
		jwk, err := json.Marshal(jose.JSONWebKey{Key: key.Public(), KeyID: "k"})
		if err != nil {
			p.Fatal(err)
		}
		for name, text := range map[string][]byte{"DER": der, "PEM": pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}), "JWK": jwk,
			"point": elliptic.MarshalCompressed(elliptic.P256(), key.X, key.Y)} {
			out["MAC by the public key, "+name] = forge(good.headed("alg", "HS256"), payload, mac(sha256.New, text))
		}
	}
	return out
}

// attackOtherUses: what is good in one place is good for nothing in another (T07).
func attackOtherUses(y *cells, p *pit) {
	for _, from := range slots {
		for _, to := range slots {
			same := from.door == to.door || opens[from.name] == to.door
			y.cell(to.present(p, from.made(p).sign()), same, from.name+" as "+to.name)
		}
	}
}

// attackAddressees: a token by somebody else is for this realm and says so, or it is refused (T22).
func attackAddressees(y *cells, p *pit) {
	for _, s := range slots {
		if !slices.Contains(s.needs, "aud") {
			continue
		}
		for name, aud := range map[string]any{"none": nil, "empty": "", "empty list": []string{}, "null": []any{nil}, "number": 7, "another": "https://evil.example",
			"another realm": p.others[0].issuer(), "a slash more": p.issuer() + "/", "a part": p.base, "capitals": strings.ToUpper(p.issuer()),
			"two in one": p.issuer() + " https://evil.example", "a client": "secret", "wildcard": "*"} {
			y.cell(s.present(p, s.made(p).with("aud", aud).sign()), false, s.name, "aud "+name)
		}
		y.cell(s.present(p, s.made(p).sign()), true, s.name)
	}
}

// attackClaims: a claim that has to be there is refused where it is missing, null, of another type, or over (T23).
func attackClaims(y *cells, p *pit) {
	now := time.Now().Unix()
	for _, s := range slots {
		for _, name := range s.needs {
			good := s.made(p)
			null := maps.Clone(good.claims)
			null[name] = nil
			for what, changed := range map[string]blank{"missing": good.with(name, nil), "null": {good.header, null, good.key},
				"a list": good.with(name, []any{true}), "an object": good.with(name, map[string]any{"x": 1}), "empty": good.with(name, "")} {
				y.cell(s.present(p, changed.sign()), false, s.name, name, what)
			}
		}
		for name, changed := range map[string]blank{"over": s.made(p).with("exp", now-60), "over for ever": s.made(p).with("exp", -1),
			"over, as text": s.made(p).with("exp", fmt.Sprint(now+50)+"x"), "not yet": s.made(p).with("nbf", now+3600)} {
			y.cell(s.present(p, changed.sign()), false, s.name, name)
		}
		y.cell(s.present(p, s.made(p).sign()), true, s.name)
	}
}

// attackBytes: no other text passes for a token: cut, with a byte changed, left out or doubled (T25).
func attackBytes(y *cells, p *pit) {
	const places = 9
	for _, s := range slots {
		good := s.made(p).sign()
		for i := range places {
			at := i*(len(good)-1)/(places-1) - i%2
			changed := []byte(good)
			if changed[at] ^= 4; changed[at] == '.' || good[at] == '.' {
				changed[at] = '!'
			}
			if at == len(good)-1 { // its last bits need not count, but must be what they would be written as
				changed[at] = respelled(good[at])
			}
			for how, text := range map[string]string{"changed": string(changed), "cut": good[:at], "left out": good[:at] + good[at+1:], "doubled": good[:at] + good[at:at+1] + good[at:]} {
				if text != good {
					y.cell(s.present(p, text), false, s.name, fmt.Sprintf("byte %d %s", at, how))
				}
			}
		}
		for how, text := range map[string]string{"blank behind": good + " ", "line behind": good + "\n", "NUL behind": good + "\x00", "dot behind": good + ".", "blank before": " " + good, "padded": good + "="} {
			y.cell(s.present(p, text), false, s.name, how)
		}
		y.cell(s.present(p, good), true, s.name)
	}
}

// attackForeignRealm: a token of one realm is nothing in another, whoever signs it (T26).
func attackForeignRealm(y *cells, p *pit) {
	rival := &pit{desk: &desk{arena: p.others[0].arena.in(p.T)}, keys: p.keys, cards: p.cards, others: []*pit{p}}
	for _, s := range slots {
		theirs, ours := s.made(rival), s.made(p)
		y.cell(s.present(p, theirs.sign()), false, s.name, "of the other realm")
		_, external := theirs.claims["aud"].(string)
		if claimed := theirs.claims["iss"]; claimed == rival.issuer() || !external {
			theirs.claims = maps.Clone(ours.claims)
			y.cell(s.present(p, theirs.sign()), false, s.name, "of this realm by the other's key")
			renamed := ours.with("iss", rival.issuer())
			y.cell(s.present(p, renamed.sign()), false, s.name, "of the other realm by this one's key")
		}
		y.cell(s.present(rival, s.made(rival).sign()), true, s.name, "at home")
		y.cell(s.present(p, s.made(p).sign()), true, s.name, "here")
	}
	attackNeighbourKeys(y, p)
}

// attackReplays: what counts once counts once, on all nodes together (T31).
func attackReplays(y *cells, p *pit) {
	for _, s := range slots {
		good := s.made(p)
		compact := good.sign()
		y.cell(s.present(p, compact), true, s.name)
		y.cell(s.present(p, compact), !s.once, s.name, "again")
		y.cell(s.present(p, good.with("nbf", time.Now().Unix()-1).sign()), !s.once, s.name, "again, signed anew")
		other := *p
		if other.node = p.second; other.node == nil {
			continue
		}
		y.apart(s.present(&other, compact), !s.once, s.name, "on another node")
		y.apart(s.present(&other, s.made(p).sign()), true, s.name, "on another node, a new one")
	}
}

// attackAudienceParity: one audience means the same as a text and as a list (T32).
func attackAudienceParity(y *cells, p *pit) {
	for _, s := range slots {
		for name, aud := range map[string]string{"this realm": p.issuer(), "another": "https://evil.example", "client": "secret", "other client": "public", "list in a text": `["` + p.issuer() + `"]`} {
			text, list := s.present(p, s.made(p).with("aud", aud).sign()), s.present(p, s.made(p).with("aud", []string{aud}).sign())
			y.cell(list, text, s.name, name, "as a list as as a text")
		}
	}
}

// attackProvidersOff: an issuer that is switched off, no more trusted, or gone, is believed in nothing from then on (T05).
func attackProvidersOff(y *cells, p *pit) {
	of := map[string]string{"subject of another issuer": "abroad", "assertion": "partner", "identity assertion": "partner", "client assertion of an issuer": "cluster"}
	for _, s := range nearSlots {
		of[s.name] = viaNeighbour
	}
	changes := map[string]func(d *realm.Draft, was *realm.Provider){
		"switched off": func(d *realm.Draft, was *realm.Provider) {
			off := *was
			off.Enabled = false
			d.PutProvider(&off)
		},
		"without its trust": func(d *realm.Draft, was *realm.Provider) {
			less := *was
			if less.Config = maps.Clone(was.Config); less.Kind == "jwt-authorization-grant" {
				less.Kind = "oidc"
			}
			delete(less.Config, "tokenhouse.exchange.trusted")
			delete(less.Config, "supportsClientAssertions")
			delete(less.Config, "jwtAuthorizationGrantEnabled")
			d.PutProvider(&less)
		},
		"with another key": func(d *realm.Draft, was *realm.Provider) {
			other := *was
			other.Config = maps.Clone(was.Config)
			other.Config["publicKeySignatureVerifier"] = keySet(p.T, p.keys.stranger)
			d.PutProvider(&other)
		},
		"with another issuer": func(d *realm.Draft, was *realm.Provider) {
			other := *was
			other.Config = maps.Clone(was.Config)
			other.Config["issuer"] = "https://elsewhere.example"
			d.PutProvider(&other)
		},
		"deleted": func(d *realm.Draft, was *realm.Provider) { d.Delete(realm.KindProvider, was.Key) },
	}
	for _, alias := range []string{"abroad", "partner", "cluster", viaNeighbour} {
		for name, change := range changes {
			was := p.current().Provider(alias)
			kept := refreshesOf(p, alias)
			p.edit(func(d *realm.Draft) { change(d, was) })
			for _, s := range slots {
				near := of[s.name] == viaNeighbour
				if near != (alias == viaNeighbour) {
					continue
				}
				keyed := near && name == "with another key" // which are at hand
				y.cell(s.present(p, s.made(p).sign()), of[s.name] != alias || keyed, s.name, alias+" "+name)
			}
			for what, use := range kept {
				y.cell(use(), name == "with another key", what, alias+" "+name) // providers change their keys
			}
			p.edit(func(d *realm.Draft) { d.PutProvider(was) })
		}
	}
}

// refreshesOf are uses of tokens that came of a provider's.
func refreshesOf(p *pit, alias string) map[string]func() bool {
	var subject string
	switch alias {
	case "abroad":
		subject = p.foreign()
	case viaNeighbour:
		subject = p.lent(p.next().held().get("access_token")).sign()
	default:
		return nil
	}
	q := p.want(p.post("token", p.by("secret", "grant_type", grantExchange, "subject_token", subject, "subject_token_type", typeJWT,
		"subject_issuer", alias, "requested_token_type", typeRefresh)))
	return map[string]func() bool{
		"refresh token of an exchange": func() bool {
			return p.passes("secret", "grant_type", "refresh_token", "refresh_token", q.get("refresh_token"))
		},
	}
}
