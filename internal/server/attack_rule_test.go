package server_test

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/realm"
)

// attackNamed asks for tokens for whom nobody listed (T01): of a name that there is none of, nothing comes, whoever asks, by
// whichever subject.
func attackNamed(y *cells, p *pit) {
	for _, client := range kinds {
		subjects := map[string][]string{
			"own":              {"subject_token", p.gets(lends(client), "").get("access_token"), "subject_token_type", typeAccess},
			"another issuer's": {"subject_token", p.foreign(), "subject_token_type", typeJWT, "subject_issuer", "abroad"},
		}
		for which, subject := range subjects {
			for _, to := range []string{"target", "nobody", "", " ", "*", "TARGET", "target ", "target secret", "realm-management", p.issuer(), "account"} {
				got := p.passes(client, append(subject, "grant_type", grantExchange, "audience", to)...)
				may := slices.Contains(heard, client) && client != "public"
				y.cell(got, may && to == "target", client, which+" subject", "for "+to)
			}
		}
	}
}

// attackEachParameter loses, empties and doubles each parameter of each way (T02): none is passed over.
func attackEachParameter(y *cells, p *pit) {
	b := p.browser()
	b.login("secret", "alice")
	changes := map[string]func(v url.Values, name string){
		"missing": func(v url.Values, name string) { v.Del(name) },
		"empty":   func(v url.Values, name string) { v.Set(name, "") },
		"twice":   func(v url.Values, name string) { v.Add(name, v.Get(name)) },
		"twice, one of them empty": func(v url.Values, name string) {
			v[name] = []string{"", v.Get(name)}
		},
	}
	for _, w := range ways() {
		if !w.good() || !slices.Contains([]string{"secret", "federated", "public"}, w.client) || w.name == "introspection" {
			continue
		}
		asked := *p
		var names []string
		asked.twist = func(v url.Values) { names = slices.Sorted(maps.Keys(v)) }
		held := w.begin(&asked, w.client, b)
		y.cell(held.use().status == http.StatusOK, true, w.name, w.client)
		for _, name := range names {
			for what, change := range changes {
				asked.twist = func(v url.Values) { change(v, name) }
				if coded(w) { // which are spent
					held = w.begin(&asked, w.client, b)
				}
				itself := name == "subject_issuer" && what == "missing" // then the token's iss tells it
				y.cell(held.use().status == http.StatusOK, itself, w.name, w.client, name, what)
				p.unlocked("alice") // whose password some of them got wrong
			}
		}
	}
}

// attackReaders asks about good tokens as each client (T08), or about what is none (T09): whom a token is for hears of it,
// and nobody else anything.
func attackReaders(y *cells, p *pit, good bool) {
	p.each(func(c *realm.Client) { c.Tokens.IntrospectJWT = true })
	defer p.each(func(c *realm.Client) { c.Tokens.IntrospectJWT = false })
	over := p.access().with("exp", time.Now().Unix()-60).sign()
	for _, owner := range heard {
		got := p.gets(owner, "openid")
		revoked := p.gets(owner, "").get("access_token")
		p.want(p.post("revoke", p.by(owner, "token", revoked)))
		tokens := map[string]string{"access": got.get("access_token"), "ID": got.get("id_token"), "refresh": got.get("refresh_token"), "revoked": revoked,
			"cut": got.get("access_token")[:len(got.get("access_token"))-1], "over": over, "another issuer's": p.foreign()}
		for kind, compact := range tokens {
			if good != (kind == "access") && owner != "secret" {
				continue
			}
			for _, caller := range kinds {
				for _, accept := range []string{"application/json", "application/jwt", "application/token-introspection+jwt"} {
					q := p.send("token/introspect", p.by(caller, "token", compact).Encode(), http.Header{"Accept": {accept}})
					active := q.members["active"] == true
					y.cell(active, kind == "access" && caller == owner && caller != "public", owner+"'s "+kind, "read by "+caller, accept)
					if !active && q.status == http.StatusOK && q.text != `{"active":false}` {
						y.Errorf("%s's %s, read by %s, %s: an inactive token tells %s", owner, kind, caller, accept, q.text)
					}
				}
			}
		}
	}
}

// attackActors exchanges subjects with and without actors (T11): what a token says of who may act holds, whether or not
// somebody is named, and who acts stays named.
func attackActors(y *cells, p *pit) {
	actor := p.actor()
	person := p.access()
	acting := p.exchangeOf(person.sign(), actor.sign())
	if acting.get("access_token") == "" {
		y.Fatal(acting)
	}
	subjects := map[string]string{
		"plain":          person.sign(),
		"may act":        person.with("may_act", map[string]any{"client_id": "secret"}).sign(),
		"may act by sub": person.with("may_act", map[string]any{"sub": actor.claims["sub"]}).sign(),
		"another may":    person.with("may_act", map[string]any{"client_id": "private-key"}).sign(),
		"nobody may":     person.with("may_act", map[string]any{}).sign(),
		"acted for":      acting.get("access_token"),
	}
	actors := map[string]string{
		"nobody": "", "its own service account": actor.sign(),
		"another's service account": p.want(p.post("token", p.by("private-key", "grant_type", "client_credentials"))).get("access_token"),
		"the subject itself":        person.sign(),
		"another issuer's token":    p.foreign(),
	}
	for which, subject := range subjects {
		for by, token := range actors {
			q := p.exchangeOf(subject, token)
			// Who may act may, and where nobody in particular may, the requester itself, or nobody acts.
			own := by == "its own service account" && !slices.Contains([]string{"another may", "nobody may"}, which)
			alone := by == "nobody" && (which == "plain" || which == "acted for")
			y.cell(q.status == http.StatusOK, own || alone, which, "by "+by)
			if q.status != http.StatusOK {
				continue
			}
			says := claims(p.T, q.get("access_token"))
			told := p.post("token/introspect", p.by("secret", "token", q.get("access_token"))).members
			for _, claim := range []string{"act", "may_act"} {
				if (says[claim] == nil) != (told[claim] == nil) {
					y.Errorf("%s by %s: the token says %s %v, introspection %v", which, by, claim, says[claim], told[claim])
				}
			}
			if (says["act"] != nil) != (own || which == "acted for") {
				y.Errorf("%s by %s: act is %v", which, by, says["act"])
			}
		}
	}
}

// exchangeOf exchanges a subject, by an actor where there is one.
func (p *pit) exchangeOf(subject, actor string) answer {
	p.Helper()
	form := p.by("secret", "grant_type", grantExchange, "subject_token", subject, "subject_token_type", typeAccess)
	if actor != "" {
		form.Set("actor_token", actor)
		form.Set("actor_token_type", typeAccess)
	}
	return p.post("token", form)
}

// attackUnsignedActors brings actors that nobody signed, or another realm (T35).
func attackUnsignedActors(y *cells, p *pit) {
	rival := &pit{desk: &desk{arena: p.others[0].arena.in(p.T)}, keys: p.keys}
	person, good := p.access(), p.actor()
	for which, subject := range map[string]string{"plain": person.sign(), "may act": person.with("may_act", map[string]any{"client_id": "secret"}).sign()} {
		for name, compact := range forgeries(p, good) {
			y.cell(p.exchangeOf(subject, compact).status == http.StatusOK, false, which, name)
		}
		for name, compact := range map[string]string{"another realm's": rival.actor().sign(), "named as another realm's": good.with("iss", rival.issuer()).sign(),
			"of no realm": good.with("iss", nil).sign(), "over": good.with("exp", time.Now().Unix()-60).sign()} {
			y.cell(p.exchangeOf(subject, compact).status == http.StatusOK, false, which, name)
		}
		y.cell(p.exchangeOf(subject, good.sign()).status == http.StatusOK, true, which)
	}
	attackNamedActors(y, p, rival)
	attackActorsOfNeighbours(y, p)
}

// attackNamedActors has another issuer say who acts by its token: whom it knows itself, or somebody of another server, but
// nobody of a realm of this one, however far back.
func attackNamedActors(y *cells, p, rival *pit) {
	agent := p.actor().claims
	of := func(issuer any) map[string]any {
		return map[string]any{"sub": agent["sub"], "client_id": "secret", "jti": agent["jti"], "iss": issuer}
	}
	for name, act := range map[string]map[string]any{"its own": of(nil), "another server's": of(issuerCluster), "of this realm": of(p.issuer()),
		"of another realm": of(rival.issuer()), "of a realm that is gone": of(p.base + "/realms/gone")} {
		if act["iss"] == nil {
			delete(act, "iss")
		}
		good := name == "its own" || name == "another server's"
		for depth, act := range map[string]map[string]any{"acts": act, "acted": {"sub": "there", "act": act}} {
			subject := p.signs(p.keys.abroad, "ES256", "", p.says(issuerAbroad, "a-there", map[string]any{"typ": "Bearer", "act": act}))
			y.cell(exchanged(p, subject, "subject_issuer", "abroad", "subject_token_type", typeAccess), good, "subject of another issuer", name, depth)
			y.cell(redeems(p, p.signs(p.keys.partner, "ES256", "", p.says(issuerPartner, "a-there", map[string]any{"act": act}))), good, "assertion", name, depth)
		}
	}
}

// attackMixedValues brings what is used once for one thing as what is used once for another (T14).
func attackMixedValues(y *cells, p *pit) {
	b := p.browser()
	b.login("secret", "alice")
	values := map[string]func() string{
		"code": func() string { return b.open(b.request("secret")).granted("secret") },
		"device_code": func() string {
			q := p.want(p.post("auth/device", p.by("secret")))
			b.open(q.get("verification_uri_complete")).expect("login-login-oauth-grant").submit("accept", "Yes").settle()
			return q.get("device_code")
		},
		"refresh_token": func() string { return p.gets("secret", "").get("refresh_token") },
		"assertion":     p.assertion,
		"request_uri": func() string {
			return p.post("ext/par/request", p.by("secret", "redirect_uri", callback("secret"), "response_type", "code", "scope", "openid")).get("request_uri")
		},
	}
	doors := map[string]func(value string) bool{
		"code": func(v string) bool {
			return p.passes("secret", "grant_type", "authorization_code", "code", v, "redirect_uri", callback("secret"))
		},
		"device_code": func(v string) bool {
			return p.passes("secret", "grant_type", "urn:ietf:params:oauth:grant-type:device_code", "device_code", v)
		},
		"refresh_token": func(v string) bool { return p.passes("secret", "grant_type", "refresh_token", "refresh_token", v) },
		"assertion":     func(v string) bool { return redeems(p, v) },
		"request_uri": func(v string) bool {
			return b.open(p.below("/protocol/openid-connect/auth?"+pairs("client_id", "secret", "request_uri", v).Encode())).query("code") != ""
		},
	}
	for value, get := range values {
		for door, open := range doors {
			y.cell(open(get()), value == door, value+" as "+door)
		}
	}
}
