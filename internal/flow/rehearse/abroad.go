package rehearse

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/exchange"
	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/federation"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/session"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/flow/verify"
)

// Abroad tells what would become of tokens of other issuers, and changes nothing. It is a broker.Outlook.
type Abroad interface {
	Expect(ctx context.Context, at verify.At, q verify.Described) (verify.Guest, error)
	Holding(ctx context.Context, r *realm.Realm, u *user.User, alias string) (exchange.Holding, error)
	Vouched(ctx context.Context, at verify.At, s *federation.Settings, q verify.Described) (verify.Credit, error)
	Linked(ctx context.Context, r *realm.Realm, alias, subject string) (*user.User, error)
}

// Neighbour is another realm of this server, by name, to whom asks about its clients and users; or why they are not told.
type Neighbour func(ctx context.Context, name string) (*realm.Realm, error)

// Header is what the header of a JWT says.
type Header struct {
	Type      string `json:"typ,omitempty"`
	Algorithm string `json:"alg,omitempty"` // empty: one that the issuer may use
}

// described is a token of another issuer by what it says.
type described struct {
	by      string          // who issued it, as the question names it
	client  string          // of the other realm, where that is of this server and a user of it is named
	user    string          // whom it speaks of: of the other realm, or else of this one, by the link to the provider
	scope   string          // that it was asked for with
	claims  json.RawMessage // what it says; beside a user, what it says otherwise, and null what it does not say
	refused error           // why the other realm does not stand by it
	machine bool            // it is of a client of the other realm, and of no user
}

func (s Stage) at() verify.At {
	return verify.At{Realm: s.Realm, Base: strings.TrimSuffix(s.Base, "/"), Now: s.Now}
}

// issuer is that of the realm.
func (s Stage) issuer() string { return s.Realm.Issuer(strings.TrimSuffix(s.Base, "/")) }

// issuerOf is a name as the token endpoint takes it: another realm of this server is named by its issuer.
func (s Stage) issuerOf(name string) string {
	if there := s.realmIssuer(name); s.vouching(name) == nil && (there == s.issuer() || s.vouching(there) != nil) {
		return there
	}
	return name
}

func (s Stage) realmIssuer(name string) string {
	return strings.TrimSuffix(s.Base, "/") + "/realms/" + name
}

// neighbour is the name of the realm of this server whose tokens a provider's are; empty where they are not.
func (s Stage) neighbour(settings federation.Settings) string {
	for _, issuer := range settings.Issuers {
		if name, ok := strings.CutPrefix(issuer, s.realmIssuer("")); ok && name != "" && !strings.Contains(name, "/") {
			return name
		}
	}
	return ""
}

// fromAbroad is the subject token of another issuer as the token endpoint would find it. Nothing is looked at that it would
// not look at.
func (s Stage) fromAbroad(ctx context.Context, q Question, requester *realm.Client, by *exchange.Foreign, p *Parameters) error {
	if q.RequestedIssuer != "" || !exchange.TakesForeign(requester) || exchange.MakesIdentity(requester, p.RequestedType) {
		p.Subject = &exchange.Subject{Flaw: string(verify.OtherIssuer)} // it is taken for one of the realm
		var err error
		if q.RequestedIssuer != "" {
			p.Outward, err = s.outward(ctx, q.RequestedIssuer, requester, p.Subject)
		}
		return err
	}
	p.Foreign, p.Subject = by, &exchange.Subject{}
	if by.Provider == nil || !exchange.Trusts(by.Provider) {
		return nil
	}
	settings, _ := federation.Read(by.Provider)
	trust := federation.TrustIn(by.Provider)
	audience := s.issuer()
	if trust.Audiences != nil {
		audience = strings.Join((*trust.Audiences)[:min(1, len(*trust.Audiences))], "")
	}
	good := token.Object{{Name: "aud", Value: audience}, {Name: "typ", Value: token.TypBearer}}
	if len(trust.Clients) > 0 {
		good.Set(trust.Clients[0], "azp")
	}
	d := described{by: by.Name, client: q.SubjectClient, user: q.User, scope: q.SubjectScope, claims: q.SubjectClaims}
	said, err := s.describe(ctx, &d, settings, good, Header{})
	if err != nil {
		return err
	}
	guest, err := s.Abroad.Expect(ctx, s.at(), verify.Described{Provider: by.Provider, Claims: said, Refused: d.refused, Machine: d.machine})
	if err != nil {
		return err
	}
	if err := guest.CheckObstacles(ctx, s.Obstacles, s.at(), requester, value(q.Scope)); err != nil {
		return err
	}
	by.Flaw, by.Standing = guest.Flaw, guest.Standing
	p.Subject.Flaw = guest.Why
	if guest.Token != nil {
		p.Subject.Token, p.Subject.User = guest.Token, guest.User
		if guest.User != nil {
			p.Subject.Session = &session.Session{ID: placeholder, UserID: guest.User.ID, Username: guest.User.Username, Started: s.Now, LastAccess: s.Now, Notes: guest.Notes}
		}
	}
	return nil
}

// describe is a token as the question describes it. What is not said of it otherwise is as it should be: good has the claims
// that depend on what it is for.
func (s Stage) describe(ctx context.Context, d *described, by federation.Settings, good token.Object, h Header) (federation.Foreign, error) {
	claims, err := s.about(ctx, d, by, good)
	if err != nil {
		return federation.Foreign{}, err
	}
	changes := token.Object{}
	if len(d.claims) > 0 {
		if err := json.Unmarshal(d.claims, &changes); err != nil {
			return federation.Foreign{}, &fault.Invalid{Field: "claims", Message: "the claims of a token are a JSON object"}
		}
	}
	for _, m := range changes {
		if claims.Drop(m.Name); m.Value != nil {
			claims = append(claims, m)
		}
	}
	if len(claims) == 0 {
		return federation.Foreign{}, &fault.Invalid{Field: "claims", Message: "say by its claims what the token says, or name the user whom it speaks of"}
	}
	f, err := federation.Described(claims.AppendJSON(nil), cmp.Or(h.Algorithm, by.Grants().Alg, "RS256"), h.Type)
	if err != nil {
		return f, &fault.Invalid{Field: "claims", Message: err.Error()}
	}
	return f, nil
}

// about are the claims of a token about a user who is named; none where nobody is.
func (s Stage) about(ctx context.Context, d *described, by federation.Settings, good token.Object) (token.Object, error) {
	if name := s.neighbour(by); name != "" && (d.user != "" || d.client != "") {
		return s.next(ctx, name, d)
	}
	if d.user == "" {
		return nil, nil
	}
	u, err := s.person(ctx, d.user)
	if err != nil {
		return nil, err
	}
	for _, l := range u.Links {
		if l.Provider == by.Alias {
			claims := token.Object{{Name: "iss", Value: strings.Join(by.Issuers[:min(1, len(by.Issuers))], "")}, {Name: "sub", Value: l.Subject}, {Name: "jti", Value: placeholder},
				{Name: "iat", Value: s.Now.Unix()}, {Name: "exp", Value: s.Now.Unix() + 60}}
			return append(claims, good...), nil
		}
	}
	return nil, &fault.Invalid{Field: "user", Message: fmt.Sprintf("user %q is not linked to %s: say by its claims what the token says", d.user, by.Alias)}
}

// next are the claims of an access token of another realm of this server.
func (s Stage) next(ctx context.Context, name string, d *described) (token.Object, error) {
	r, err := s.Neighbour(ctx, name)
	if err != nil {
		return nil, err
	}
	there := s
	there.Realm, there.Supposed = r, nil
	if d.client == "" {
		return nil, &fault.Invalid{Field: "subjectClient", Message: fmt.Sprintf("name the client of realm %q that the token was issued to", name)}
	}
	scene, err := there.scene(ctx, d.client, d.user, d.scope)
	if err != nil {
		return nil, err
	}
	if flaw := scene.flaw(); flaw != "" {
		d.refused = &verify.Failure{Reason: flaw}
	}
	d.machine = scene.Service
	says := scene.says()
	claims := token.Object{}
	return claims, json.Unmarshal(says.AppendJSON(nil), &claims)
}

// outward is the issuer whose token is asked for, and what is at hand of it.
func (s Stage) outward(ctx context.Context, name string, requester *realm.Client, subject *exchange.Subject) (*exchange.Outward, error) {
	o := &exchange.Outward{Name: name, Provider: s.Realm.Provider(name)}
	if subject.User == nil || !exchange.MayGet(requester, o.Provider) {
		return o, nil
	}
	var err error
	o.Held, err = s.Abroad.Holding(ctx, s.Realm, subject.User, o.Provider.Alias)
	return o, err
}
