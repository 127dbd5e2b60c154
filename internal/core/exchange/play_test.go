package exchange_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/audience"
	"github.com/tokenhouse/tokenhouse/internal/core/exchange"
	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/core/proof"
	"github.com/tokenhouse/tokenhouse/internal/core/session"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
	"github.com/tokenhouse/tokenhouse/internal/keycloak/realmtest"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// play is an exchange in the shop, as tests write it down.
type play struct {
	Client    string           `json:"client"`
	Subject   *held            `json:"subject"`
	Type      *oauth.TokenType `json:"subject_token_type"` // access token where absent; "-" leaves it out
	Want      *oauth.TokenType `json:"requested_token_type"`
	Scope     *string          `json:"scope"`
	Audience  []string         `json:"audience"`
	Resource  []string         `json:"resource"`
	Actor     *held            `json:"actor"`
	ActorType *oauth.TokenType `json:"actor_token_type"` // as Type
	As        string           `json:"requested_subject"`
	Legacy    []string         `json:"legacy"`
	Key       string           `json:"key"` // that was proved
}

// held is a subject token: what a sign-in at a client gives.
type held struct {
	Client  string            `json:"client"`
	User    string            `json:"user"`
	Scope   string            `json:"scope"`
	Session token.SessionKind `json:"session"` // online where empty
	Bound   bool              `json:"bound"`   // to a key
	Asked   []string          `json:"asked"`   // resources that it was asked for
	Path    []string          `json:"path"`    // clients of the exchanges behind it
	Invalid string            `json:"invalid"` // why it is refused; empty: it is not
	Act     []string          `json:"act"`     // who act by it, by name, the last first; each at client "agent"
	MayAct  string            `json:"may_act"` // the claim; empty: there is none
}

const issuer = "http://127.0.0.1:8080/realms/shop"

// request makes the play's request in a shop.
func (p play) request(t testing.TB, shop *realmtest.Fixture) exchange.Request {
	t.Helper()
	access := oauth.TypeAccessToken
	q := exchange.Request{
		Realm: shop.Realm, Issuer: issuer, Client: shop.Realm.Client(p.Client),
		SubjectType: &access, RequestedType: p.Want, Scope: p.Scope, Audiences: p.Audience, Resources: p.Resource, Legacy: p.Legacy, Proved: proof.Proved{Key: p.Key},
		Explain: true,
	}
	if p.Type != nil {
		q.SubjectType = p.Type
		if *p.Type == "-" {
			q.SubjectType = nil
		}
	}
	if p.Actor != nil {
		q.Actor, q.ActorType = p.Actor.subject(t, shop), &access
	}
	if p.ActorType != nil {
		q.ActorType = p.ActorType
		if *p.ActorType == "-" {
			q.ActorType = nil
		}
	}
	if p.As != "" {
		q.As = &exchange.Impersonation{Name: p.As}
		if !strings.HasPrefix(p.As, "nobody") {
			q.As.User = shop.User(t, p.As)
		}
	}
	if p.Subject != nil {
		q.Subject = p.Subject.subject(t, shop)
	}
	return q
}

func (h held) subject(t testing.TB, shop *realmtest.Fixture) *exchange.Subject {
	t.Helper()
	if h.Invalid != "" {
		return &exchange.Subject{Flaw: h.Invalid}
	}
	u := shop.User(t, h.User)
	s := &session.Session{ID: "session", UserID: u.ID, Started: noon}
	kind := h.Session
	switch kind {
	case "":
		kind = token.Online
	case token.Transient:
		s = nil
	case token.Offline, token.OfflineTransient:
		s.Offline = true
	}
	found := audience.Resolve(audience.Request{
		Realm: shop.Realm, Issuer: issuer, Client: shop.Realm.Client(h.Client), User: u, Session: s, Scope: h.Scope,
	})
	v := &token.Verified{
		Claims: token.Claims{
			ID: "jti", Type: token.TypBearer, Issuer: issuer, Subject: u.ID, Client: h.Client,
			Audience: found.Audiences, Expires: noon.Add(100 * time.Second).Unix(),
		},
		Origin: token.Origin{Session: kind},
	}
	if s != nil {
		v.Session = s.ID
	}
	for _, id := range h.Path {
		v.Path = append(v.Path, token.Hop{Client: id, JTI: "jti of " + id})
	}
	v.RequestedResource = h.Asked
	scope := found.ScopeClaim()
	v.Scope = &scope
	for _, ref := range found.Roles {
		if ref.Client != "" {
			old, _ := v.Other.Get("resource_access", ref.Client, "roles").([]string)
			v.Other.Set(append(old, ref.Name), "resource_access", ref.Client, "roles")
		}
	}
	for _, name := range slices.Backward(h.Act) {
		v.Actor = &token.Actor{Subject: name, Client: "agent", Actor: v.Actor}
	}
	if h.MayAct != "" {
		claims, err := token.Parse([]byte(`{"may_act":` + h.MayAct + `}`))
		if err != nil {
			t.Fatal(err)
		}
		v.MayAct = claims.MayAct
	}
	v.Other.Set(u.Username, "preferred_username")
	if h.Bound {
		v.Confirmation = &token.Confirmation{JKT: "thumbprint"}
	}
	return &exchange.Subject{Token: v, User: u, Session: s}
}

func shop(t testing.TB) *realmtest.Fixture {
	t.Helper()
	return realmtest.Load(t, "testdata/shop.json")
}

func readPlay(t testing.TB, text []byte) play {
	t.Helper()
	var p play
	if err := json.Unmarshal(text, &p); err != nil {
		t.Fatal(err)
	}
	return p
}

func ptr[T any](v T) *T { return &v }
