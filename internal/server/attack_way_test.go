package server_test

import (
	"cmp"
	"net/http"
	"slices"

	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
)

// way is how a client of some kind gets or uses tokens.
type way struct {
	grant
	client string
}

// grant is a way for clients of every kind.
type grant struct {
	name     string
	begin    func(p *pit, client string, b *browser) brought
	user     string // whose tokens come of it: "alice", or "service"
	session  string // that it stands on: "online", "offline", or "" where there is none yet
	provider string // that vouches; empty: none
	secret   bool   // only clients with credentials may
	tokens   bool   // the answer has an access token
}

// brought is what a way needs, and what it does with that.
type brought struct {
	token string // what may be revoked
	use   func() answer
}

// good tells whether the client may go the way where nothing is amiss.
func (w way) good() bool {
	return slices.Contains(heard, w.client) && (!w.secret || w.client != "public")
}

// lends is who gets what a client brings: the client itself, or for one that gets nothing another, whom it is stolen from.
func lends(client string) string {
	if slices.Contains(heard, client) {
		return client
	}
	return "secret"
}

// asks is a request of a client, or of the one that has stolen what it brings.
func asks(p *pit, client string, form ...string) func() answer {
	return func() answer {
		v := p.by(cmp.Or(p.as, client), form...)
		if p.twist != nil {
			p.twist(v)
		}
		return p.post("token", v)
	}
}

var grants = []grant{
	{name: "password", user: "alice", tokens: true, begin: func(p *pit, c string, _ *browser) brought {
		return brought{"", asks(p, c, "grant_type", "password", "username", "alice", "password", "alice-password")}
	}},
	{name: "client credentials", user: "service", secret: true, tokens: true, begin: func(p *pit, c string, _ *browser) brought {
		return brought{"", asks(p, c, "grant_type", "client_credentials")}
	}},
	{name: "code", user: "alice", session: "online", tokens: true, begin: func(p *pit, c string, b *browser) brought {
		from := lends(c)
		return brought{"", asks(p, c, "grant_type", "authorization_code", "code", b.open(b.request(from)).granted(from), "redirect_uri", callback(from))}
	}},
	{name: "pushed request", user: "alice", session: "online", tokens: true, begin: func(p *pit, c string, b *browser) brought {
		from := lends(c)
		return brought{"", asks(p, c, "grant_type", "authorization_code", "code", p.pushes(b, from).granted(from), "redirect_uri", callback(from))}
	}},
	{name: "device code", user: "alice", session: "online", tokens: true, begin: func(p *pit, c string, b *browser) brought {
		q := p.want(p.post("auth/device", p.by(lends(c))))
		b.open(q.get("verification_uri_complete")).expect("login-login-oauth-grant").submit("accept", "Yes").settle()
		return brought{"", asks(p, c, "grant_type", "urn:ietf:params:oauth:grant-type:device_code", "device_code", q.get("device_code"))}
	}},
	{name: "refresh", user: "alice", session: "online", tokens: true, begin: func(p *pit, c string, _ *browser) brought {
		held := p.gets(lends(c), "").get("refresh_token")
		return brought{held, asks(p, c, "grant_type", "refresh_token", "refresh_token", held)}
	}},
	{name: "offline refresh", user: "alice", session: "offline", tokens: true, begin: func(p *pit, c string, _ *browser) brought {
		held := p.gets(lends(c), "offline_access").get("refresh_token")
		return brought{held, asks(p, c, "grant_type", "refresh_token", "refresh_token", held)}
	}},
	{name: "exchange", user: "alice", session: "online", secret: true, tokens: true, begin: func(p *pit, c string, _ *browser) brought {
		held := p.gets(lends(c), "").get("access_token")
		return brought{held, asks(p, c, "grant_type", grantExchange, "subject_token", held, "subject_token_type", typeAccess)}
	}},
	{name: "refresh of an exchange", user: "alice", session: "online", secret: true, tokens: true, begin: func(p *pit, c string, _ *browser) brought {
		from := lends(c)
		if from == "public" {
			from = "secret"
		}
		first := p.gets(from, "").get("access_token")
		held := p.want(p.post("token", p.by(from, "grant_type", grantExchange, "subject_token", first, "subject_token_type", typeAccess, "requested_token_type", typeRefresh)))
		return brought{held.get("refresh_token"), asks(p, c, "grant_type", "refresh_token", "refresh_token", held.get("refresh_token"))}
	}},
	{name: "exchange for an identity assertion", user: "alice", session: "online", secret: true, begin: func(p *pit, c string, _ *browser) brought {
		held := p.gets(lends(c), "openid")
		return brought{held.get("refresh_token"), asks(p, c, "grant_type", grantExchange, "subject_token", held.get("id_token"), "subject_token_type", typeID,
			"requested_token_type", string(oauth.TypeIdentity), "audience", issuerPartner)}
	}},
	{name: "exchange of another issuer's", user: "alice", provider: "abroad", secret: true, tokens: true, begin: func(p *pit, c string, _ *browser) brought {
		return brought{"", func() answer {
			return asks(p, c, "grant_type", grantExchange, "subject_token", p.foreign(), "subject_token_type", typeJWT, "subject_issuer", "abroad")()
		}}
	}},
	{name: "assertion", user: "alice", provider: "partner", secret: true, tokens: true, begin: func(p *pit, c string, _ *browser) brought {
		return brought{"", func() answer { return asks(p, c, "grant_type", grantJWT, "assertion", p.assertion())() }}
	}},
	{name: "introspection", user: "alice", session: "online", secret: true, begin: func(p *pit, c string, _ *browser) brought {
		held := p.gets(lends(c), "").get("access_token")
		return brought{held, func() answer {
			q := p.post("token/introspect", p.by(cmp.Or(p.as, c), "token", held))
			if q.members["active"] != true {
				q.status = http.StatusUnauthorized
			}
			return q
		}}
	}},
}

// pushes pushes an authorization request, with more parameters, and opens it.
func (p *pit) pushes(b *browser, client string, more ...string) *shown {
	p.Helper()
	q := p.post("ext/par/request", p.by(client, append(more, "redirect_uri", callback(client), "response_type", "code", "scope", "openid")...))
	if q.status != http.StatusCreated {
		p.Fatalf("push refused: %v", q)
	}
	return b.open(p.below("/protocol/openid-connect/auth?" + pairs("client_id", client, "request_uri", q.get("request_uri")).Encode()))
}

// ways are each grant by each kind of client.
func ways() (all []way) {
	for _, g := range grants {
		for _, client := range kinds {
			all = append(all, way{g, client})
		}
	}
	return all
}

// begun are all ways in a realm, begun: alice is signed in, and each client has what it needs.
func (p *pit) begun() []brought {
	p.Helper()
	b := p.browser()
	b.login("secret", "alice")
	return p.begunBy(b)
}

// begunBy is begun where alice is signed in already.
func (p *pit) begunBy(b *browser) []brought {
	p.Helper()
	var out []brought
	for _, w := range ways() {
		out = append(out, w.begin(p, w.client, b))
	}
	return out
}

// fall is something that ways stand on and that is gone.
type fall struct {
	name   string
	row    string
	change func(p *pit, held []brought)
	hits   func(w way) bool
}

func ofPerson(w way) bool { return w.user == "alice" }

func (p *pit) alice(change func(u *user.User)) { p.changeUser("alice", change) }

// each changes every client.
func (p *pit) each(change func(c *realm.Client)) {
	p.edit(func(d *realm.Draft) {
		for _, kind := range heard {
			c := *d.Realm().Client(kind)
			change(&c)
			d.PutClient(&c)
		}
	})
}

func byGrant(names ...string) func(way) bool {
	return func(w way) bool { return slices.Contains(names, w.name) }
}

// coded are the grants that redeem a code.
var coded = byGrant("code", "pushed request", "device code")

// dated tells whether a way is by something that says when it was issued: by what stands for somebody, or by what another
// issuer says of somebody.
func dated(w way) bool {
	return stands(w) || byGrant("exchange of another issuer's", "assertion")(w)
}

// stands tells whether a way stands on a token or code that there was before.
func stands(w way) bool { return w.session != "" }

var falls = []fall{
	{"user is disabled", "T04", func(p *pit, _ []brought) { p.alice(func(u *user.User) { u.Enabled = false }) }, ofPerson},
	{"user is deleted", "T04", func(p *pit, _ []brought) {
		if err := p.server.Store().DeleteUser(p.Context(), p.current().Key, p.user("alice").ID, nil); err != nil {
			p.Fatal(err)
		}
	}, ofPerson},
	{"user is locked", "T04", func(p *pit, _ []brought) {
		for range 4 {
			p.post("token", p.by("secret", "grant_type", "password", "username", "alice", "password", "wrong"))
		}
	}, func(w way) bool { return w.name == "password" || coded(w) || w.provider != "" }},
	{"user has something to do first", "T04", func(p *pit, _ []brought) {
		p.alice(func(u *user.User) { u.RequiredActions = []string{"UPDATE_PASSWORD"} })
	}, byGrant("password", "assertion", "exchange of another issuer's")},
	{"user is linked no more", "T04", func(p *pit, _ []brought) { p.alice(func(u *user.User) { u.Links = nil }) },
		func(w way) bool { return w.provider != "" }},
	{"service account's user is disabled", "T04", func(p *pit, _ []brought) {
		for _, kind := range heard {
			if kind != "public" {
				p.changeUser("service-account-"+kind, func(u *user.User) { u.Enabled = false })
			}
		}
	}, func(w way) bool { return w.user == "service" }},
	{"clients are disabled", "T03", func(p *pit, _ []brought) { p.each(func(c *realm.Client) { c.Enabled = false }) }, func(way) bool { return true }},
	{"grants are switched off", "T03", func(p *pit, _ []brought) {
		p.each(func(c *realm.Client) {
			c.StandardFlow, c.DirectAccess, c.ServiceAccounts, c.Device.Enabled = false, false, false, false
			c.Exchange, c.Assertions = realm.ClientExchange{}, realm.ClientAssertions{}
		})
	}, func(w way) bool {
		return !byGrant("refresh", "offline refresh", "introspection")(w)
	}},
	{"refresh tokens by exchange are switched off", "T03", func(p *pit, _ []brought) { p.each(func(c *realm.Client) { c.Exchange.Refresh = false }) },
		byGrant("refresh of an exchange")},
	{"no exchange is allowed any more", "T03", func(p *pit, _ []brought) { p.settings(func(s *realm.Settings) { s.Exchange.ChainLimit = 0 }) },
		byGrant("exchange", "refresh of an exchange", "exchange for an identity assertion", "exchange of another issuer's")},
	{"realm is disabled", "T03", func(p *pit, _ []brought) { p.settings(func(s *realm.Settings) { s.Enabled = false }) }, func(way) bool { return true }},
	{"offline scope is removed", "T03", func(p *pit, _ []brought) {
		p.each(func(c *realm.Client) { c.OptionalScopes = nil })
	}, byGrant("offline refresh")},
	{"offline role is removed", "T03", func(p *pit, _ []brought) {
		key := p.current().Role(realm.RoleRef{Name: "offline_access"}).Key
		p.alice(func(u *user.User) {
			u.Roles = slices.DeleteFunc(slices.Clone(u.Roles), func(r string) bool { return r == key })
		})
	}, byGrant("offline refresh")},
	{"tokens are revoked", "T27", func(p *pit, held []brought) {
		for i, w := range ways() {
			from := lends(w.client)
			if held[i].token == "" || w.name == "refresh of an exchange" && from == "public" {
				continue
			}
			if q := p.post("revoke", p.by(from, "token", held[i].token)); q.status != 200 || q.text != "" {
				p.Fatal(w.name, w.client, q)
			}
		}
	}, func(w way) bool { return stands(w) && !coded(w) }},
	{"sessions are ended", "T27", func(p *pit, _ []brought) { p.endSessions(false) }, func(w way) bool { return w.session == "online" }},
	{"offline sessions are ended", "T27", func(p *pit, _ []brought) { p.endSessions(true) }, func(w way) bool { return w.session == "offline" }},
	{"not before, of the user", "T19", func(p *pit, _ []brought) { p.alice(func(u *user.User) { u.NotBefore = soon() }) }, dated},
	{"not before, of the clients", "T19", func(p *pit, _ []brought) {
		p.each(func(c *realm.Client) { c.NotBefore = soon() })
	}, dated},
	{"not before, of the realm", "T19", func(p *pit, _ []brought) { p.settings(func(s *realm.Settings) { s.NotBefore = soon() }) }, dated},
	{"not before, of the realm, with older ones", "T19", func(p *pit, _ []brought) {
		p.settings(func(s *realm.Settings) { s.NotBefore = soon() })
		p.each(func(c *realm.Client) { c.NotBefore = 1 })
		p.alice(func(u *user.User) { u.NotBefore = 1 })
	}, dated},
}

// attackFalls takes away, by the row's falls, what ways stand on; before, and where nothing was taken away, they are
// granted.
func attackFalls(row string) func(y *cells, p *pit) {
	return func(y *cells, p *pit) {
		for i, f := range falls {
			if f.row != row {
				continue
			}
			at := p.others[1+i].in(y.T)
			held := at.begun()
			f.change(at, held)
			for j, w := range ways() {
				y.cell(held[j].use().status == http.StatusOK, w.good() && !f.hits(w), f.name, w.name, w.client)
			}
		}
	}
}

// attackTargetsGone: what reaches no client that there is today is for none, whichever way it came (T03).
func attackTargetsGone(y *cells, p *pit) {
	for name, change := range map[string]func(on bool){
		"target disabled": func(on bool) { p.client("target", func(c *realm.Client) { c.Enabled = on }) },
		"role taken away": func(on bool) {
			key := p.current().Role(realm.RoleRef{Client: "target", Name: "use"}).Key
			p.alice(func(u *user.User) {
				if u.Roles = slices.DeleteFunc(slices.Clone(u.Roles), func(r string) bool { return r == key }); on {
					u.Roles = append(u.Roles, key)
				}
			})
		},
	} {
		held := p.begun()
		change(false)
		for i, w := range ways() {
			if q := held[i].use(); w.tokens && w.user == "alice" && w.good() {
				y.cell(q.status != 200 || slices.Contains(audience(p.T, q.get("access_token")), "target"), false, name, w.name, w.client)
			}
		}
		change(true)
		held = p.begun()
		for i, w := range ways() {
			if q := held[i].use(); w.tokens && w.user == "alice" && w.good() {
				y.cell(q.status == 200 && slices.Contains(audience(p.T, q.get("access_token")), "target"), true, "target there", w.name, w.client)
			}
		}
	}
}

// attackOtherClients: what one client holds serves no other, whatever that one proves itself with: by these grants (T21, T24).
func attackOtherClients(names ...string) func(y *cells, p *pit) {
	return func(y *cells, p *pit) { otherClients(y, p, byGrant(names...), heard) }
}

// otherClients brings what each owner holds as each client; at says in the names of cells under what.
func otherClients(y *cells, p *pit, of func(way) bool, owners []string, at ...string) {
	b := p.browser()
	b.login("secret", "alice")
	for _, g := range grants {
		if !of(way{g, ""}) {
			continue
		}
		for _, from := range owners {
			if g.secret && from == "public" {
				continue
			}
			for _, to := range kinds {
				thief := *p
				thief.as = to
				y.cell(g.begin(&thief, from, b).use().status == http.StatusOK, from == to, append(at, g.name, from+"'s at "+to)...)
			}
		}
	}
}

// attackSpentOnes: a refresh token that was used up stays so (T18).
func attackSpentOnes(y *cells, p *pit) {
	p.settings(func(s *realm.Settings) { s.Lifespans.RotateRefresh = true })
	defer p.settings(func(s *realm.Settings) { s.Lifespans.RotateRefresh = false })
	for _, g := range grants {
		if !byGrant("refresh", "offline refresh", "refresh of an exchange")(way{g, ""}) {
			continue
		}
		for _, client := range heard {
			if g.secret && client == "public" {
				continue
			}
			spent := g.begin(p, client, nil)
			q := spent.use()
			y.cell(q.status == 200, true, g.name, client)
			other := *p
			if other.node = p.second; other.node != nil {
				again := asks(&other, client, "grant_type", "refresh_token", "refresh_token", spent.token)
				y.apart(again().status == 200, false, g.name, client, "again, on another node")
			}
			y.cell(spent.use().status == 200, false, g.name, client, "again")
			y.cell(asks(p, client, "grant_type", "refresh_token", "refresh_token", q.get("refresh_token"))().status == 200, false, g.name, client, "what came of it")
		}
	}
}
