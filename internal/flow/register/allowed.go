package register

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/permit"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/registration"
	"github.com/tokenhouse/tokenhouse/internal/flow/verify"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
	"github.com/tokenhouse/tokenhouse/internal/keycloak/component"
)

// mayCreate tells by which policies the caller may register a client.
func (h *holder) mayCreate(c *Call) (registration.Way, error) {
	switch {
	case h.bearer && !h.rights.May(permit.Need(permit.ManageClients|permit.CreateClient)):
		return "", errNothing
	case h.bearer:
		return registration.Authenticated, nil
	case h.initial == nil:
		return registration.Anonymous, nil
	case h.initial.Remaining <= 0:
		return "", unauthorized("No remaining count on initial access token")
	case h.initial.Expired(c.Author.Now):
		return "", unauthorized("Expired initial access token")
	}
	return registration.Authenticated, nil
}

// way is by which policies the caller may do something to a client.
func (h *holder) way() registration.Way {
	if h.registration != nil {
		return way(h.registration)
	}
	return registration.Authenticated
}

// allowed finds the client that the caller may view, change or remove.
func (g *Registrar) allowed(ctx context.Context, c *Call, id string, action registration.Action) (*realm.Client, holder, error) {
	client := c.Realm.Client(id)
	who, err := g.holder(ctx, c)
	if err != nil {
		return nil, who, err
	}
	need, refusal := permit.ToManageClients, errUpdate
	if action == registration.View {
		need, refusal = permit.ToViewClients, errView
	}
	switch {
	case who.bearer && !who.rights.May(need):
		return nil, who, errNothing
	case who.bearer && client == nil:
		return nil, who, errUnknown
	case who.bearer:
	case who.registration != nil && client != nil && client.Registration != "" && client.Registration == who.registration.ID:
	case who.initial != nil && action == registration.View:
		return nil, who, errInitial
	default:
		return nil, who, refusal
	}
	if action == registration.Update {
		return client, who, nil // the policies look at what the client would be
	}
	policies, err := g.policies(ctx, c.Realm)
	if err != nil {
		return nil, who, err
	}
	_, err = registration.Apply(policies, registration.Request{
		Realm: c.Realm, Way: who.way(), Action: action, Before: client, FromHost: g.fromHost(ctx, c, who.way(), policies)})
	return client, who, refused(err)
}

// judge applies the policies. What only administrators may allow a client is not for itself to claim.
func (h *holder) judge(policies []registration.Policy, q registration.Request) (*realm.Client, error) {
	before := &realm.Client{}
	if q.Before != nil {
		before = q.Before
	}
	if q.Before == nil && q.Realm.Manages(q.Client.ID) {
		return nil, forbidden("The name is kept for clients that hold the rights of administrators")
	}
	if !h.rights.May(permit.ToManageClients) && !sameLimits(before, q.Client) {
		return nil, forbidden("Not permitted to change attributes tokenhouse.*")
	}
	if !h.rights.May(permit.ToManageClients) && !sameTrust(before, q.Client) {
		return nil, forbidden("Not permitted to change whom the client trusts, and what it may read")
	}
	return registration.Apply(policies, q)
}

// sameLimits tells whether two clients may exchange the same.
func sameLimits(a, b *realm.Client) bool {
	x, y := a.Exchange, b.Exchange
	x.Enabled, x.Refresh, y.Enabled, y.Refresh = false, false, false, false // Keycloak's own switches
	return reflect.DeepEqual(x, y) && slices.Equal(a.Resource, b.Resource) && a.ResourceURL == b.ResourceURL
}

// sameTrust tells whether two clients take tokens of the same issuers, have assertions made for the same audiences, are
// proven by the same issuer's tokens, and may read the same tokens.
func sameTrust(a, b *realm.Client) bool {
	return reflect.DeepEqual(a.Assertions, b.Assertions) && a.AuthProvider == b.AuthProvider && a.AuthSubject == b.AuthSubject &&
		a.Tokens.IntrospectAnyone == b.Tokens.IntrospectAnyone
}

// use takes one client off what is left of a permission to register.
func (g *Registrar) use(ctx context.Context, c *Call, a *realm.InitialAccess) error {
	err := g.Access.UseInitialAccess(ctx, c.Realm.Key, a.Key, c.Author.Now)
	if errors.Is(err, fault.ErrNotFound) { // others were first
		return unauthorized("No remaining count on initial access token")
	}
	return err
}

// policies are those of a realm: components that it keeps.
func (g *Registrar) policies(ctx context.Context, r *realm.Realm) ([]registration.Policy, error) {
	kept, err := g.Realms.Extra(ctx, r.Key, realm.KindRealm, r.Key)
	if err != nil {
		return nil, err
	}
	var out []registration.Policy
	for _, c := range component.Read(r.Key, kept) {
		if c.Type == keycloak.RegistrationPolicyType {
			out = append(out, registration.Policy{Name: c.Name, Kind: c.Provider, Way: registration.Way(c.SubType), Config: c.Config})
		}
	}
	return out, nil
}

// asked are the names of the client scopes that a representation asks for, but for the one that every client has.
func asked(o keycloak.Object) []string {
	all := slices.Concat(keycloak.Value[[]string](o, "defaultClientScopes"), keycloak.Value[[]string](o, "optionalClientScopes"))
	return slices.DeleteFunc(all, func(name string) bool { return name == keycloak.ScopeBasic })
}

// proven is a client that proves who it is, or that the caller may view.
func (g *Registrar) proven(ctx context.Context, c *Call, id string) (*realm.Client, error) {
	if scheme, _, _ := strings.Cut(c.Authorization, " "); !strings.EqualFold(scheme, "Bearer") && c.Realm.Client(id) != nil {
		return g.provenBySecret(ctx, c, id)
	}
	client, _, err := g.allowed(ctx, c, id, registration.View)
	return client, err
}

func (g *Registrar) provenBySecret(ctx context.Context, c *Call, id string) (*realm.Client, error) {
	auth, err := g.Verifier.Client(ctx, verify.At{Realm: c.Realm, Base: c.Base, Now: c.Author.Now}, verify.Credentials{Authorization: c.Authorization})
	if err != nil || auth.Client.ID != id {
		return nil, errProof
	}
	return auth.Client, nil
}
