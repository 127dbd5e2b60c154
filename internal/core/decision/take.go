package decision

import (
	"cmp"
	"errors"

	"github.com/tokenhouse/tokenhouse/internal/core/audience"
	"github.com/tokenhouse/tokenhouse/internal/core/exchange"
	"github.com/tokenhouse/tokenhouse/internal/core/explain"
	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
)

// A record is filled in while a request is on its way. On a nil *Record nothing is: a realm without a log pays nothing.

// Begin is the record of a request that has come.
func Begin(id, grant string, r *realm.Realm, issuer string) *Record {
	return &Record{Version: version, ID: id, Grant: keptWord(grant), Policy: r.Version, Issuer: issuer}
}

// Of notes who asked, and for which scope.
func (d *Record) Of(c *realm.Client, scope *string) {
	if d == nil {
		return
	}
	d.Client, d.ClientKey, d.Asked.Scope = c.ID, c.Key, keptText(scope)
}

// Exchanged notes an exchange as it was decided, of a subject token with this fingerprint.
func (d *Record) Exchanged(q exchange.Request, fingerprint string, was exchange.Decision) {
	if d == nil {
		return
	}
	d.Asked = Asked{Type: keptText((*string)(q.RequestedType)), Scope: keptText(q.Scope), Audience: kept(q.Audiences), Resource: kept(q.Resources),
		Legacy: q.Legacy, Acting: q.Acting()}
	d.Proof, d.Certificate, d.Outcome.Rule = q.Proved.Key, q.Proved.Certificate, was.Rule
	if f := q.Foreign; f != nil {
		d.Foreign = &Foreign{Name: keptWord(f.Name), Flaw: string(f.Flaw), Standing: string(f.Standing)}
		if f.Provider != nil {
			d.Foreign.Provider = f.Provider.Alias
		}
	}
	if o := q.Outward; o != nil {
		d.Outward = &Outward{Name: keptWord(o.Name), Held: string(o.Held)}
		if o.Provider != nil {
			d.Outward.Provider = o.Provider.Alias
		}
	}
	if q.Acting() {
		d.Others = d.others(q)
	}
	if q.Subject == nil && q.SubjectType == nil {
		return
	}
	d.Subject = &Subject{Token: fingerprint, Type: keptText((*string)(q.SubjectType))}
	if q.Subject == nil {
		return
	}
	d.Subject.Flaw = q.Subject.Flaw
	if held := q.Subject.Token; held != nil {
		d.Subject.brought(held)
		d.Subject.MayAct = mayAct(held.MayAct, q.Actor)
		if q.Foreign != nil {
			d.Subject.Issuer = held.Issuer
		}
		if q.As != nil {
			d.Subject.Roles = carried(q.Realm, held)
		}
	}
	if q.Subject.User != nil {
		d.about(q.Subject.User)
	}
}

// others notes who acts, and whom the subject asks to be taken for.
func (d *Record) others(q exchange.Request) *Others {
	out := &Others{ActorType: keptText((*string)(q.ActorType))}
	if a := q.Actor; a != nil {
		out.Actor = &Subject{Flaw: a.Flaw}
		if a.Token != nil {
			out.Actor.brought(a.Token)
			out.Actor.ID, out.Actor.Roles = a.Token.ID, carried(q.Realm, a.Token)
			out.Actor.MayAct = mayAct(a.Token.MayAct, nil)
		}
		if a.User != nil {
			out.ActorUser = d.userOf(a.User)
		}
	}
	if q.As != nil {
		out.As = &As{}
		if u := q.As.User; u != nil {
			out.As = &As{User: d.userOf(u), Disabled: !u.Enabled}
		}
	}
	return out
}

// mayAct notes who may act, and in what the actor is them.
func mayAct(may *token.Actor, actor *exchange.Subject) *MayAct {
	if may == nil {
		return nil
	}
	out := &MayAct{Subject: may.Subject, Client: may.Client, Issuer: may.Issuer, Token: may.Token, Session: may.Session, Acted: may.Actor != nil}
	for _, m := range may.Other {
		if out.Other == nil {
			out.Other = map[string]bool{}
		}
		out.Other[m.Name] = actor != nil && actor.Token != nil && exchange.Says(actor.Token, m)
	}
	return out
}

// carried are the ids of the roles that a token carries.
func carried(r *realm.Realm, t *token.Verified) []string {
	var out []string
	for _, ref := range audience.Named(&t.Claims) {
		out = append(out, roleID(r, ref))
	}
	return out
}

// Renewed notes the refresh of what came of an exchange.
func (d *Record) Renewed(q exchange.Renewal, was exchange.Decision) {
	if d == nil {
		return
	}
	d.Asked = Asked{Scope: keptText(&q.Scope), Audience: q.Audiences, Renewed: true, Acting: was.Rule == explain.ExchangeDelegation}
	d.Subject = &Subject{Scope: &q.Held, Path: hopsOf(q.Path)}
	d.Outcome.Rule = was.Rule
	d.about(q.User)
}

// Resolved notes for whom, and with which scope and resources, tokens are looked for that are no exchange's.
func (d *Record) Resolved(found *audience.Resolution, resources []string) {
	if d == nil {
		return
	}
	d.Asked.Scope, d.Asked.Resource = keptText(&found.Scope), kept(resources)
	if found.User != nil {
		d.about(found.User)
	}
}

// Gave notes a token as it was given out, and what it may be used for.
func (d *Record) Gave(kind oauth.TokenType, compact string, c *token.Claims, found *audience.Resolution) {
	if d == nil {
		return
	}
	if d.User == nil && found.User != nil {
		d.about(found.User)
	}
	d.Session = c.Session
	d.Outcome.Issued = issued(found)
	d.Outcome.Issued.Type, d.Outcome.Issued.Token, d.Outcome.Issued.Expires = string(kind), Fingerprint(compact), c.Expires
}

// GaveElsewhere notes what was given out for another issuer, or of one, as it was given out. It carries no roles of the realm.
// Of one that the realm did not sign, no claims are known.
func (d *Record) GaveElsewhere(kind oauth.TokenType, compact string, c token.Claims) {
	if d == nil {
		return
	}
	d.Outcome.Issued = &Issued{Type: string(kind), Token: Fingerprint(compact), Scope: c.Scopes(), Roles: []string{},
		Audience: append([]string{}, c.Audience...), Expires: c.Expires}
}

// GaveRefresh notes that a refresh token was given too.
func (d *Record) GaveRefresh() {
	if d == nil || d.Outcome.Issued == nil {
		return
	}
	d.Outcome.Issued.Refresh = true
}

// End says what came of it. client is what the caller said to be, for one that has not proven it.
func (d *Record) End(client string, err error) {
	if d == nil {
		return
	}
	d.Client = cmp.Or(d.Client, keptWord(client))
	if d.Outcome.Granted = err == nil; err == nil {
		return
	}
	d.Outcome.Issued = nil
	d.Outcome.Error, d.Outcome.Status = string(oauth.ServerError), 500
	if refused, ok := errors.AsType[*oauth.Error](err); ok {
		d.Outcome.Error, d.Outcome.Status, d.Outcome.Event = string(refused.Code), refused.Status, refused.Event
	}
}

// brought is what a valid subject token says.
func (s *Subject) brought(t *token.Verified) {
	s.Client, s.Audience, s.Scope, s.Resource = t.Client, t.Audience, t.Scope, t.RequestedResource
	s.Path, s.Kind, s.Session, s.Expires = hopsOf(t.Path), string(t.Origin.Session), t.Session, t.Expires
	s.Acted = t.Actor != nil
	if t.Confirmation != nil {
		s.Key, s.Certificate = t.Confirmation.JKT, t.Confirmation.Certificate
	}
}

func hopsOf(path []token.Hop) []Hop {
	var out []Hop
	for _, h := range path {
		out = append(out, Hop{h.Client, h.Issuer, h.Assertion})
	}
	return out
}

func (d *Record) about(u *user.User) { d.User = d.userOf(u) }

// userOf is a user as they are, with what they allow the client that asks.
func (d *Record) userOf(u *user.User) *User {
	out := &User{ID: u.ID, Service: u.ServiceAccount, Roles: u.Roles}
	for _, g := range u.Groups {
		out.Groups = append(out.Groups, Group{g.Key, g.Roles})
	}
	if c := u.ConsentTo(d.ClientKey); c != nil {
		out.Consent = c.Scopes
	}
	return out
}

// issued is what a resolution comes to.
func issued(found *audience.Resolution) *Issued {
	out := &Issued{Type: string(oauth.TypeAccessToken), Scope: found.ScopeClaim(), Roles: []string{}, Audience: append([]string{}, found.Audiences...)}
	for _, ref := range found.Roles {
		out.Roles = append(out.Roles, roleID(found.Realm, ref))
	}
	return out
}

func roleID(r *realm.Realm, ref realm.RoleRef) string {
	if role := r.Role(ref); role != nil {
		return role.Key
	}
	return "name:" + ref.String()
}
