package grant

import (
	"context"
	"net/url"

	"github.com/tokenhouse/tokenhouse/internal/core/exchange"
	"github.com/tokenhouse/tokenhouse/internal/core/explain"
	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
	"github.com/tokenhouse/tokenhouse/internal/flow/verify"
)

// getsForeign tells whether a request is for the token of another issuer, by a client that may ask for such.
func (t *turn) getsForeign(q ExchangeRequest) bool {
	return q.RequestedIssuer != nil && t.client != nil && exchange.GetsForeign(t.client)
}

// outward is the issuer whose token is asked for, and what is at hand of it; nil where none is asked for. Nothing is
// looked up for who could not get it.
func (t *turn) outward(ctx context.Context, q ExchangeRequest, held verify.Held) (*exchange.Outward, error) {
	if q.RequestedIssuer == nil {
		return nil, nil
	}
	o := &exchange.Outward{Name: *q.RequestedIssuer, Provider: t.at.Realm.Provider(*q.RequestedIssuer)}
	if held.User == nil || !exchange.MayGet(t.client, o.Provider) {
		return o, nil
	}
	var err error
	o.Held, err = t.Abroad.Holding(ctx, t.at.Realm, held.User, o.Provider.Alias)
	return o, err
}

// handOut gives the token that another issuer gave for the user, if that was decided. Nothing is issued.
func (t *turn) handOut(ctx context.Context, q ExchangeRequest, ask exchange.Request, d exchange.Decision) (*Response, error) {
	t.recordOutward(ask, d)
	var all token.Object
	if d.Refuse == nil {
		err := t.count(ctx, realm.ByUser, ask.Subject.User.ID)
		if err != nil {
			return nil, err
		}
		if all, err = t.Abroad.HandOut(ctx, t.at.Realm, ask.Subject.User, ask.Outward.Provider.Alias); err != nil {
			return nil, err
		}
		if all == nil { // it has expired, and the issuer gives no other
			ask.Outward.Held = exchange.Lapsed
			d = t.decideExchange(q, ask)
		}
	}
	switch {
	case d.Refuse == nil:
		given, _ := all.Get("access_token").(string)
		t.event.Decision.GaveElsewhere(oauth.TypeAccessToken, given, token.Claims{})
		return &Response{Whole: t.handedOut(all, ask.Outward.Provider)}, nil
	case d.Refuse.Code == oauth.NotLinked || d.Refuse.Code == oauth.TokenExpired:
		return nil, d.Refuse.WithAccountLink(t.accountLink(ask.Outward.Provider))
	}
	return nil, d.Refuse
}

// handedOut is the answer, with the members that Keycloak adds to those of the issuer.
func (t *turn) handedOut(all token.Object, by *realm.Provider) token.Object {
	if all.Get("not-before-policy") == nil {
		all.Set(int64(0), "not-before-policy")
	}
	all.Set(string(oauth.TypeAccessToken), "issued_token_type")
	all.Set(t.accountLink(by), "account-link-url")
	return all
}

// accountLink is where the user links their account to one at a provider: an authorization request that asks for nothing
// else, to which the client adds its redirect_uri and what it adds to every such request.
func (t *turn) accountLink(p *realm.Provider) string {
	return t.at.Realm.Issuer(t.at.Base) + "/protocol/openid-connect/auth?" + url.Values{"client_id": {t.client.ID},
		"response_type": {"code"}, "scope": {oauth.ScopeOpenID}, "kc_action": {"idp_link:" + p.Alias}}.Encode()
}

// recordOutward tells the event whose token was asked for, as far as the rules got to it, and for whom.
func (t *turn) recordOutward(ask exchange.Request, d exchange.Decision) {
	switch d.Rule {
	case explain.ExchangeUnsupported, explain.ExchangeSubject, explain.PolicyDemand:
		return
	}
	t.about(ask.Subject.User)
	if s := ask.Subject.Session; s != nil {
		t.event.Session = s.ID
	}
	t.event.Set("subject_token_client_id", ask.Subject.Token.Client)
	if ask.As != nil {
		t.event.Set("requested_subject", ask.As.Name)
		t.event.Set("impersonator", ask.Subject.User.Username)
		return
	}
	t.event.Set("requested_issuer", ask.Outward.Name)
}
