package rehearse

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/exchange"
	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/flow/verify"
)

// Question names who would ask for a token, and for what.
type Question struct {
	Client string  `json:"client"`         // who asks: its client_id, or its id
	User   string  `json:"user,omitempty"` // who signs in, by name; empty: the client asks for itself
	Scope  *string `json:"scope,omitempty"`

	Want     []string `json:"want,omitempty"`     // of OfAudience: audiences that the token should have
	Resource []string `json:"resource,omitempty"` // parameter "resource"; several are of OfExchange alone

	// Of OfExchange: who the subject token was issued to, Client where empty, and with which scope.
	SubjectClient string   `json:"subjectClient,omitempty"`
	SubjectScope  string   `json:"subjectScope,omitempty"`
	Audience      []string `json:"audience,omitempty"`           // asked for
	Type          string   `json:"requestedTokenType,omitempty"` // "access", "refresh" or "id", or a URN; empty: not asked for

	// Of OfExchange: whose token is the actor token; where both are empty, none is sent. An empty client is Client, an empty
	// user the client's service account.
	ActorClient string `json:"actorClient,omitempty"`
	ActorUser   string `json:"actorUser,omitempty"`

	RequestedSubject string `json:"requestedSubject,omitempty"` // of OfExchange: whom to impersonate, by name or id; empty: nobody

	// Of OfExchange: who issued the subject token, and what it says: see Described. Empty: the realm did.
	SubjectIssuer string          `json:"subjectIssuer,omitempty"`
	SubjectClaims json.RawMessage `json:"subjectClaims,omitempty"`

	RequestedIssuer string `json:"requestedIssuer,omitempty"` // of OfExchange: parameter "requested_issuer"; empty: it is not sent

	// Of OfAssertion: who made the assertion, and what it says, as of a subject token.
	Issuer string          `json:"issuer,omitempty"`
	Claims json.RawMessage `json:"claims,omitempty"`
	Header Header          `json:"header,omitzero"`

	// Of OfAudience and OfExchange: a change of the realm, as manage.ReadChange reads it, under which the question is asked again.
	With json.RawMessage `json:"with,omitempty"`
}

// NamesUser tells whether the answer tells of a user's rights.
func (q Question) NamesUser() bool {
	return q.User != "" || q.ActorUser != "" || q.RequestedSubject != "" || len(q.SubjectClaims) > 0 || len(q.Claims) > 0
}

// NamesProvider tells whether the answer tells how the realm uses an identity provider.
func (q Question) NamesProvider() bool {
	return q.SubjectIssuer != "" || q.RequestedIssuer != "" || q.Issuer != "" || len(q.Claims) > 0
}

// People are who can sign in; fault.ErrNotFound where there is nobody.
type People interface {
	User(ctx context.Context, realmKey, id string) (*user.User, error)
	UserByName(ctx context.Context, realmKey, username string) (*user.User, error)
	ServiceAccount(ctx context.Context, realmKey, clientKey string) (*user.User, error)
}

// Stage is a realm and its people, the server's URL as callers reach it, and the time.
type Stage struct {
	Realm    *realm.Realm
	Supposed *realm.Realm // what the realm would be after the question's change; nil where it has none
	People   People
	Policies Policies
	Base     string
	Now      time.Time

	Abroad    Abroad
	Obstacles verify.Obstacles
	Neighbour Neighbour
}

// Policies find what client policies of a realm ask about a client. It is a police.Judge.
type Policies interface {
	Attributes(ctx context.Context, r *realm.Realm, c *realm.Client) (map[string]string, error)
}

// most is how many audiences a question may name: changes that reach one are looked for each time.
const most = 50

// Scene finds who would sign in and ask for a token. A *fault.NotFound or *fault.Invalid says who is not there.
func (s Stage) Scene(ctx context.Context, q Question) (Scene, error) {
	if len(q.Want) > most {
		return Scene{}, &fault.Invalid{Field: "want", Message: fmt.Sprintf("more than %d audiences", most)}
	}
	if len(q.Resource) > 1 {
		return Scene{}, &fault.Invalid{Field: "resource", Message: "tokens can be asked for one resource"}
	}
	scene, err := s.scene(ctx, q.Client, q.User, value(q.Scope))
	if len(q.Resource) > 0 {
		scene.Resource = &q.Resource[0]
	}
	return scene, err
}

// Exchange finds who would bring which token to an exchange, and what they would ask for.
func (s Stage) Exchange(ctx context.Context, q Question) (subject Scene, requester *realm.Client, p Parameters, err error) {
	if len(q.Audience) > most || len(q.Resource) > most {
		return subject, nil, p, &fault.Invalid{Field: "audience", Message: fmt.Sprintf("more than %d audiences or resources", most)}
	}
	if requester, err = s.client(q.Client); err != nil {
		return subject, nil, p, err
	}
	p = Parameters{Scope: q.Scope, Audiences: q.Audience, Resources: q.Resource}
	if p.RequestedType, err = tokenType(q.Type); err != nil {
		return subject, nil, p, err
	}
	if p.Attributes, err = s.Policies.Attributes(ctx, s.Realm, requester); err != nil {
		return subject, nil, p, err
	}
	if q.ActorClient != "" || q.ActorUser != "" {
		actor, err := s.scene(ctx, cmp.Or(q.ActorClient, q.Client), q.ActorUser, "")
		if err != nil {
			return subject, nil, p, err
		}
		p.Actor = &actor
	}
	if q.RequestedSubject != "" {
		if p.As, err = s.named(ctx, q.RequestedSubject); err != nil {
			return subject, nil, p, err
		}
	}
	if q.RequestedIssuer != "" {
		p.Legacy = append(p.Legacy, "requested_issuer")
	}
	if q.SubjectIssuer != "" {
		p.Legacy = append(p.Legacy, "subject_issuer")
		name := s.issuerOf(q.SubjectIssuer)
		if by := exchange.ForeignBy(s.Realm, s.issuer(), name); by != nil {
			err = s.fromAbroad(ctx, q, requester, by, &p)
			return Scene{Realm: s.Realm, Base: strings.TrimSuffix(s.Base, "/"), Now: s.Now}, requester, p, err
		}
	}
	if subject, err = s.scene(ctx, cmp.Or(q.SubjectClient, q.Client), q.User, q.SubjectScope); err == nil && q.RequestedIssuer != "" {
		p.Outward, err = s.outward(ctx, q.RequestedIssuer, requester, subject.held())
	}
	return subject, requester, p, err
}

// named is an impersonation as it is asked for, of somebody or of nobody.
func (s Stage) named(ctx context.Context, name string) (*exchange.Impersonation, error) {
	u, err := verify.Named(ctx, s.People, s.Realm.Key, name)
	if err != nil {
		return nil, err
	}
	return &exchange.Impersonation{Name: name, User: u}, nil
}

func (s Stage) scene(ctx context.Context, client, username, scope string) (Scene, error) {
	c, err := s.client(client)
	if err != nil {
		return Scene{}, err
	}
	scene := Scene{Realm: s.Realm, Base: strings.TrimSuffix(s.Base, "/"), Client: c, Scope: scope, Now: s.Now}
	if scene.Attributes, err = s.Policies.Attributes(ctx, s.Realm, c); err != nil {
		return Scene{}, err
	}
	if username == "" {
		scene.Service = true
		scene.User, err = s.People.ServiceAccount(ctx, s.Realm.Key, c.Key)
		if errors.Is(err, fault.ErrNotFound) {
			return Scene{}, &fault.Invalid{Field: "user", Message: fmt.Sprintf("client %q has no service account: name a user", c.ID)}
		}
		return scene, err
	}
	scene.User, err = s.person(ctx, username)
	return scene, err
}

// person is a user by name.
func (s Stage) person(ctx context.Context, username string) (*user.User, error) {
	u, err := s.People.UserByName(ctx, s.Realm.Key, strings.ToLower(username))
	if errors.Is(err, fault.ErrNotFound) {
		return nil, &fault.NotFound{Message: fmt.Sprintf("realm %q has no user %q", s.Realm.Name, username)}
	}
	return u, err
}

func (s Stage) client(name string) (*realm.Client, error) {
	if name == "" {
		return nil, &fault.Invalid{Field: "client", Message: "a client has to be named"}
	}
	if c := s.Realm.Client(name); c != nil {
		return c, nil
	}
	if c := s.Realm.ClientByKey(name); c != nil {
		return c, nil
	}
	return nil, &fault.NotFound{Message: fmt.Sprintf("realm %q has no client %q", s.Realm.Name, name)}
}

// tokenTypes are the token types that can be asked for, by their short names.
var tokenTypes = map[string]oauth.TokenType{"access": oauth.TypeAccessToken, "refresh": oauth.TypeRefreshToken, "id": oauth.TypeIDToken}

func tokenType(name string) (*oauth.TokenType, error) {
	t, short := tokenTypes[name]
	switch {
	case name == "":
		return nil, nil
	case !short && !strings.HasPrefix(name, "urn:"):
		return nil, &fault.Invalid{Field: "requestedTokenType", Message: fmt.Sprintf("%q is none of access, refresh, id", name)}
	case !short:
		t = oauth.TokenType(name)
	}
	return &t, nil
}

func value(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
