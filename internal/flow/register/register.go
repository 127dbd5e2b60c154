package register

import (
	"context"
	"errors"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/core/permit"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/registration"
	"github.com/tokenhouse/tokenhouse/internal/flow/manage"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
)

// The kinds of events of clients that register themselves.
const (
	clientRegister event.Kind = "CLIENT_REGISTER"
	clientInfo     event.Kind = "CLIENT_INFO"
	clientUpdate   event.Kind = "CLIENT_UPDATE"
	clientDelete   event.Kind = "CLIENT_DELETE"
)

// Create registers a client. subjects is by which ones it knows its users, nil where its mappers say. The answer is
// its representation, with the token by which it may change itself. Refusals are *oauth.Error.
func (g *Registrar) Create(ctx context.Context, c Call, o keycloak.Object, subjects *keycloak.Subjects) (answer keycloak.Object, err error) {
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
	if subjects != nil && o.Has("optionalClientScopes") {
		o.Put("defaultClientScopes", []string{keycloak.ScopeBasic})
	}
	if !who.rights.May(permit.ToManageClients) {
		delete(o, "id") // a key that a client had before must not come back with what it held
	}
	policies, err := g.policies(ctx, c.Realm)
	if err != nil {
		return nil, err
	}
	if way == registration.Anonymous {
		who.origins = registration.Origins(policies)
		if err := c.share(who.origins); err != nil {
			return nil, err
		}
	}
	id, fromHost := c.Author.NewID(), g.fromHost(ctx, &c, way, policies)
	q := manage.Registration{Representation: o, By: who.by(), Subjects: subjects, Judge: func(r *realm.Realm, before, client *realm.Client) (*realm.Client, error) {
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
	signed, err := g.signRegistration(ctx, c.Realm, c.Base, id, way, append([]string{}, who.origins...), c.Author.Now)
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
func (g *Registrar) Update(ctx context.Context, c Call, id string, o keycloak.Object, subjects *keycloak.Subjects) (answer keycloak.Object, err error) {
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
	q := manage.Registration{Representation: o, By: who.by(), Subjects: subjects, Judge: func(r *realm.Realm, before, client *realm.Client) (*realm.Client, error) {
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
		if signed, err = g.signRegistration(ctx, c.Realm, c.Base, next, who.way(), who.origins, c.Author.Now); err != nil {
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
	errProof   = unauthorized("Failed to authenticate client")
	errUpdate  = unauthorized("Not authorized to update client. Maybe missing token or bad token type.")
	errInitial = unauthorized("Not initial access token allowed")
	errUnknown = oauth.Errorf(oauth.InvalidRequest, "Client not found").WithStatus(404).InEvent("client_not_found", "")
	errNothing = forbidden("Forbidden")
)

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
	o := keycloak.ShowClient(r, &with)
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
