package exchange_test

import (
	"strings"
	"testing"

	"github.com/tokenhouse/tokenhouse/internal/core/exchange"
	"github.com/tokenhouse/tokenhouse/internal/core/explain"
	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
)

const getsPartner = `tokenhouse admin update clients/gateway -r shop -s 'attributes."tokenhouse.exchange.issuers"=partner'`

// outward asks for the token that a provider gave.
type outward struct {
	play
	name   string // "partner" where empty
	setup  string // getsPartner where empty
	change func(p *realm.Provider)
	held   exchange.Holding // exchange.Kept where nobody says
	none   bool             // nothing is kept
}

func (o outward) request(t *testing.T) exchange.Request {
	t.Helper()
	s := shop(t)
	setup := o.setup
	if setup == "" {
		setup = getsPartner
	}
	if err := s.Admin(setup); err != nil {
		t.Fatal(err)
	}
	d := realm.Edit(s.Realm)
	d.PutProvider(&realm.Provider{Key: "s", Alias: "saml", Kind: "saml", Enabled: true, StoreToken: true})
	p := &realm.Provider{Key: "p", Alias: "partner", Kind: "oidc", Enabled: true, StoreToken: true}
	if o.change != nil {
		o.change(p)
	}
	d.PutProvider(p)
	s.Realm = d.Realm()
	if o.Client == "" {
		o.Client = "gateway"
	}
	o.Legacy = append(o.Legacy, "requested_issuer")
	q := o.play.request(t, s)
	q.Outward = &exchange.Outward{Name: o.name, Provider: s.Realm.Provider(o.name), Held: o.held}
	if o.name == "" {
		q.Outward.Name, q.Outward.Provider = "partner", p
	}
	switch {
	case o.none:
		q.Outward.Held = exchange.Unheld
	case o.held == "":
		q.Outward.Held = exchange.Kept
	}
	return q
}

// What another issuer gave is given out where the requester lists it, for the user of a token that is the requester's;
// each refusal differs from what is granted in one thing.
func TestOutward(t *testing.T) {
	const stored = explain.ExchangeStored
	subject := func(change func(h *held)) play {
		h := &held{Client: "gateway", User: "alice"}
		if change != nil {
			change(h)
		}
		return play{Subject: h}
	}
	good := subject(nil)
	with := func(change func(p *play)) play {
		p := subject(nil)
		change(&p)
		return p
	}
	notAllowed := refusal{stored, 403, oauth.AccessDenied, "Client not allowed to exchange", "not_allowed", "client not allowed to exchange for requested_issuer"}
	unsupported := func(name string) refusal {
		return refusal{explain.ExchangeUnsupported, 400, oauth.InvalidRequest, "Parameter '" + name + "' is not supported for standard token exchange", "invalid_request", ""}
	}
	invalidIssuer := refusal{stored, 400, oauth.InvalidRequest, "Invalid issuer", "unknown_identity_provider", "unknown requested_issuer"}
	notLinked := refusal{stored, 400, oauth.NotLinked, "identity provider is not linked", "invalid_token", "requested_issuer is not linked"}
	badType := refusal{explain.ExchangeType, 400, oauth.InvalidTarget, "response_token_type_unsupported", "invalid_request", "requested_token_type unsupported"}
	delegated := refusal{explain.ExchangeDelegation, 403, oauth.AccessDenied, "Token exchange not permitted: somebody acts, or may act, for the subject, and a token of another issuer does not tell", "not_allowed", ""}
	app := strings.ReplaceAll(getsPartner, "gateway", "app")
	tests := map[string]struct {
		ask  outward
		want *refusal // nil: granted
	}{
		"granted":                             {outward{play: good}, nil},
		"no type of the subject":              {outward{play: with(func(p *play) { p.Type = ptr(oauth.TokenType("-")) })}, nil},
		"access token asked for":              {outward{play: with(func(p *play) { p.Want = ptr(oauth.TypeAccessToken) })}, nil},
		"audience that there is not":          {outward{play: with(func(p *play) { p.Audience = []string{"nowhere"} })}, nil},
		"for a resource, of another's client": {outward{play: subject(func(h *held) { h.Client, h.Asked = "spa", []string{"urn:client:gateway"} })}, nil},
		"token of another, for the requester": {outward{play: subject(func(h *held) { h.Client = "spa" })}, nil},
		"public client that may":              {outward{setup: app, play: play{Client: "app", Subject: &held{Client: "app", User: "alice"}}}, nil},

		"client lists none":       {outward{play: with(func(p *play) { p.Client = "refresher"; p.Subject.Client = "refresher" })}, ptr(unsupported("requested_issuer"))},
		"client lists another":    {outward{setup: strings.ReplaceAll(getsPartner, "=partner", "=other"), play: good}, &notAllowed},
		"no such alias":           {outward{name: "nobody", play: good}, &invalidIssuer},
		"other case":              {outward{name: "PARTNER", play: good}, &invalidIssuer},
		"kind without tokens":     {outward{name: "saml", setup: strings.ReplaceAll(getsPartner, "=partner", "=saml"), play: good}, &refusal{stored, 400, oauth.InvalidRequest, "Issuer does not support token exchange", "unknown_identity_provider", "exchange unsupported by requested_issuer"}},
		"provider off":            {outward{play: good, change: func(p *realm.Provider) { p.Enabled = false }}, &notAllowed},
		"tokens not kept":         {outward{play: good, change: func(p *realm.Provider) { p.StoreToken = false }}, &refusal{stored, 400, oauth.NotLinked, "identity provider is not linked, can only link to current user session", "invalid_request", "requested_issuer has not linked"}},
		"not linked":              {outward{play: good, none: true}, &notLinked},
		"expired":                 {outward{play: good, held: exchange.Lapsed}, &refusal{stored, 400, oauth.TokenExpired, "linked token is expired", "invalid_token", "requested_issuer token expired"}},
		"ID token asked for":      {outward{play: with(func(p *play) { p.Want = ptr(idToken) })}, &badType},
		"refresh token asked for": {outward{play: with(func(p *play) { p.Want = ptr(refresh) })}, &badType},
		"no subject":              {outward{play: play{}}, &refusal{explain.ExchangeSubject, 400, oauth.InvalidRequest, "Parameter 'subject_token' required for standard token exchange", "invalid_request", ""}},
		"invalid subject":         {outward{play: subject(func(h *held) { h.Invalid = "expired" })}, &refusal{explain.ExchangeSubject, 400, oauth.InvalidRequest, "Invalid token", "invalid_token", "subject_token validation failure"}},
		"ID token":                {outward{play: with(func(p *play) { p.Type = ptr(idToken) })}, &refusal{explain.ExchangeSubject, 400, oauth.InvalidRequest, "Invalid token type, must be access token", "invalid_token", "subject_token supports access tokens only"}},
		"token of another client": {outward{play: subject(func(h *held) { h.Client = "app" })}, &refusal{explain.ExchangeHolder, 403, oauth.AccessDenied, "Client is not within the token audience", "not_allowed", "client is not within the token audience"}},
		"public client":           {outward{setup: strings.ReplaceAll(getsPartner, "gateway", "kiosk"), play: play{Client: "kiosk", Subject: &held{Client: "kiosk", User: "alice"}}}, &refusal{explain.ExchangePublic, 400, oauth.InvalidClient, "Public client is not allowed to exchange token", "invalid_client", ""}},
		"bound, no proof":         {outward{play: subject(func(h *held) { h.Bound = true })}, &refusal{explain.ExchangeProof, 400, oauth.InvalidRequest, "DPoP proof is missing", "invalid_dpop_proof", ""}},
		"for a resource":          {outward{play: subject(func(h *held) { h.Asked = []string{"urn:client:gateway"} })}, &refusal{explain.ExchangeResource, 400, oauth.InvalidTarget, "The requested resource is not matching the original request.", "invalid_request", ""}},
		"for somebody else":       {outward{play: with(func(p *play) { p.As = "bob" })}, &refusal{explain.ExchangeImpersonation, 403, oauth.AccessDenied, "Client not allowed to exchange", "not_allowed", "subject not allowed to impersonate"}},
		"out of a delegation":     {outward{play: subject(func(h *held) { h.Act = []string{"agent"} })}, &delegated},
		"where somebody may act":  {outward{play: subject(func(h *held) { h.MayAct = `{"sub":"agent"}` })}, &delegated},
		"with an actor":           {outward{play: with(func(p *play) { p.Actor = &held{Client: "gateway", User: "service-account-gateway"} })}, &refusal{explain.ExchangeDelegation, 403, oauth.AccessDenied, "Token exchange not permitted: a token of another issuer does not tell who acts", "not_allowed", ""}},
		"of another issuer too":   {outward{play: with(func(p *play) { p.Legacy = []string{"subject_issuer"} })}, ptr(unsupported("subject_issuer"))},
		"too many exchanges":      {outward{play: subject(func(h *held) { h.Path = []string{"a", "b", "c", "d", "e"} })}, &refusal{explain.ExchangeChain, 403, oauth.AccessDenied, "Token exchange not permitted: chain limit of 5 reached", "not_allowed", ""}},
		"back at the requester":   {outward{play: subject(func(h *held) { h.Client, h.Path = "spa", []string{"gateway"} })}, &refusal{explain.ExchangeCycle, 403, oauth.AccessDenied, "Token exchange not permitted: gateway is already in the chain", "not_allowed", ""}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			q := tt.ask.request(t)
			d := exchange.Decide(q)
			if tt.want == nil {
				if d.Refuse != nil || d.Grant.Type != oauth.TypeAccessToken {
					t.Errorf("%v, want it granted", d.Refuse)
				}
				return
			}
			tt.want.check(t, d)
			if d.Refuse != nil && len(exchange.Fixes(q, d)) == 0 {
				t.Error("no fix")
			}
		})
	}
}
