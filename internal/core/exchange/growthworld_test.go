package exchange_test

import (
	"slices"
	"time"

	"pgregory.net/rapid"

	"github.com/tokenhouse/tokenhouse/internal/core/audience"
	"github.com/tokenhouse/tokenhouse/internal/core/exchange"
	"github.com/tokenhouse/tokenhouse/internal/core/federation"
	"github.com/tokenhouse/tokenhouse/internal/core/mapper"
	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/core/proof"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/realm/realmdraw"
	"github.com/tokenhouse/tokenhouse/internal/core/session"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
)

// place is a realm that is drawn, and in it the person whom a chain is about: the same in both places, by links, with the
// same id and not the same roles.
type place struct {
	issuer  string
	realm   *realm.Realm
	user    *user.User
	session *session.Session
}

const (
	realms        = "https://id.example/realms/"
	partnerIssuer = "https://partner.example"
	management    = "realm-management"
	impersonation = "impersonation"
)

// resources are URIs that clients may have. Of those that several have, nobody gets a token.
var resources = []string{"https://a.example", "https://b.example", "https://b.example/c", "urn:client:c1", "urn:client:c2", "urn:client:ghost", "no resource"}

// drawPlace draws a realm that mostly lets exchange, and mostly trusts its neighbour and a partner.
func drawPlace(t *rapid.T, name, neighbour string) *place {
	r := realmdraw.Realm(t, realmdraw.Adding)
	p := &place{issuer: realms + name, user: realmdraw.Somebody(t, r)}
	p.session = &session.Session{ID: "session-" + name, UserID: p.user.ID, Started: noon}
	d := realm.Edit(r)
	settings := r.Settings
	settings.Name = name
	settings.Exchange.Downscope, settings.Exchange.CapLifetime = rapid.Bool().Draw(t, "downscope"), rapid.Bool().Draw(t, "cap lifetime")
	if settings.Exchange.ChainLimit < 2 {
		settings.Exchange.ChainLimit = -1 // else few chains are long
	}
	d.PutSettings(settings)
	for _, id := range realmdraw.Clients {
		d.PutClient(drawExchanger(t, r.Client(id)))
	}
	d.PutClient(&realm.Client{Key: management, ID: management, Enabled: true})
	d.PutRole(&realm.Role{Key: impersonation, Name: impersonation, Client: management})
	d.PutProvider(drawProvider(t, "neighbour", realms+neighbour))
	d.PutProvider(drawProvider(t, "partner", partnerIssuer))
	p.realm = d.Realm()
	return p
}

// drawExchanger draws of a client what bears on exchanges alone.
func drawExchanger(t *rapid.T, c *realm.Client) *realm.Client {
	one := *c
	if rapid.IntRange(0, 9).Draw(t, "may exchange") > 0 {
		one.Enabled, one.Public, one.Exchange.Enabled, one.Exchange.Permitted = true, false, true, nil
	}
	if rapid.Bool().Draw(t, "takes from all") {
		one.Exchange.Accepts = nil
	}
	one.Exchange.Refresh = rapid.Bool().Draw(t, "may get refresh tokens")
	one.Exchange.External = rapid.IntRange(0, 3).Draw(t, "takes foreign tokens") > 0
	one.Tokens.BindTLS = rapid.IntRange(0, 7).Draw(t, "bound to its certificate") == 0
	one.Resource = rapid.SliceOfNDistinct(rapid.SampledFrom(resources[:3]), 0, 1, rapid.ID[string]).Draw(t, "resources")
	if rapid.IntRange(0, 4).Draw(t, "says who may act") == 0 {
		claim := rapid.SampledFrom([][2]string{{"may_act.sub", "bob"}, {"may_act.sub", "service-c1"}, {"may_act.client_id", "c1"}}).Draw(t, "may act")
		one.Mappers = append(slices.Clone(c.Mappers), realm.Mapper{Key: "may", Name: "may", Kind: mapper.KindFixed, Protocol: "openid-connect", Config: map[string]string{
			"claim.name": claim[0], "claim.value": claim[1], "jsonType.label": "String", "access.token.claim": "true", "lightweight.claim": "true"}})
	}
	return &one
}

func drawProvider(t *rapid.T, alias, issuer string) *realm.Provider {
	trusted := "true"
	if rapid.IntRange(0, 11).Draw(t, "trusted") == 0 {
		trusted = "false"
	}
	return &realm.Provider{Key: alias, Alias: alias, Kind: "oidc", Enabled: rapid.IntRange(0, 11).Draw(t, "enabled") > 0,
		Config: map[string]string{"issuer": issuer, federation.SettingTrusted: trusted}}
}

// partnersToken is a token that says everything that could pass for a right here.
func partnersToken(t *rapid.T, here string) *token.Verified {
	c := token.Claims{ID: "foreign", Type: token.TypBearer, Issuer: partnerIssuer, Subject: "u", Client: "c0", Audience: append([]string{here}, realmdraw.Targets...),
		Scope: ptr("s0 s1 s2 s3 s4"), Expires: noon.Add(time.Duration(rapid.IntRange(1, 7200).Draw(t, "foreign life")) * time.Second).Unix()}
	for _, id := range append([]string{management}, realmdraw.Clients...) {
		c.Other.Set([]string{"r0", "r1", "r2", "r3", "r4", impersonation}, "resource_access", id, "roles")
	}
	if rapid.IntRange(0, 3).Draw(t, "somebody acts") == 0 {
		c.Actor = &token.Actor{Subject: "bob", Actor: &token.Actor{Subject: "carol"}}
	}
	if rapid.IntRange(0, 3).Draw(t, "somebody may act") == 0 {
		c.MayAct = &token.Actor{Subject: "bob", Issuer: rapid.SampledFrom([]string{"", here, partnerIssuer}).Draw(t, "whose")}
	}
	c.Confirmation = proof.Bind(drawProved(t, nil), realm.ClientTokens{BindTLS: true})
	return &token.Verified{Claims: c}
}

// seenFrom is a way of exchanges behind a token of a realm as another has it.
func seenFrom(here, there string, path []token.Hop) []token.Hop {
	out := slices.Clone(path)
	for i := range out {
		switch out[i].Issuer {
		case "":
			out[i].Issuer = there
		case here:
			out[i].Issuer = ""
		}
	}
	return out
}

// drawProved is what somebody proves to have: mostly what they have to.
func drawProved(t *rapid.T, bound *token.Confirmation) proof.Proved {
	if bound != nil && rapid.IntRange(0, 7).Draw(t, "holder") > 0 {
		return proof.Proved{Key: bound.JKT, Certificate: bound.Certificate}
	}
	return proof.Proved{
		Key:         rapid.SampledFrom([]string{"", "", "", "", "", "", "k1", "k2"}).Draw(t, "key"),
		Certificate: rapid.SampledFrom([]string{"", "", "", "x1", "x2"}).Draw(t, "certificate"),
	}
}

// request is an exchange of a token, mostly by who may.
func (c *chain) request(at *place, subject *token.Verified) exchange.Request {
	requester := at.realm.Client(rapid.SampledFrom(append(at.requesters(subject), realmdraw.Clients[0])).Draw(c.T, "requester"))
	q := exchange.Request{
		Realm: at.realm, Issuer: at.issuer, Client: requester, SubjectType: ptr(oauth.TypeAccessToken),
		Subject: &exchange.Subject{Token: subject, User: at.user, Session: at.session},
		Proved:  drawProved(c.T, subject.Confirmation),
	}
	if rapid.IntRange(0, 3).Draw(c.T, "refreshes") == 0 {
		q.RequestedType = ptr(oauth.TypeRefreshToken)
	}
	if rapid.IntRange(0, 2).Draw(c.T, "named") == 0 {
		reachable := at.couldToday(requester, "").Audiences
		q.Audiences = rapid.SliceOfNDistinct(rapid.SampledFrom(slices.Concat([]string{"c0", "urn:x"}, reachable)), 0, 2, rapid.ID[string]).Draw(c.T, "audiences")
	}
	if rapid.IntRange(0, 3).Draw(c.T, "for resources") == 0 {
		q.Resources = rapid.SliceOfNDistinct(rapid.SampledFrom(append(at.resourcesOf(requester), resources...)), 1, 2, rapid.ID[string]).Draw(c.T, "resources")
	}
	if scope := rapid.SampledFrom([]string{"", "", "", "s0", "s1", "s2 s3"}).Draw(c.T, "scope"); scope != "" {
		q.Scope = &scope
	}
	if often := subject.MayAct != nil; rapid.IntRange(0, 9).Draw(c.T, "acts") < 2 || often && rapid.Bool().Draw(c.T, "acts, being told") {
		q.Actor, q.ActorType = c.actor(at, requester, subject.MayAct), ptr(oauth.TypeAccessToken)
	}
	return q
}

// requesters are those who could exchange a token, as far as that is easily told: of a bound one its client, and of others
// each in its audience twice.
func (p *place) requesters(subject *token.Verified) (out []string) {
	if subject.Issuer != p.issuer {
		return realmdraw.Clients
	}
	candidates := []string{subject.Client}
	if subject.Confirmation == nil {
		candidates = slices.Concat(candidates, subject.Audience, subject.Audience)
	}
	for _, id := range candidates {
		if one := p.realm.Client(id); one != nil && exchange.MayRequest(one) && slices.Contains(realmdraw.Clients, id) {
			out = append(out, id)
		}
	}
	return out
}

// resourcesOf are those of clients that a requester could reach.
func (p *place) resourcesOf(requester *realm.Client) (out []string) {
	for _, id := range p.couldToday(requester, "").Audiences {
		if one := p.realm.Client(id); one != nil {
			out = append(append(out, "urn:client:"+id), one.Resource...)
		}
	}
	return out
}

// actor is an actor token that mostly could be one: of the person whom may_act names, somebody who may impersonate or may
// not, the subject, or a client.
func (c *chain) actor(at *place, requester *realm.Client, may *token.Actor) *exchange.Subject {
	own := "service-" + requester.ID
	candidates := []string{own, own, "bob", "bob", "carol", at.user.ID, "service-c1"}
	if may != nil && may.Subject != "" {
		candidates = append(candidates, may.Subject, may.Subject, may.Subject)
	}
	who := &user.User{ID: rapid.SampledFrom(candidates).Draw(c.T, "actor"), Enabled: true}
	held := token.Claims{ID: "actor", Type: token.TypBearer, Issuer: at.issuer, Subject: who.ID, Session: "session-of-" + who.ID,
		Client: rapid.SampledFrom([]string{requester.ID, requester.ID, requester.ID, "c1"}).Draw(c.T, "actor's client")}
	switch who.ID {
	case at.user.ID:
		who = at.user
	case "bob":
		who.Roles = []string{impersonation}
		if rapid.IntRange(0, 3).Draw(c.T, "carries the right") > 0 {
			held.Other.Set([]string{impersonation}, "resource_access", management, "roles")
		}
	case "carol":
	default:
		who.ServiceAccount = who.ID[len("service-"):]
	}
	if rapid.Bool().Draw(c.T, "actor ends") {
		held.Expires = noon.Add(time.Duration(rapid.IntRange(1, 7200).Draw(c.T, "actor's life")) * time.Second).Unix()
	}
	switch rapid.IntRange(0, 11).Draw(c.T, "actor's token") {
	case 0:
		held.Actor = &token.Actor{Subject: "carol"}
	case 1:
		held.Path = []token.Hop{{Client: "c0", JTI: "jti"}}
	case 2:
		held.Confirmation = &token.Confirmation{Certificate: "x1"}
	case 3:
		held.Confirmation = &token.Confirmation{JKT: "k1"}
	case 4:
		held.Client, held.Audience = "c1", []string{requester.ID}
	}
	return &exchange.Subject{Token: &token.Verified{Claims: held}, User: who}
}

// couldToday is what a client would get for the user, were nothing behind it.
func (p *place) couldToday(client *realm.Client, scope string) audience.Resolution {
	use := mapper.Access
	if client.Tokens.Lightweight {
		use = mapper.Lightweight
	}
	return audience.Resolve(audience.Request{Realm: p.realm, Issuer: p.issuer, Client: client, User: p.user, Session: p.session, Scope: scope, Use: use})
}
