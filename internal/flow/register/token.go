package register

import (
	"context"
	"strings"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/core/permit"
	"github.com/tokenhouse/tokenhouse/internal/core/policy"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/registration"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
	"github.com/tokenhouse/tokenhouse/internal/flow/audit"
	"github.com/tokenhouse/tokenhouse/internal/flow/keyring"
	"github.com/tokenhouse/tokenhouse/internal/flow/verify"
)

// The values of claim "typ" of the tokens by which clients are registered, as Keycloak writes them.
const (
	typInitial      = "InitialAccessToken"
	typRegistration = "RegistrationAccessToken"
)

// claimWay is the claim of a registration access token that says how its client was registered.
const claimWay = "registration_auth"

// holder is who calls, by the token that they present.
type holder struct {
	initial      *realm.InitialAccess // what an administrator allowed beforehand
	registration *token.Verified      // a client's own registration access token
	compact      string               // that one, as it came
	rights       permit.Rights        // of an administrator
	bearer       bool                 // an administrator's, or at least somebody's, access token
	user         event.Actor          // whose that is
	origins      []string             // of pages that may use what the caller holds
}

// by is how somebody comes to register, as client policies ask.
func (h *holder) by() string {
	switch {
	case h.bearer:
		return policy.ByUser
	case h.registration != nil:
		return policy.ByRegistration
	case h.initial != nil:
		return policy.ByInitial
	}
	return policy.ByAnonymous
}

// author is the author of a change that the holder makes.
func (h *holder) author(a audit.Author) audit.Author {
	a.Actor.Realm, a.Actor.UserID = h.user.Realm, h.user.UserID
	return a
}

// holder finds out who calls. A token that is none of ours is refused; none at all is nobody's.
func (g *Registrar) holder(ctx context.Context, c *Call) (holder, error) {
	scheme, compact, _ := strings.Cut(c.Authorization, " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return holder{}, nil
	}
	compact = strings.TrimSpace(compact)
	verified, err := g.Keys.Verify(c.Realm, compact)
	if err != nil || !stands(&verified.Claims, c) {
		return holder{}, unauthorized("Failed decode token").Because(err)
	}
	switch {
	case verified.Type == typInitial:
		initial, err := g.initial(ctx, c.Realm, verified.ID)
		if err != nil {
			return holder{}, err
		}
		return holder{initial: initial, origins: initial.Origins}, c.share(initial.Origins)
	case verified.Type == typRegistration:
		origins := originsOf(&verified)
		return holder{registration: &verified, compact: compact, origins: origins}, c.share(origins)
	case !strings.EqualFold(verified.Type, token.TypBearer):
		return holder{}, unauthorized("Invalid type of token")
	}
	who, err := g.Administrators.Administrator(ctx, c.Base, verify.Bearer(compact))
	if err != nil {
		return holder{}, unauthorized("Failed decode token").Because(err)
	}
	h := holder{bearer: true, rights: who.RightsIn(c.Realm), user: event.Actor{Realm: who.Realm.Key, UserID: who.User.ID}}
	h.origins = who.Client.Origins(c.Base)
	return h, c.share(h.origins)
}

// stands tells whether a token whose signature holds is the realm's, and still counts.
func stands(t *token.Claims, c *Call) bool {
	now := c.Author.Now.Unix()
	return t.Issuer == c.issuer() && (t.Expires == 0 || t.Expires > now) && t.NotBefore <= now && t.IssuedAt >= c.Realm.NotBefore
}

// initial finds the permission behind an initial access token.
func (g *Registrar) initial(ctx context.Context, r *realm.Realm, key string) (*realm.InitialAccess, error) {
	all, err := g.Access.InitialAccesses(ctx, r.Key)
	if err != nil {
		return nil, err
	}
	for i := range all {
		if all[i].Key == key {
			return &all[i], nil
		}
	}
	return nil, unauthorized("Initial Access Token not found")
}

// way is how a client with this token was registered.
func way(t *token.Verified) registration.Way {
	if name, _ := t.Other.Get(claimWay).(string); name == string(registration.Authenticated) {
		return registration.Authenticated
	}
	return registration.Anonymous
}

// signInitial makes the token that carries a permission to register.
func (g *Registrar) signInitial(ctx context.Context, r *realm.Realm, base string, a realm.InitialAccess) (string, error) {
	t := claims(r, base, typInitial, a.Key, a.Created)
	if a.Expires > 0 {
		t.Expires = a.Created.Add(a.Expires).Unix()
	}
	if len(a.Origins) > 0 {
		t.Other = token.Object{{Name: claimOrigins, Value: a.Origins}}
	}
	return g.sign(ctx, r, t)
}

// signRegistration makes the token by which a client changes itself, in a browser from pages of the origins alone.
func (g *Registrar) signRegistration(ctx context.Context, r *realm.Realm, base, id string, way registration.Way, origins []string, now time.Time) (string, error) {
	t := claims(r, base, typRegistration, id, now)
	t.Other = token.Object{{Name: claimWay, Value: string(way)}}
	if origins != nil {
		t.Other.Set(origins, claimOrigins)
	}
	return g.sign(ctx, r, t)
}

func claims(r *realm.Realm, base, typ, id string, now time.Time) *token.Claims {
	issuer := r.Issuer(base)
	return &token.Claims{ID: id, Type: typ, Issuer: issuer, Audience: []string{issuer}, IssuedAt: now.Unix()}
}

// sign signs as the realm does for itself.
func (g *Registrar) sign(ctx context.Context, r *realm.Realm, t *token.Claims) (string, error) {
	return g.Keys.Sign(ctx, r, keyring.Internal, "JWT", t)
}

func unauthorized(text string) *oauth.Error {
	return oauth.Errorf(oauth.InvalidToken, "%s", text).WithStatus(401).InEvent("invalid_token", text)
}

func forbidden(text string) *oauth.Error {
	return oauth.Errorf(oauth.InsufficientScope, "%s", text).WithStatus(403).InEvent("not_allowed", text)
}
