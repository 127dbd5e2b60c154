package server_test

import (
	"crypto/sha256"
	"crypto/tls"
	"encoding/base64"
	"net/http"

	"github.com/tokenhouse/tokenhouse/internal/core/proof/prooftest"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
)

// confirmed is what a token, or the answer of introspection, says that it is bound to: a key, and a certificate.
func confirmed(says map[string]any) (key, certificate string) {
	cnf, _ := says["cnf"].(map[string]any)
	key, _ = cnf["jkt"].(string)
	certificate, _ = cnf["x5t#S256"].(string)
	return key, certificate
}

func thumbprint(c *tls.Certificate) string {
	if c == nil {
		return ""
	}
	sum := sha256.Sum256(c.Certificate[0])
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// attackBoundWays asks that a token that came with a proof is bound to its key, by whichever way, and that a client that wants
// bound tokens gets no other (T12).
func attackBoundWays(y *cells, p *pit) {
	key := prooftest.New(p.T)
	b := p.browser()
	b.login("secret", "alice")
	bound := func(w way, proof *prooftest.Key) bool {
		at := *p
		held := w.begin(&at, w.client, b)
		at.proof = proof
		q := held.use()
		if q.status != http.StatusOK {
			return false
		}
		jkt, _ := confirmed(claims(p.T, q.get("access_token")))
		return jkt == key.Thumbprint()
	}
	for _, w := range ways() {
		if !w.tokens || !w.good() {
			continue
		}
		y.cell(bound(w, key), true, w.name, w.client, "with a proof")
	}
	held := p.begunBy(b)
	p.each(func(c *realm.Client) { c.Tokens.BindDPoP = true })
	defer p.each(func(c *realm.Client) { c.Tokens.BindDPoP = false })
	for i, w := range ways() {
		if w.tokens {
			y.cell(held[i].use().status == http.StatusOK, false, w.name, w.client, "without one, where it must be")
		}
	}
}

// attackCertifiedWays asks the same of certificates: a client that wants its tokens bound to one gets no other, by whichever
// way, and what is bound to one is nothing to who has another (T12).
func attackCertifiedWays(y *cells, p *pit) {
	mine, theirs := p.cards.own, p.cards.other
	b := p.browser()
	b.login("secret", "alice")
	p.each(func(c *realm.Client) { c.Tokens.BindTLS = true })
	defer p.each(func(c *realm.Client) { c.Tokens.BindTLS = false })
	for _, w := range ways() {
		if !w.tokens || !w.good() {
			continue
		}
		for name, shown := range map[string]*tls.Certificate{"with its certificate": &mine, "with another": &theirs, "with none": nil} {
			at := *p
			at.shown = &mine
			held := w.begin(&at, w.client, b)
			at.shown, at.bare = shown, shown == nil
			q := held.use()
			onToken := stands(w) && !coded(w) // which is bound
			y.cell(q.status == http.StatusOK, shown == &mine || shown == &theirs && !onToken && w.client != "certificate", w.name, w.client, name)
			if q.status != http.StatusOK {
				continue
			}
			if _, to := confirmed(claims(p.T, q.get("access_token"))); to != thumbprint(shown) {
				y.Errorf("%s, %s, %s: the token is bound to %q", w.name, w.client, name, to)
			}
		}
	}
}

// hop is an answer on the way of a token, by how it came.
type hop struct {
	name string
	got  answer
}

// hops are those of a client that holds what it proves: sign-in and refresh, and where it may exchange, exchanges of the
// access token and their refresh.
func (p *pit) hops(client string) []hop {
	p.Helper()
	signedIn := p.gets(client, "openid")
	again := func(of answer) answer {
		return p.want(p.post("token", p.by(client, "grant_type", "refresh_token", "refresh_token", of.get("refresh_token"))))
	}
	out := []hop{{"sign-in", signedIn}, {"refresh", again(signedIn)}}
	if client == "public" {
		return out
	}
	exchanged := func(of answer) answer {
		return p.want(p.post("token", p.by(client, "grant_type", grantExchange, "subject_token", of.get("access_token"), "subject_token_type", typeAccess,
			"requested_token_type", typeRefresh, "scope", "openid")))
	}
	first := exchanged(out[1].got)
	return append(out, hop{"exchange", first}, hop{"second exchange", exchanged(first)}, hop{"refresh of an exchange", again(first)})
}

// presents shows an access token to userinfo, by the scheme that goes with what the caller proves.
func (p *pit) presents(compact string) answer {
	p.Helper()
	scheme := "Bearer "
	if p.proof != nil {
		scheme = "DPoP "
	}
	return p.send("userinfo", "", http.Header{"Authorization": {scheme + compact}})
}

// attackBoundTwice uses tokens that are bound to a key and a certificate, on each hop, as somebody who has both, one of them,
// or another's: whoever has not both has nothing (T12). What clients want later makes no difference to that.
func attackBoundTwice(y *cells, p *pit) {
	key, otherKey := prooftest.New(p.T), prooftest.New(p.T)
	mine, theirs := p.cards.own, p.cards.other
	want := func(bind bool) {
		p.each(func(c *realm.Client) { c.Tokens.BindDPoP, c.Tokens.BindTLS = bind, bind })
	}
	defer want(false)
	for _, client := range heard {
		want(true)
		holder := *p
		holder.proof, holder.shown = key, &mine
		hops := holder.hops(client)
		for _, wanted := range []bool{true, false} {
			want(wanted)
			for who, has := range map[string]struct {
				key   *prooftest.Key
				shown *tls.Certificate
			}{
				"who has both": {key, &mine}, "the key alone": {key, nil}, "the certificate alone": {nil, &mine}, "nothing": {nil, nil},
				"another key": {otherKey, &mine}, "another certificate": {key, &theirs}, "both of another": {otherKey, &theirs},
			} {
				caller := *p
				caller.proof, caller.shown, caller.bare = has.key, has.shown, has.shown == nil
				both := has.key == key && has.shown == &mine
				for _, h := range hops {
					at := []string{client, h.name, who}
					if !wanted {
						at = append(at, "no longer wanted")
					}
					y.cell(caller.presents(h.got.get("access_token")).status == http.StatusOK, both, append(at, "userinfo")...)
					// The refresh token of a client with credentials is bound to these, and to the certificate (RFC 9449 §5).
					free := client != "public" && has.shown == &mine && (has.key != nil || !wanted)
					caller.staysBound(y, caller.post("token", caller.by(client, "grant_type", "refresh_token", "refresh_token", h.got.get("refresh_token"))),
						both || free, append(at, "refresh")...)
					if client != "public" {
						caller.staysBound(y, caller.post("token", caller.by(client, "grant_type", grantExchange, "subject_token", h.got.get("access_token"),
							"subject_token_type", typeAccess)), both, append(at, "exchange")...)
					}
				}
			}
		}
		for _, h := range hops {
			if client == "public" {
				continue // introspection does not hear it
			}
			jkt, x5t := confirmed(p.post("token/introspect", p.by(client, "token", h.got.get("access_token"))).members)
			y.cell(jkt == key.Thumbprint() && x5t == thumbprint(&mine), true, client, h.name, "introspection tells of both")
		}
	}
}

// staysBound is a cell whose token, where it is granted, is bound to what the caller proved.
func (p *pit) staysBound(y *cells, q answer, want bool, name ...string) {
	y.Helper()
	y.cell(q.status == http.StatusOK, want, name...)
	if q.status != http.StatusOK {
		return
	}
	key := ""
	if p.proof != nil {
		key = p.proof.Thumbprint()
	}
	if jkt, x5t := confirmed(claims(p.T, q.get("access_token"))); jkt != key || x5t != thumbprint(p.shown) {
		y.Errorf("%v: bound to key %q and certificate %q", name, jkt, x5t)
	}
}
