package register

import (
	"context"
	"errors"
	"reflect"
	"slices"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/core/permit"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/registration"
	"github.com/tokenhouse/tokenhouse/internal/flow/manage"
	"github.com/tokenhouse/tokenhouse/internal/flow/verify"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
	"github.com/tokenhouse/tokenhouse/internal/keycloak/component"
)

// The kinds of events of clients that register themselves.
const (
	clientRegister event.Kind = "CLIENT_REGISTER"
	clientInfo     event.Kind = "CLIENT_INFO"
	clientUpdate   event.Kind = "CLIENT_UPDATE"
	clientDelete   event.Kind = "CLIENT_DELETE"
)

// Create registers a client. The answer is its representation, with the token by which it may change
// itself. Refusals are *oauth.Error.
func (g *Registrar) Create(ctx context.Context, c Call, o keycloak.Object) (answer keycloak.Object, err error) {
	ev := c.event(clientRegister, "")
	defer func() { g.record(ctx, ev, err) }()

	who, err := g.holder(ctx, &c)
	if err != nil {
		return nil, err
	}
	way, err := who.mayCreate(&c)
	if err != nil {
		return nil, err
	}
	if !who.rights.May(permit.ToManageClients) {
		delete(o, "id") // a key that a client had before must not come back with what it held
	}
	policies, err := g.policies(ctx, c.Realm)
	if err != nil {
		return nil, err
	}
	id, fromHost := c.Author.NewID(), g.fromHost(ctx, &c, way, policies)
	q := manage.Registration{Representation: o, By: who.by(), Judge: func(r *realm.Realm, before, client *realm.Client) (*realm.Client, error) {
		judged, err := who.judge(policies, registration.Request{
			Realm: r, Way: way, Action: registration.Create, Before: before, Client: client, Scopes: asked(o), FromHost: fromHost})
		if err == nil {
			judged.Registration = id
		}
		return judged, err
	}}
	if who.initial != nil {
		q.Commit = func(ctx context.Context) error { return g.use(ctx, &c, who.initial) }
	}
	key, err := g.Clients.Register(ctx, who.author(c.Author), c.Realm.Name, q)
	if err != nil {
		return nil, refused(err)
	}
	signed, err := g.signRegistration(ctx, c.Realm, c.Base, id, way, c.Author.Now)
	if err != nil {
		return nil, err
	}
	answer, err = g.represent(ctx, &c, key, signed)
	ev.Client = answer.Text("clientId")
	return answer, err
}

// View answers the representation of a client. A registration access token is answered too, as it is.
func (g *Registrar) View(ctx context.Context, c Call, id string) (answer keycloak.Object, err error) {
	ev := c.event(clientInfo, id)
	defer func() { g.record(ctx, ev, err) }()

	client, who, err := g.allowed(ctx, &c, id, registration.View)
	if err != nil {
		return nil, err
	}
	return g.represent(ctx, &c, client.Key, who.compact)
}

// Update changes a client, and answers its representation with a new registration access token where it
// was called with one. That one works no longer.
func (g *Registrar) Update(ctx context.Context, c Call, id string, o keycloak.Object) (answer keycloak.Object, err error) {
	ev := c.event(clientUpdate, id)
	defer func() { g.record(ctx, ev, err) }()

	client, who, err := g.allowed(ctx, &c, id, registration.Update)
	if err != nil {
		return nil, err
	}
	if o.Text("clientId") != client.ID {
		return nil, invalid("Client Identifier modified")
	}
	policies, err := g.policies(ctx, c.Realm)
	if err != nil {
		return nil, err
	}
	next, fromHost := "", g.fromHost(ctx, &c, who.way(), policies)
	if who.registration != nil {
		next = c.Author.NewID()
	}
	q := manage.Registration{Representation: o, By: who.by(), Judge: func(r *realm.Realm, before, client *realm.Client) (*realm.Client, error) {
		if who.registration != nil && before.Registration != who.registration.ID { // somebody was first
			return nil, errUpdate
		}
		judged, err := who.judge(policies, registration.Request{
			Realm: r, Way: who.way(), Action: registration.Update, Before: before, Client: client, Scopes: asked(o), FromHost: fromHost})
		if err == nil && next != "" {
			judged.Registration = next
		}
		return judged, err
	}}
	kept, err := g.Clients.Reregister(ctx, who.author(c.Author), c.Realm.Name, client.Key, q)
	if err != nil {
		return nil, refused(err)
	}
	signed := ""
	if next != "" && !kept {
		if signed, err = g.signRegistration(ctx, c.Realm, c.Base, next, who.way(), c.Author.Now); err != nil {
			return nil, err
		}
	}
	return g.represent(ctx, &c, client.Key, signed)
}

// Delete removes a client.
func (g *Registrar) Delete(ctx context.Context, c Call, id string) (err error) {
	ev := c.event(clientDelete, id)
	defer func() { g.record(ctx, ev, err) }()

	client, _, err := g.allowed(ctx, &c, id, registration.Delete)
	if err != nil {
		return err
	}
	if c.Realm.Manages(client.ID) {
		return forbidden("The client holds the rights of administrators")
	}
	return g.Clients.Unregister(ctx, c.Author, c.Realm.Name, client.Key)
}

var (
	errView    = unauthorized("Not authorized to view client. Not valid token or client credentials provided.")
	errUpdate  = unauthorized("Not authorized to update client. Maybe missing token or bad token type.")
	errInitial = unauthorized("Not initial access token allowed")
	errUnknown = oauth.Errorf(oauth.InvalidRequest, "Client not found").WithStatus(404).InEvent("client_not_found", "")
	errNothing = forbidden("Forbidden")
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

const policyType = "org.keycloak.services.clientregistration.policy.ClientRegistrationPolicy"

// policies are those of a realm: components that it keeps.
func (g *Registrar) policies(ctx context.Context, r *realm.Realm) ([]registration.Policy, error) {
	kept, err := g.Realms.Extra(ctx, r.Key, realm.KindRealm, r.Key)
	if err != nil {
		return nil, err
	}
	var out []registration.Policy
	for _, c := range component.Read(r.Key, kept) {
		if c.Type == policyType {
			out = append(out, registration.Policy{Name: c.Name, Kind: c.Provider, Way: registration.Way(c.SubType), Config: c.Config})
		}
	}
	return out, nil
}

// asked are the names of the client scopes that a representation asks for.
func asked(o keycloak.Object) []string {
	return slices.Concat(keycloak.Value[[]string](o, "defaultClientScopes"), keycloak.Value[[]string](o, "optionalClientScopes"))
}

// represent is the representation of a client as it now is, with its registration access token.
func (g *Registrar) represent(ctx context.Context, c *Call, key, signed string) (keycloak.Object, error) {
	r, err := g.Realms.Realm(ctx, c.Realm.Name)
	if err != nil {
		return nil, err
	}
	client := r.ClientByKey(key)
	if client == nil {
		return nil, errUnknown
	}
	with := *client
	if with.Extra, err = g.Realms.Extra(ctx, r.Key, realm.KindClient, key); err != nil {
		return nil, err
	}
	o := keycloak.FromClient(r, &with)
	delete(o, "authorizationSettings")
	delete(o, "registrationAccessToken")
	if signed != "" {
		o.Put("registrationAccessToken", signed)
	}
	return o, nil
}

// Installation finds the client whose adapter asks for its configuration: one that is public or proves who
// it is, or that somebody asks for who may view it.
func (g *Registrar) Installation(ctx context.Context, c Call, id string) (client *realm.Client, kept realm.Extra, err error) {
	ev := c.event(clientInfo, id)
	defer func() { g.record(ctx, ev, err) }()

	client = c.Realm.Client(id)
	if client == nil || !client.Public {
		if client, err = g.proven(ctx, &c, id); err != nil {
			return nil, nil, err
		}
	}
	kept, err = g.Realms.Extra(ctx, c.Realm.Key, realm.KindClient, client.Key)
	return client, kept, err
}

// proven is a client that proves who it is, or that the caller may view.
func (g *Registrar) proven(ctx context.Context, c *Call, id string) (*realm.Client, error) {
	auth, err := g.Verifier.Client(ctx, verify.At{Realm: c.Realm, Base: c.Base, Now: c.Author.Now}, verify.Credentials{Authorization: c.Authorization})
	if err == nil && auth.Client.ID == id {
		return auth.Client, nil
	}
	client, _, err := g.allowed(ctx, c, id, registration.View)
	return client, err
}

// refused puts what is wrong with a client in the words of RFC 7591 §3.2.2.
func refused(err error) error {
	var policy *registration.Refusal
	var bad *fault.Invalid
	switch {
	case errors.As(err, &policy):
		return forbidden(policy.Error())
	case errors.As(err, &bad) && bad.Field == "redirectUris":
		return oauth.Errorf("invalid_redirect_uri", "%s", bad.Message).InEvent("invalid_redirect_uri", bad.Message)
	case errors.As(err, &bad):
		return invalid(bad.Message)
	case errors.Is(err, fault.ErrConflict):
		return invalid("Client Identifier in use")
	}
	return err
}

func invalid(text string) *oauth.Error {
	return oauth.Errorf("invalid_client_metadata", "%s", text).InEvent("invalid_client_metadata", text)
}

// Invalid refuses metadata that cannot be read as a client.
func Invalid() error { return invalid("Client metadata invalid") }

// event begins the event of a call.
func (c *Call) event(kind event.Kind, id string) *event.Event {
	return &event.Event{ID: c.Author.NewID(), Time: c.Author.Now, Kind: kind, Realm: c.Realm.Key, RealmName: c.Realm.Name, Client: id, Address: c.address()}
}

// record keeps how a call came out.
func (g *Registrar) record(ctx context.Context, e *event.Event, err error) {
	if err != nil {
		e.Fail(err)
	}
	g.Events.Record(context.WithoutCancel(ctx), *e)
}

// IdentifierIncluded refuses metadata of a new client that names itself.
func IdentifierIncluded() error { return invalid("Client Identifier included") }
