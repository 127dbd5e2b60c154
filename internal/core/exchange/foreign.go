package exchange

import (
	"fmt"

	"github.com/tokenhouse/tokenhouse/internal/core/explain"
	"github.com/tokenhouse/tokenhouse/internal/core/federation"
	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
)

// Foreign is another issuer than the realm, whose token is to be exchanged, and what became of the token.
type Foreign struct {
	Name     string          // alias or issuer, as the request or else the token has it
	Provider *realm.Provider // that it means; nil: none
	Flaw     Flaw            // why the token is not believed; empty: it is, or nobody has looked yet
	Standing Standing        // why its user may not act here; empty: they may
}

// ForeignBy is the issuer that a request names; nil where it names the realm itself, whose issuer is here.
func ForeignBy(r *realm.Realm, here, name string) *Foreign {
	if name == here {
		return nil
	}
	return &Foreign{Name: name, Provider: federation.Named(r, name)}
}

// Flaw is what callers are told of a token of another issuer that is not believed.
type Flaw string

const (
	FlawToken Flaw = "invalid token"            // signature, issuer, time or audience: the event has the reason
	FlawType  Flaw = "token type not supported" // claim typ
)

// Standing says why somebody that another issuer knows may not act here.
type Standing string

const (
	Unlinked Standing = "no user is linked"                           // and none may be made unasked
	Taken    Standing = "another user has the name or the address"    // of the user that would be made
	Barred   Standing = "the user is disabled, or locked for a while" // or is somebody else's service account
	Stale    Standing = "the token is older than tokens may be"       // by the not-before of realm, client or user
	Undone   Standing = "the user has something to do before they may sign in"
)

// foreignTypes are the types of token that other issuers' may be said to be. What holds for one holds for all: what a
// token is it says itself.
var foreignTypes = []oauth.TokenType{oauth.TypeAccessToken, oauth.TypeIDToken, oauth.TypeJWT}

// Trusts tells whether tokens of an identity provider may be exchanged now.
func Trusts(p *realm.Provider) bool { return p.Enabled && federation.TrustIn(p).Exchange }

// StandsIn is the public client that counts as who asks where a request to exchange a provider's token names no client;
// nil where there is none. It may exchange both tokens of other issuers and without credentials.
func StandsIn(r *realm.Realm, p *realm.Provider) *realm.Client {
	c := r.Client(federation.TrustIn(p).Requester)
	if c == nil || !c.Enabled || !mayBePublic(c) || !TakesForeign(c) {
		return nil
	}
	return c
}

// trusted asks that the issuer is an identity provider of the realm that is trusted with exchanges; and so, of what came
// of another issuer's token before, that the provider by which that came still is.
func trusted(s *state, t *explain.Trace) *oauth.Error {
	name := ""
	if s.Foreign != nil {
		name = s.Foreign.Name
	} else if last := s.lastForeign(); last != nil {
		name = last.Issuer
	} else {
		return nil
	}
	p := s.issuer()
	switch {
	case p != nil:
		return s.reliesOn(p, t)
	case s.Foreign == nil:
		t.Add(explain.ExchangeIssuer, explain.Denied, name, "no identity provider of the realm has this issuer any more")
		return notTrusted()
	}
	t.Add(explain.ExchangeIssuer, explain.Denied, name, "no identity provider of the realm has this alias or issuer")
	return oauth.Errorf(oauth.InvalidIssuer, "Invalid subject_issuer parameter").InEvent("invalid_issuer", "invalid subject_issuer parameter")
}

// issuer is the provider by which what is exchanged came to the realm; nil where none has its alias or issuer.
func (s *state) issuer() *realm.Provider {
	if s.Foreign != nil {
		return s.Foreign.Provider
	}
	last := s.lastForeign()
	switch {
	case last == nil:
		return nil
	case last.Assertion:
		return federation.Vouching(s.Realm, last.Issuer)
	}
	return federation.Named(s.Realm, last.Issuer)
}

// lastForeign is the latest hop of another issuer, by which what is exchanged came to the realm; nil where it is the
// realm's own.
func (s *state) lastForeign() *token.Hop {
	for i := len(s.hops) - 1; i >= 0; i-- {
		if s.hops[i].Issuer != "" {
			return &s.hops[i]
		}
	}
	return nil
}

// reliance is what the realm takes from an identity provider, by the way that what is exchanged came from there.
type reliance struct {
	given   bool
	missing string // what is said where it is not given
	change  string // what gives it, with %s for the alias,
	setting string // of the provider, that is "true" then
}

// reliance is that on assertions, where what is exchanged came of one, or else that on tokens to exchange.
func (s *state) reliance(p *realm.Provider) reliance {
	if s.Foreign == nil && s.lastForeign().Assertion {
		return reliance{federation.Vouches(p), "assertions of the identity provider are no grants any more",
			"take assertions of %s", federation.SettingGrants}
	}
	return reliance{federation.TrustIn(p).Exchange, "the identity provider is not trusted with exchanges",
		"trust %s with exchanges", federation.SettingTrusted}
}

// reliesOn asks that the provider is on, and that the realm takes from it what came.
func (s *state) reliesOn(p *realm.Provider, t *explain.Trace) *oauth.Error {
	why := ""
	switch r := s.reliance(p); {
	case !p.Enabled:
		why = "the identity provider is switched off"
	case !r.given:
		why = r.missing
	default:
		t.Add(explain.ExchangeIssuer, explain.Allowed, p.Alias)
		return nil
	}
	t.Add(explain.ExchangeIssuer, explain.Denied, p.Alias, why)
	return notTrusted()
}

func notTrusted() *oauth.Error {
	return oauth.Errorf(oauth.AccessDenied, "Client not allowed to exchange").
		InEvent("not_allowed", "client not allowed to exchange subject_issuer")
}

// verified asks that the token of another issuer is believed.
func (s *state) verified(t *explain.Trace) *oauth.Error {
	if s.Foreign.Flaw == "" && s.Subject.Token != nil {
		t.Add(explain.ExchangeSubject, explain.Allowed, s.Subject.Token.Subject, s.Subject.Token.Issuer)
		return nil
	}
	flaw := s.Foreign.Flaw
	if flaw == "" {
		flaw = FlawToken
	}
	t.Add(explain.ExchangeSubject, explain.Denied, "", s.Subject.Flaw)
	return invalidToken(string(flaw), s.Subject.Flaw)
}

// linked asks that the token of another issuer is about a user of the realm who may act.
func linked(s *state, t *explain.Trace) *oauth.Error {
	if s.Foreign == nil {
		return nil
	}
	if s.Foreign.Standing == "" && s.Subject.User != nil {
		t.Add(explain.ExchangeLink, explain.Allowed, s.Subject.User.Username, s.Foreign.Provider.Alias)
		return nil
	}
	why := s.Foreign.Standing
	if why == "" {
		why = Unlinked
	}
	t.Add(explain.ExchangeLink, explain.Denied, s.Subject.Token.Subject, string(why))
	switch why {
	case Taken:
		return oauth.Errorf(oauth.InvalidToken, "User already exists").WithStatus(badRequest).InEvent("federated_identity_account_exists", "")
	case Barred, Stale:
		return invalidToken("Invalid Token", string(why))
	case Undone:
		const text = "Token exchange not permitted: account is not fully set up"
		return oauth.Errorf(oauth.InvalidRequest, text).InEvent("resolve_required_actions", text)
	}
	const text = "Token exchange not permitted: user is not linked"
	return oauth.Errorf(oauth.InvalidRequest, text).InEvent("not_allowed", text)
}

// badRequest is the HTTP status of RFC 6749 §5.2. That of "invalid_token" is another where the token lets somebody in.
const badRequest = 400

func invalidToken(text, reason string) *oauth.Error {
	return oauth.Errorf(oauth.InvalidToken, "%s", text).WithStatus(badRequest).InEvent("invalid_token", reason)
}

// fromAbroad tells whether another issuer's token is exchanged, or what came of that alone refreshed.
func (s *state) fromAbroad() bool {
	return s.Foreign != nil || len(s.hops) > 0 && s.hops[len(s.hops)-1].Issuer != ""
}

func fixIssuer(s *state, _ Decision) []explain.Fix {
	p := s.issuer()
	if p == nil {
		return say("send as subject_issuer the alias or the issuer of an identity provider of the realm")
	}
	var settings []explain.Setting
	if !p.Enabled {
		settings = append(settings, explain.Setting{Field: "enabled", Value: "true"})
	}
	r := s.reliance(p)
	if !r.given {
		settings = append(settings, explain.Config(r.setting, "true"))
	}
	return do(fmt.Sprintf(r.change, p.Alias), explain.Command("update", "identity-provider/instances/"+p.Alias, s.Realm.Name, settings...))
}

func fixLink(s *state, _ Decision) []explain.Fix {
	switch {
	case s.Foreign == nil || s.Foreign.Provider == nil || s.Foreign.Standing == Barred:
		return say("let an administrator enable or unlock the user")
	case s.Foreign.Standing == Stale:
		return say("get another token of the issuer")
	case s.Foreign.Standing == Undone:
		return say("let the user sign in once, and do what is asked")
	}
	alias := s.Foreign.Provider.Alias
	return append(
		say("let the user sign in by %s once: that links their account", alias),
		explain.Fix{Sentence: "link the account of the user, by its id", Command: explain.Command("create",
			"users/USER-ID/federated-identity/"+alias, s.Realm.Name,
			explain.Setting{Field: "userId", Value: s.Subject.Token.Subject}, explain.Setting{Field: "userName", Value: s.Subject.Token.Subject})})
}
