package exchange_test

import (
	"reflect"
	"testing"

	"github.com/tokenhouse/tokenhouse/internal/core/exchange"
	"github.com/tokenhouse/tokenhouse/internal/core/explain"
	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
)

// ofAlice is a subject token that alice got by signing in at spa.
func ofAlice() *held { return &held{Client: "spa", User: "alice"} }

const (
	idToken = oauth.TypeIDToken
	refresh = oauth.TypeRefreshToken
	saml2   = oauth.TypeSAML2
)

// refusal is what a play is refused with.
type refusal struct {
	rule   explain.Rule
	status int
	code   oauth.Code
	text   string
	event  string
	reason string // text where empty
}

func (r refusal) check(t *testing.T, d exchange.Decision) {
	t.Helper()
	if d.Refuse == nil {
		t.Fatalf("granted, want %s", r.text)
	}
	if r.reason == "" {
		r.reason = r.text
	}
	got := refusal{d.Rule, d.Refuse.Status, d.Refuse.Code, d.Refuse.Description, d.Refuse.Event, d.Refuse.Reason}
	if got != r {
		t.Errorf("got  %+v\nwant %+v", got, r)
	}
	if denials := d.Trace.Denials(); len(denials) == 0 || denials[0].Rule != r.rule {
		t.Errorf("the trace does not show that %s refused: %+v", r.rule, d.Trace.Steps)
	}
}

// refused are plays that one rule refuses, in the order of the rules, each beside its like that is granted.
var refused = []struct {
	name   string
	setup  string
	play   play
	want   refusal
	unless func(*play) // makes it one that is granted
}{
	{"requested_subject", "", play{Client: "gateway", Subject: ofAlice(), As: "bob", Legacy: []string{"subject_issuer"}},
		refusal{explain.ExchangeUnsupported, 400, oauth.InvalidRequest, "Parameter 'requested_subject' is not supported for standard token exchange", "invalid_request", ""},
		func(p *play) { p.Legacy, p.As = nil, "" }},
	{"not enabled", "", play{Client: "plain", Subject: ofAlice()},
		refusal{explain.ExchangeEnabled, 400, oauth.InvalidRequest, "Standard token exchange is not enabled for the requested client", "invalid_request", ""},
		func(p *play) { p.Client = "gateway" }},
	{"no subject", "", play{Client: "gateway"},
		refusal{explain.ExchangeSubject, 400, oauth.InvalidRequest, "Parameter 'subject_token' required for standard token exchange", "invalid_request", ""},
		func(p *play) { p.Subject = ofAlice() }},
	{"no subject type", "", play{Client: "gateway", Subject: ofAlice(), Type: ptr(oauth.TokenType("-"))},
		refusal{explain.ExchangeSubject, 400, oauth.InvalidRequest, "Parameter 'subject_token_type' required for standard token exchange", "invalid_request", ""},
		func(p *play) { p.Type = nil }},
	{"subject of another type", "", play{Client: "gateway", Subject: ofAlice(), Type: ptr(idToken)},
		refusal{explain.ExchangeSubject, 400, oauth.InvalidRequest, "Parameter 'subject_token' supports access tokens only", "invalid_request", ""},
		func(p *play) { p.Type = nil }},
	{"invalid subject", "", play{Client: "gateway", Subject: &held{Invalid: "expired"}},
		refusal{explain.ExchangeSubject, 400, oauth.InvalidRequest, "Invalid token", "invalid_token", "subject_token validation failure"},
		func(p *play) { p.Subject = ofAlice() }},
	{"bound to another client", "", play{Client: "gateway", Subject: &held{Client: "spa", User: "alice", Bound: true}},
		refusal{explain.ExchangeProof, 400, oauth.InvalidRequest, "Sender-constrained token exchange rejected as the token was not issued for the requesting client", "invalid_request", ""},
		func(p *play) { p.Subject.Bound = false }},
	{"bound, no proof", "", play{Client: "gateway", Subject: &held{Client: "gateway", User: "alice", Bound: true}},
		refusal{explain.ExchangeProof, 400, oauth.InvalidRequest, "DPoP proof is missing", "invalid_dpop_proof", ""},
		func(p *play) { p.Key = "thumbprint" }},
	{"bound, proof by another key", "", play{Client: "gateway", Subject: &held{Client: "gateway", User: "alice", Bound: true}, Key: "another"},
		refusal{explain.ExchangeProof, 400, oauth.InvalidRequest, "DPoP confirmation doesn't match DPoP proof", "invalid_dpop_proof", ""},
		func(p *play) { p.Key = "thumbprint" }},
	{"bound to another client, with its key", "", play{Client: "gateway", Subject: &held{Client: "spa", User: "alice", Bound: true}, Key: "thumbprint"},
		refusal{explain.ExchangeProof, 400, oauth.InvalidRequest, "Sender-constrained token exchange rejected as the token was not issued for the requesting client", "invalid_request", ""},
		func(p *play) { p.Subject.Client = "gateway" }},
	{"unknown type", "", play{Client: "gateway", Subject: ofAlice(), Want: ptr(oauth.TypeJWT)},
		refusal{explain.ExchangeType, 400, oauth.InvalidRequest, "requested_token_type unsupported", "invalid_request", ""},
		func(p *play) { p.Want = ptr(idToken) }},
	{"empty type", "", play{Client: "gateway", Subject: ofAlice(), Want: ptr(oauth.TokenType(""))},
		refusal{explain.ExchangeType, 400, oauth.InvalidRequest, "requested_token_type unsupported", "invalid_request", ""},
		func(p *play) { p.Want = ptr(oauth.TypeAccessToken) }},
	{"refresh token not enabled", "", play{Client: "gateway", Subject: ofAlice(), Want: ptr(refresh)},
		refusal{explain.ExchangeType, 400, oauth.InvalidRequest, "requested_token_type unsupported", "invalid_request", ""},
		func(p *play) { p.Client = "refresher" }},
	{"client without refresh tokens", `tokenhouse admin update clients/refresher -r shop -s 'attributes."use.refresh.tokens"=false'`,
		play{Client: "refresher", Subject: ofAlice(), Want: ptr(refresh)},
		refusal{explain.ExchangeType, 400, oauth.InvalidRequest, "requested_token_type unsupported", "invalid_request", ""},
		func(p *play) { p.Want = nil }},
	{"unknown audience", "", play{Client: "gateway", Subject: ofAlice(), Audience: []string{"orders", "closed", "warehouse"}},
		refusal{explain.ExchangeTarget, 400, oauth.InvalidClient, "Audience not found", "client_not_found", "audience not found"},
		func(p *play) { p.Audience = p.Audience[:1] }},
	{"empty audience", "", play{Client: "gateway", Subject: ofAlice(), Audience: []string{""}},
		refusal{explain.ExchangeTarget, 400, oauth.InvalidClient, "Audience not found", "client_not_found", "audience not found"},
		func(p *play) { p.Audience = nil }},
	{"custom audience", "", play{Client: "gateway", Subject: ofAlice(), Scope: ptr("partners"), Audience: []string{"https://partner.example"}},
		refusal{explain.ExchangeTarget, 400, oauth.InvalidClient, "Audience not found", "client_not_found", "audience not found"},
		func(p *play) { p.Audience = nil }},
	{"public client", "", play{Client: "kiosk", Subject: ofAlice()},
		refusal{explain.ExchangePublic, 400, oauth.InvalidClient, "Public client is not allowed to exchange token", "invalid_client", ""},
		func(p *play) { p.Client = "gateway" }},
	{"disabled audience", "", play{Client: "gateway", Subject: ofAlice(), Audience: []string{"orders", "closed"}},
		refusal{explain.ExchangeTarget, 400, oauth.InvalidClient, "Client disabled", "client_disabled", "audience client disabled"},
		func(p *play) { p.Audience = p.Audience[:1] }},
	{"outside the audience", "", play{Client: "outsider", Subject: ofAlice()},
		refusal{explain.ExchangeHolder, 403, oauth.AccessDenied, "Client is not within the token audience", "not_allowed", "client is not within the token audience"},
		func(p *play) { p.Subject.Client = "outsider" }},
	{"unknown scope", "", play{Client: "gateway", Subject: ofAlice(), Scope: ptr("profile warehouse")},
		refusal{explain.ExchangeScope, 400, oauth.InvalidScope, "Invalid scopes: profile warehouse", "invalid_request", ""},
		func(p *play) { p.Scope = ptr("profile") }},
	{"scope of the subject's client", "", play{Client: "gateway", Subject: ofAlice(), Scope: ptr("callers")},
		refusal{explain.ExchangeScope, 400, oauth.InvalidScope, "Invalid scopes: callers", "invalid_request", ""},
		func(p *play) { p.Scope = nil }},
	{"SAML assertion", "", play{Client: "gateway", Subject: ofAlice(), Want: ptr(saml2)},
		refusal{explain.ExchangeType, 400, oauth.InvalidRequest, "requested_token_type unsupported", "invalid_request", ""},
		func(p *play) { p.Want = nil }},
	{"refresh token out of an exchanged token", "", play{Client: "refresher", Subject: &held{Client: "spa", User: "alice", Session: token.OnlineTransient}, Want: ptr(refresh)},
		refusal{explain.ExchangeSession, 400, oauth.InvalidRequest, "Refresh token not valid as requested_token_type because creating a new session is needed", "invalid_request", ""},
		func(p *play) { p.Subject.Session = token.Online }},
	{"refresh token out of an offline session", "", play{Client: "refresher", Subject: &held{Client: "spa", User: "alice", Session: token.Offline}, Want: ptr(refresh)},
		refusal{explain.ExchangeSession, 400, oauth.InvalidRequest, "Refresh token not valid as requested_token_type because creating a new session is needed", "invalid_request", ""},
		func(p *play) { p.Want = nil }},
	{"refresh token for a service account", "", play{Client: "refresher", Subject: &held{Client: "refresher", User: "alice", Session: token.Transient}, Want: ptr(refresh)},
		refusal{explain.ExchangeSession, 400, oauth.InvalidRequest, "Refresh token not valid as requested_token_type because creating a new session is needed", "invalid_request", ""},
		func(p *play) { p.Want = nil }},
	{"refresh token with offline_access", "", play{Client: "refresher", Subject: ofAlice(), Scope: ptr("offline_access"), Want: ptr(refresh)},
		refusal{explain.ExchangeSession, 400, oauth.InvalidRequest, "Scope offline_access not allowed for token exchange", "invalid_request", ""},
		func(p *play) { p.Want = nil }},
	{"no consent", "", play{Client: "consenting", Subject: ofAlice(), Scope: ptr("profile")},
		refusal{explain.ExchangeConsent, 400, oauth.InvalidScope, "Missing consents for Token Exchange in client consenting", "consent_denied", ""},
		func(p *play) { p.Scope = nil }},
	{"not permitted", `tokenhouse admin update clients/gateway -r shop -s 'attributes."tokenhouse.exchange.permitted"=orders'`,
		play{Client: "gateway", Subject: ofAlice(), Audience: []string{"orders", "billing"}},
		refusal{explain.ExchangePermitted, 403, oauth.AccessDenied, "Token exchange not permitted: client gateway may not exchange to billing", "not_allowed", ""},
		func(p *play) { p.Audience = p.Audience[:1] }},
	{"nothing permitted", `tokenhouse admin update clients/gateway -r shop -s 'attributes."tokenhouse.exchange.permitted"='`,
		play{Client: "gateway", Subject: ofAlice()},
		refusal{explain.ExchangePermitted, 403, oauth.AccessDenied, "Token exchange not permitted: client gateway may not exchange to billing", "not_allowed", ""},
		func(p *play) { p.Client = "refresher" }},
	{"not accepted", `tokenhouse admin update clients/billing -r shop -s 'attributes."tokenhouse.exchange.accepts"=refresher'`,
		play{Client: "gateway", Subject: ofAlice(), Audience: []string{"billing"}},
		refusal{explain.ExchangeAccepts, 403, oauth.AccessDenied, "Token exchange not permitted: billing does not accept exchanges from gateway", "not_allowed", ""},
		func(p *play) { p.Client = "refresher" }},
	{"too many exchanges", "", play{Client: "gateway", Subject: &held{Client: "spa", User: "alice", Path: []string{"a", "b", "c", "d", "e"}}},
		refusal{explain.ExchangeChain, 403, oauth.AccessDenied, "Token exchange not permitted: chain limit of 5 reached", "not_allowed", ""},
		func(p *play) { p.Subject.Path = p.Subject.Path[1:] }},
	{"only original tokens", `tokenhouse admin update realms/shop -r shop -s 'attributes."tokenhouse.exchange.chain-limit"=1'`,
		play{Client: "gateway", Subject: &held{Client: "spa", User: "alice", Path: []string{"app"}}},
		refusal{explain.ExchangeChain, 403, oauth.AccessDenied, "Token exchange not permitted: chain limit of 1 reached", "not_allowed", ""},
		func(p *play) { p.Subject.Path = nil }},
	{"own token, and yet an exchange", `tokenhouse admin update realms/shop -r shop -s 'attributes."tokenhouse.exchange.chain-limit"=1'`,
		play{Client: "gateway", Subject: &held{Client: "gateway", User: "alice", Path: []string{"spa"}}},
		refusal{explain.ExchangeChain, 403, oauth.AccessDenied, "Token exchange not permitted: chain limit of 1 reached", "not_allowed", ""},
		func(p *play) { p.Subject.Path = nil }},
	{"back to where it came from", "", play{Client: "gateway", Subject: &held{Client: "spa", User: "alice", Path: []string{"gateway"}}},
		refusal{explain.ExchangeCycle, 403, oauth.AccessDenied, "Token exchange not permitted: gateway is already in the chain", "not_allowed", ""},
		func(p *play) { p.Subject.Path = []string{"refresher"} }},
	{"back by a longer way", "", play{Client: "gateway", Subject: &held{Client: "spa", User: "alice", Path: []string{"gateway", "app"}}},
		refusal{explain.ExchangeCycle, 403, oauth.AccessDenied, "Token exchange not permitted: gateway is already in the chain", "not_allowed", ""},
		func(p *play) { p.Subject.Client, p.Subject.Path = "gateway", []string{"spa", "app"} }},
	{"not reachable", "", play{Client: "gateway", Subject: ofAlice(), Audience: []string{"crm", "orders"}},
		refusal{explain.AudienceRequested, 400, oauth.InvalidRequest, "Requested audience not available: crm", "invalid_request", ""},
		func(p *play) { p.Audience = p.Audience[1:] }},
	{"several not reachable, in the order asked", "", play{Client: "gateway", Subject: ofAlice(), Audience: []string{"outsider", "crm"}},
		refusal{explain.AudienceRequested, 400, oauth.InvalidRequest, "Requested audience not available: outsider, crm", "invalid_request", ""},
		func(p *play) { p.Audience = []string{"billing", "orders"} }},
	{"public client with another's token", "", play{Client: "app", Subject: &held{Client: "spa", User: "alice"}},
		refusal{explain.ExchangeHolder, 403, oauth.AccessDenied, "Client is not within the token audience", "not_allowed", "client is not within the token audience"},
		func(p *play) { p.Subject.Client = "app" }},
	{"public client for a refresh token", `tokenhouse admin update clients/app -r shop -s 'attributes."standard.token.exchange.enableRefreshRequestedTokenType"=SAME_SESSION'`,
		play{Client: "app", Subject: &held{Client: "app", User: "alice"}, Want: ptr(refresh)},
		refusal{explain.ExchangeType, 400, oauth.InvalidRequest, "requested_token_type unsupported", "invalid_request", ""},
		func(p *play) { p.Want = nil }},
	{"public client to what it does not list", "", play{Client: "app", Subject: &held{Client: "app", User: "alice"}, Audience: []string{"billing"}},
		refusal{explain.ExchangePermitted, 403, oauth.AccessDenied, "Token exchange not permitted: client app may not exchange to billing", "not_allowed", ""},
		func(p *play) { p.Audience = []string{"orders"} }},
	{"public client without a list", `tokenhouse admin update clients/kiosk -r shop -s 'attributes."tokenhouse.exchange.public"=true'`,
		play{Client: "kiosk", Subject: &held{Client: "kiosk", User: "alice"}, Audience: []string{"orders"}},
		refusal{explain.ExchangePermitted, 403, oauth.AccessDenied, "Token exchange not permitted: client kiosk may not exchange to orders", "not_allowed", ""},
		func(p *play) { p.Client, p.Subject.Client = "app", "app" }},
}

func TestRefused(t *testing.T) {
	for _, tt := range refused {
		t.Run(tt.name, func(t *testing.T) {
			s := shop(t)
			if tt.setup != "" {
				if err := s.Admin(tt.setup); err != nil {
					t.Fatal(err)
				}
			}
			tt.want.check(t, exchange.Decide(tt.play.request(t, s)))
			granted := tt.play
			if granted.Subject != nil {
				subject := *granted.Subject
				granted.Subject = &subject
			}
			tt.unless(&granted)
			if d := exchange.Decide(granted.request(t, s)); d.Refuse != nil {
				t.Errorf("its like is refused too: %v", d.Refuse)
			}
		})
	}
}

// A request with two faults hears of the one that comes first.
func TestOrder(t *testing.T) {
	s := shop(t)
	for i, first := range refused {
		for _, later := range refused[i+1:] {
			if first.setup != "" || later.setup != "" {
				continue
			}
			q, ok := both(first.play, later.play)
			if !ok {
				continue
			}
			d := exchange.Decide(q.request(t, s))
			if d.Refuse == nil || d.Refuse.Description != first.want.text {
				t.Errorf("%s and %s: %v", first.name, later.name, d.Refuse)
			}
		}
	}
}

// both is a play with the faults of two, where they are in different parameters of the same client's.
func both(a, b play) (play, bool) {
	if a.Client != b.Client || a.Subject == nil || b.Subject == nil || !reflect.DeepEqual(a.Subject, b.Subject) {
		return play{}, false
	}
	clash := a.Scope != nil && b.Scope != nil || a.Want != nil && b.Want != nil ||
		len(a.Audience) > 0 && len(b.Audience) > 0 || a.Type != nil && b.Type != nil
	if clash {
		return play{}, false
	}
	if a.Scope == nil {
		a.Scope = b.Scope
	}
	if a.Want == nil {
		a.Want = b.Want
	}
	if a.Type == nil {
		a.Type = b.Type
	}
	a.Audience = append(a.Audience, b.Audience...)
	a.Legacy = append(a.Legacy, b.Legacy...)
	return a, true
}
