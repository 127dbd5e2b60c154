package broker_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"path"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/federation"
	"github.com/tokenhouse/tokenhouse/internal/core/letter"
	"github.com/tokenhouse/tokenhouse/internal/core/login"
	"github.com/tokenhouse/tokenhouse/internal/core/page"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/session"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
	"github.com/tokenhouse/tokenhouse/internal/core/token/tokentest"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/flow/authorize"
	"github.com/tokenhouse/tokenhouse/internal/flow/authorize/action"
	"github.com/tokenhouse/tokenhouse/internal/flow/broker"
	"github.com/tokenhouse/tokenhouse/internal/flow/inspect"
	"github.com/tokenhouse/tokenhouse/internal/flow/keyring"
	"github.com/tokenhouse/tokenhouse/internal/flow/limit"
	"github.com/tokenhouse/tokenhouse/internal/flow/people"
	"github.com/tokenhouse/tokenhouse/internal/flow/verify"
	"github.com/tokenhouse/tokenhouse/internal/keycloak/realmtest"
	"github.com/tokenhouse/tokenhouse/internal/store"
	"github.com/tokenhouse/tokenhouse/internal/store/storetest"
)

const base = "https://id.test"

// club is a realm whose members may sign in through two providers: "up" is trusted with e-mail addresses, "other" is
// not. "off" is switched off, "links" is for linking only, "paper" is of a kind that is not acted on.
const club = `{"realm": "club", "enabled": true, "loginWithEmailAllowed": true, "displayName": "The Club", %s
	"clients": [{"clientId": "app", "id": "app-key", "redirectUris": ["https://app.test/*"], "publicClient": true},
		{"clientId": "narrow", "id": "narrow-key", "redirectUris": ["https://app.test/*"], "publicClient": true, "fullScopeAllowed": false},
		{"clientId": "account", "id": "account-key"}, {"clientId": "broker", "id": "broker-key"}],
	"roles": {"client": {"account": [{"name": "manage-account-links"}], "broker": [{"name": "read-token"}]}},
	"identityProviders": [
		{"alias": "up", "displayName": "Upstream", "providerId": "oidc", "enabled": true, "trustEmail": true, "storeToken": true, "addReadTokenRoleOnCreate": true,
			"config": {"issuer": "https://up.test", "authorizationUrl": "https://up.test/auth", "tokenUrl": "https://up.test/token", "logoutUrl": "https://up.test/logout",
				"jwksUrl": "https://up.test/keys", "useJwksUrl": "true", "validateSignature": "true", "clientId": "club", "clientSecret": "s3cret",
				"syncMode": "FORCE", "pkceEnabled": "true", "pkceMethod": "S256"}},
		{"alias": "other", "providerId": "oidc", "enabled": true,
			"config": {"issuer": "https://other.test", "authorizationUrl": "https://other.test/auth", "tokenUrl": "https://other.test/token",
				"jwksUrl": "https://other.test/keys", "useJwksUrl": "true", "validateSignature": "true", "clientId": "club", "clientSecret": "s3cret"}},
		{"alias": "off", "providerId": "oidc", "enabled": false, "config": {"authorizationUrl": "https://off.test/auth"}},
		{"alias": "links", "providerId": "oidc", "enabled": true, "linkOnly": true,
			"config": {"issuer": "https://links.test", "authorizationUrl": "https://links.test/auth", "tokenUrl": "https://links.test/token",
				"jwksUrl": "https://links.test/keys", "useJwksUrl": "true", "validateSignature": "true", "clientId": "club", "clientSecret": "s3cret"}},
		{"alias": "paper", "providerId": "saml", "enabled": true, "config": {}}],
	"users": [
		{"id": "ann", "username": "ann", "email": "ann@club.test", "emailVerified": true, "firstName": "Ann", "lastName": "Ames", "enabled": true, "clientRoles": {"account": ["manage-account-links"]},
			"credentials": [{"id": "pw", "type": "password", "algorithm": "plain", "hashIterations": 1, "credentialData": "{}", "secretData": "{}"}]},
		{"id": "ben", "username": "ben", "email": "ben@club.test", "emailVerified": true, "firstName": "Ben", "lastName": "Bell", "enabled": true,
			"federatedIdentities": [{"identityProvider": "up", "userId": "ben-there", "userName": "benny"}]},
		{"id": "gone", "username": "gone", "email": "gone@club.test", "enabled": false,
			"federatedIdentities": [{"identityProvider": "up", "userId": "gone-there", "userName": "gone"}]}]}`

// house is the club with all that signing in takes. The providers are its own.
type house struct {
	*broker.Broker
	t      *testing.T
	store  *store.Store
	sign   *authorize.Authorizer
	now    time.Time
	codes  map[string]map[string]any // code → claims of the ID token that it is redeemed for
	sent   []federation.TokenRequest
	alg    func(claims map[string]any) string // makes the ID token instead of up's key
	events []event.Event
	mail   []letter.Letter
	told   []session.Notice
	ids    int
}

var upKey = sync.OnceValue(func() *ecdsa.PrivateKey {
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	return k
})

func (h *house) Record(_ context.Context, e event.Event) { h.events = append(h.events, e) }

func (h *house) Send(_ context.Context, _ *realm.Realm, _ map[string]string, l letter.Letter) error {
	h.mail = append(h.mail, l)
	return nil
}

func (h *house) Due(_ context.Context, _ *realm.Realm, q session.Query) ([]session.Notice, error) {
	return []session.Notice{{Client: "app-key", Session: session.Session{ID: q.ID}}}, nil
}

func (h *house) Tell(_ context.Context, _ verify.At, due []session.Notice) {
	h.told = append(h.told, due...)
}

// Token redeems the codes of the house, each once.
func (h *house) Token(_ context.Context, q federation.TokenRequest) (federation.Tokens, error) {
	h.sent = append(h.sent, q)
	claims, ok := h.codes[q.Form.Get("code")]
	if !ok {
		return federation.Tokens{}, &federation.Refusal{Code: "invalid_grant"}
	}
	delete(h.codes, q.Form.Get("code"))
	body, err := json.Marshal(map[string]any{"access_token": "at", "token_type": "Bearer", "expires_in": 60, "id_token": h.alg(claims)})
	if err != nil {
		return federation.Tokens{}, err
	}
	return federation.ReadTokens(body)
}

func (h *house) UserInfo(context.Context, *federation.Settings, string) (token.Object, error) {
	return nil, errors.New("there is none")
}

// Verify knows the key of all providers.
func (h *house) Verify(_ context.Context, _ *federation.Settings, compact string) (federation.Foreign, error) {
	return federation.Verify(compact, []jose.JSONWebKey{{Key: upKey().Public(), KeyID: "k", Use: "sig"}})
}

// signed is a token by a key and an algorithm.
func signed(t *testing.T, alg jose.SignatureAlgorithm, key any, claims map[string]any) string {
	t.Helper()
	return tokentest.Sign(t, string(alg), key, map[string]any{"kid": "k"}, claims)
}

// plain spares tests the work of hashing: every password is the user's id with "-pw".
type plain struct{}

func (plain) Check(_ context.Context, _ verify.At, u *user.User, password string) (bool, error) {
	return u != nil && password == u.ID+"-pw", nil
}

// newHouse makes a house; more are members of its realm.
func newHouse(t *testing.T, st *store.Store, more string) *house {
	t.Helper()
	f, err := realmtest.Read(fmt.Sprintf(club, more))
	if err != nil {
		t.Fatal(err)
	}
	if err := st.CreateRealm(t.Context(), f.Draft, f.Groups, f.Users(), nil); err != nil {
		t.Fatal(err)
	}
	h := &house{t: t, store: st, now: time.Now().Truncate(time.Second), codes: map[string]map[string]any{}}
	h.alg = func(claims map[string]any) string { return signed(t, jose.ES256, upKey(), claims) }
	now := func() time.Time { return h.now }
	newID := func() string { h.ids++; return fmt.Sprintf("00000000-0000-0000-0000-%012d", h.ids) }
	newToken := func() string { h.ids++; return fmt.Sprintf("token-of-24-chars-%06d", h.ids) }
	rules, keys := people.NewRulebook(st), keyring.New(st, now)
	verifier := verify.New(verify.Deps{Keys: keys, Users: st, Sessions: st, Marks: st, Realms: st})
	persons := &people.Users{Store: st, Groups: st, Failures: st, Rules: rules}
	h.sign = &authorize.Authorizer{Realms: st, Users: st, Sessions: st, Logins: st, Codes: st, Pushes: st, Requests: verifier, Clients: verifier,
		Duties: rules, Order: rules, Plans: rules, Passwords: plain{}, Keys: keys, Events: h, Now: now, NewID: newID, NewToken: newToken,
		Lockouts: &limit.Lockouts{Failures: st, Users: st, Events: h, NewID: newID}}
	d := &action.Deps{Users: st, People: persons, Rules: rules, Once: st, Lockouts: h.sign.Lockouts, Kept: st, Mail: h, Tokens: keys, Events: h, NewID: newID}
	h.sign.Factors = []authorize.Action{action.OTP{Deps: d}}
	book := broker.NewBook(st)
	h.Broker = &broker.Broker{Realms: st, Sign: h.sign, Book: book, Users: st, People: persons, Rules: rules, Tokens: st,
		Holders:  &inspect.Inspector{Realms: st, Verifier: verifier, Keys: keys, Events: h, Now: now, NewID: newID},
		Upstream: h, Keys: keys, Once: st, Sessions: st, Herald: h, Mail: h, Events: h, Now: now, NewID: newID, NewSecret: newToken}
	h.sign.Providers, h.sign.Origins = broker.Offers{Book: book}, st
	h.sign.Entrances = []authorize.Entrance{broker.FirstLogin{Broker: h.Broker}}
	h.sign.Actions = []authorize.Action{broker.Link{Broker: h.Broker}}
	h.sign.Links = broker.Letters{Broker: h.Broker, Others: action.Links{Deps: d}}
	return h
}

// each runs a test in a house on each database.
func each(t *testing.T, more string, test func(t *testing.T, h *house)) {
	storetest.Each(t, func(t *testing.T, st *store.Store) { test(t, newHouse(t, st, more)) })
}

// account is a user as the store has them; nil where there is none.
func (h *house) account(name string) *user.User {
	h.t.Helper()
	r, err := h.store.Realm(h.t.Context(), "club")
	if err != nil {
		h.t.Fatal(err)
	}
	u, err := h.store.UserByName(h.t.Context(), r.Key, name)
	if err != nil {
		return nil
	}
	return u
}

// configure changes a provider.
func (h *house) configure(alias string, change func(p *realm.Provider)) {
	h.t.Helper()
	err := h.store.Edit(h.t.Context(), "club", func(d *realm.Draft) ([]event.Admin, error) {
		p := *d.Realm().Provider(alias)
		p.Config = maps.Clone(p.Config)
		change(&p)
		d.PutProvider(&p)
		return nil, nil
	})
	if err != nil {
		h.t.Fatal(err)
	}
}

// change changes a user.
func (h *house) change(id string, change func(u *user.User)) {
	h.t.Helper()
	r, err := h.store.Realm(h.t.Context(), "club")
	if err != nil {
		h.t.Fatal(err)
	}
	err = h.store.EditUser(h.t.Context(), r.Key, id, func(a *user.Account) ([]event.Admin, error) {
		change(&a.User)
		return nil, nil
	})
	if err != nil {
		h.t.Fatal(err)
	}
}

// last is the last event, as its kind and error.
func (h *house) last() string {
	if len(h.events) == 0 {
		return ""
	}
	e := h.events[len(h.events)-1]
	return string(e.Kind) + " " + e.Error
}

// browser is a browser with its cookies.
type browser struct {
	*house
	cookies authorize.Cookies
}

func (h *house) browser() *browser { return &browser{h, authorize.Cookies{}} }

func (b *browser) call() authorize.Call {
	return authorize.Call{Realm: "club", Base: base, Address: "192.0.2.1", Secure: true, Cookies: maps.Clone(b.cookies)}
}

// got keeps the cookies of an answer.
func (b *browser) got(o *authorize.Outcome, err error) *authorize.Outcome {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
	for _, c := range o.Cookies {
		if c.Clear {
			delete(b.cookies, c.Name)
		} else {
			b.cookies[c.Name] = c.Value
		}
	}
	return o
}

// begin asks to sign in; more are parameters beside or instead, as name and value in turn.
func (b *browser) begin(more ...string) *authorize.Outcome {
	b.t.Helper()
	fields := []authorize.Field{{Name: "client_id", Value: "app"}, {Name: "redirect_uri", Value: "https://app.test/cb"}, {Name: "response_type", Value: "code"},
		{Name: "scope", Value: "openid"}, {Name: "state", Value: "st"}}
	for pair := range slices.Chunk(more, 2) {
		fields = slices.DeleteFunc(fields, func(f authorize.Field) bool { return f.Name == pair[0] })
		fields = append(fields, authorize.Field{Name: pair[0], Value: pair[1]})
	}
	return b.got(b.sign.Begin(b.t.Context(), authorize.BeginRequest{Call: b.call(), Parameters: fields}))
}

// parameters are those of an address.
func parameters(t *testing.T, address string) url.Values {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return u.Query()
}

// login follows the link to a provider.
func (b *browser) login(alias, address string) *authorize.Outcome {
	b.t.Helper()
	return b.got(b.Login(b.t.Context(), alias, authorize.ContinueRequest{Call: b.call(), Query: parameters(b.t, address)}))
}

// leave begins to sign in, and goes to a provider; q are the parameters that it is asked with.
func (b *browser) leave(alias string) (q url.Values) {
	b.t.Helper()
	to := b.begin("kc_idp_hint", alias)
	o := b.login(alias, to.Redirect)
	if o.Status != 303 {
		b.t.Fatalf("%+v", o)
	}
	return parameters(b.t, o.Redirect)
}

// claims are those of the ID token that answers a request to "up".
func (h *house) claims(q url.Values, subject string, more map[string]any) map[string]any {
	c := map[string]any{"iss": "https://up.test", "aud": "club", "sub": subject, "nonce": q.Get("nonce"), "iat": h.now.Unix(), "exp": h.now.Unix() + 60,
		"preferred_username": subject, "sid": "sid-of-" + subject}
	maps.Copy(c, more)
	return c
}

// arrive comes back from a provider with parameters, as name and value in turn.
func (b *browser) arrive(alias string, pairs ...string) *authorize.Outcome {
	b.t.Helper()
	q := url.Values{}
	for pair := range slices.Chunk(pairs, 2) {
		q.Add(pair[0], pair[1])
	}
	return b.got(b.Arrive(b.t.Context(), broker.Arrival{Call: b.call(), Alias: alias, Query: q}))
}

// come goes to "up" and comes back as somebody.
func (b *browser) come(subject string, more map[string]any) *authorize.Outcome {
	b.t.Helper()
	q := b.leave("up")
	code := "code-" + subject
	b.codes[code] = b.claims(q, subject, more)
	return b.arrive("up", "state", q.Get("state"), "code", code)
}

// follow goes where an answer leads, within sign-in, as far as that goes without a form.
func (b *browser) follow(o *authorize.Outcome) *authorize.Outcome {
	b.t.Helper()
	for range 5 {
		u, err := url.Parse(o.Redirect)
		if err != nil {
			b.t.Fatal(err)
		}
		q := authorize.ContinueRequest{Call: b.call(), Query: u.Query()}
		switch u.Path {
		case "/realms/club/login-actions/first-broker-login", "/realms/club/login-actions/required-action", "/realms/club/login-actions/authenticate":
			q.Path = login.Path(path.Base(u.Path))
			o = b.got(b.sign.Continue(b.t.Context(), q))
		case "/realms/club/broker/after-first-broker-login":
			o = b.got(b.AfterFirst(b.t.Context(), q))
		default:
			return o
		}
	}
	return o
}

// send sends a form, whose page may be one of the first login.
func (b *browser) send(p page.Page, fields ...string) *authorize.Outcome {
	b.t.Helper()
	to := formURL(b.t, p)
	form := url.Values{}
	for pair := range slices.Chunk(fields, 2) {
		form.Add(pair[0], pair[1])
	}
	return b.follow(b.got(b.sign.Continue(b.t.Context(), authorize.ContinueRequest{Call: b.call(), Path: pathOf(b.t, to),
		Query: parameters(b.t, to), Form: form})))
}

// formURL is where the form of a page goes.
func formURL(t *testing.T, p page.Page) string {
	t.Helper()
	switch p := p.(type) {
	case page.ReviewProfile:
		return p.Action
	case page.LinkConfirm:
		return p.Action
	case page.LinkAccount:
		return p.Action
	case page.Login:
		return p.Action
	case page.LoginOTP:
		return p.Action
	}
	t.Fatalf("%T has no form", p)
	return ""
}

// pathOf is where an address leads within login-actions.
func pathOf(t *testing.T, address string) login.Path {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return login.Path(path.Base(u.Path))
}

// code tells whether an answer gives the client a code.
func (h *house) code(o *authorize.Outcome) bool {
	h.t.Helper()
	return o.Page == nil && parameters(h.t, o.Redirect).Get("code") != ""
}

// text is the message of a page.
func text(o *authorize.Outcome) string {
	switch p := o.Page.(type) {
	case page.Error:
		return p.Message.Key
	case page.Login:
		for _, wrong := range p.Wrong {
			return wrong[0].Key
		}
		return p.Notice.Text.Key
	case page.LinkConfirm:
		return p.Notice.Text.Key
	case nil:
		return o.Redirect
	}
	return o.Page.Page()
}

func sqlite(t *testing.T) *store.Store { return storetest.SQLite(t) }

func at(h *house, r *realm.Realm) verify.At { return verify.At{Realm: r, Base: base, Now: h.now} }

// continued is the request of who goes to an address of the first login.
func continued(t *testing.T, b *browser, address string) authorize.ContinueRequest {
	t.Helper()
	return authorize.ContinueRequest{Call: b.call(), Path: "first-broker-login", Query: parameters(t, address)}
}
