package exchange_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenhouse/tokenhouse/internal/core/exchange"
	"github.com/tokenhouse/tokenhouse/internal/core/explain"
	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
)

func TestImpersonation(t *testing.T) {
	s := shop(t)
	p := play{Client: "gateway", Subject: &held{Client: "gateway", User: "ines"}, As: "alice", Audience: []string{"orders"}}
	d := exchange.Decide(p.request(t, s))
	if d.Grant == nil {
		t.Fatal(d.Refuse)
	}
	g := d.Grant
	if g.Resolution.User.Username != "alice" || g.Resolution.Session != nil || !cmp.Equal(g.Resolution.Audiences, []string{"orders"}) {
		t.Errorf("for %s in %v, aud %v", g.Resolution.User.Username, g.Resolution.Session, g.Resolution.Audiences)
	}
	want := &token.Actor{Subject: "ines", Client: "gateway", Token: "jti", Session: "session"}
	if diff := cmp.Diff(want, g.Actor); diff != "" || len(g.Path) != 1 {
		t.Errorf("act (-want +got):\n%spath %v", diff, g.Path)
	}
}

func TestImpersonationRefused(t *testing.T) {
	notAllowed := func(rule explain.Rule, reason string) refusal {
		return refusal{rule, 403, oauth.AccessDenied, "Client not allowed to exchange", "not_allowed", reason}
	}
	unsupported := refusal{explain.ExchangeUnsupported, 400, oauth.InvalidRequest, "Parameter 'requested_subject' is not supported for standard token exchange", "invalid_request", ""}
	const rule = explain.ExchangeImpersonation
	subject := "subject not allowed to impersonate"
	ines := func(change func(*held)) *held {
		h := &held{Client: "gateway", User: "ines"}
		if change != nil {
			change(h)
		}
		return h
	}
	tests := map[string]struct {
		setup string
		play  play
		want  refusal
	}{
		"who may not":                       {"", play{Client: "gateway", Subject: &held{Client: "gateway", User: "bob"}, As: "alice"}, unsupported},
		"who may not, as themselves":        {"", play{Client: "gateway", Subject: &held{Client: "gateway", User: "bob"}, As: "bob"}, unsupported},
		"no subject":                        {"", play{Client: "gateway", As: "alice"}, unsupported},
		"by a token that does not carry it": {"tokenhouse admin update clients/gateway -r shop -s fullScopeAllowed=false", play{Client: "gateway", Subject: ines(nil), As: "alice"}, unsupported},
		"an invalid subject":                {"", play{Client: "gateway", Subject: &held{Invalid: "expired"}, As: "alice"}, refusal{explain.ExchangeSubject, 400, oauth.InvalidRequest, "Invalid token", "invalid_token", "subject_token validation failure"}},
		"an ID token":                       {"", play{Client: "gateway", Subject: ines(nil), Type: ptr(idToken), As: "alice"}, refusal{explain.ExchangeSubject, 400, oauth.InvalidRequest, "Invalid token type, must be access token", "invalid_token", ""}},
		"exchange is off":                   {"", play{Client: "plain", Subject: &held{Client: "plain", User: "ines"}, As: "alice"}, notAllowed(rule, "client not allowed to impersonate")},
		"exchange is off, no subject":       {"", play{Client: "plain", As: "alice"}, notAllowed(rule, "client not allowed to impersonate")},
		"a public client":                   {"", play{Client: "app", Subject: &held{Client: "app", User: "ines"}, As: "alice"}, notAllowed(rule, "public clients not allowed")},
		"a token of another client":         {"", play{Client: "gateway", Subject: &held{Client: "app", User: "ines"}, As: "alice"}, refusal{explain.ExchangeHolder, 403, oauth.AccessDenied, "Client is not within the token audience", "not_allowed", "client is not within the token audience"}},
		"nobody":                            {"", play{Client: "gateway", Subject: ines(nil), As: "nobody"}, notAllowed(rule, "requested_subject not found")},
		"who is disabled":                   {"", play{Client: "gateway", Subject: ines(nil), As: "dora"}, notAllowed(rule, "requested_subject not found")},
		"who is a client that is disabled":  {"tokenhouse admin update clients/gateway -r shop -s enabled=false", play{Client: "refresher", Subject: &held{Client: "refresher", User: "ines"}, As: "service-account-gateway"}, notAllowed(rule, "requested_subject not found")},
		"who administrates more":            {"", play{Client: "gateway", Subject: ines(nil), As: "root"}, notAllowed(rule, subject)},
		"with an actor token":               {"", play{Client: "gateway", Subject: ines(nil), Actor: actorsOf["own"], As: "alice"}, notAllowed(rule, subject)},
		"with half an actor token":          {"", play{Client: "gateway", Subject: ines(nil), ActorType: ptr(idToken), As: "alice"}, notAllowed(rule, subject)},
		"out of an impersonation":           {"", play{Client: "gateway", Subject: ines(func(h *held) { h.Act = []string{"root"} }), As: "alice"}, notAllowed(rule, subject)},
		"where somebody may act":            {"", play{Client: "gateway", Subject: ines(func(h *held) { h.MayAct = `{"sub":"ines"}` }), As: "alice"}, notAllowed(rule, subject)},
		"for an ID token":                   {"", play{Client: "gateway", Subject: ines(nil), As: "alice", Want: ptr(idToken)}, refusal{explain.ExchangeType, 400, oauth.InvalidRequest, "requested_token_type unsupported", "invalid_request", ""}},
		"for a refresh token": {"", play{Client: "refresher", Subject: &held{Client: "refresher", User: "ines"}, As: "alice", Want: ptr(refresh)},
			refusal{explain.ExchangeSession, 400, oauth.InvalidRequest, "Refresh token not valid as requested_token_type because creating a new session is needed", "invalid_request", ""}},
		"beyond what the other may": {"", play{Client: "gateway", Subject: ines(nil), As: "bob", Audience: []string{"orders"}},
			refusal{explain.AudienceRequested, 400, oauth.InvalidRequest, "Requested audience not available: orders", "invalid_request", ""}},
		"without the other's consent": {"", play{Client: "consenting", Subject: &held{Client: "consenting", User: "ines"}, As: "bob"},
			refusal{explain.ExchangeConsent, 400, oauth.InvalidScope, "Missing consents for Token Exchange in client consenting", "consent_denied", ""}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := shop(t)
			if tt.setup != "" {
				if err := s.Admin(tt.setup); err != nil {
					t.Fatal(err)
				}
			}
			q := tt.play.request(t, s)
			d := exchange.Decide(q)
			tt.want.check(t, d)
			if len(exchange.Fixes(q, d)) == 0 {
				t.Error("no fix")
			}
		})
	}
	granted := []play{
		{Client: "gateway", Subject: ines(nil), As: "alice"},
		{Client: "gateway", Subject: ines(nil), As: "ines"},
		{Client: "gateway", Subject: ines(nil), As: "service-account-gateway"},
		{Client: "gateway", Subject: &held{Client: "gateway", User: "root"}, As: "ines"},
		{Client: "gateway", Subject: &held{Client: "spa", User: "ines"}, As: "alice"},
		{Client: "consenting", Subject: &held{Client: "consenting", User: "ines"}, As: "alice"},
	}
	s := shop(t)
	for _, p := range granted {
		if d := exchange.Decide(p.request(t, s)); d.Refuse != nil {
			t.Errorf("%s as %s: %v", p.Subject.User, p.As, d.Refuse)
		}
	}
}
