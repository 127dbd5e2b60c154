package exchange

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/audience"
	"github.com/tokenhouse/tokenhouse/internal/core/explain"
	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/core/permit"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
)

// Fixes are changes each of which makes the refusal of d vanish; another rule may refuse then. Where
// configuration can change it there is a command to run. Where the request itself is at fault, a sentence
// says what to send instead.
func Fixes(q Request, d Decision) []explain.Fix {
	fix := fixes[d.Rule]
	if d.Refuse == nil || fix == nil {
		return nil
	}
	return fix(&state{Request: q, kind: requestedType(q)}, d)
}

var fixes = map[explain.Rule]func(*state, Decision) []explain.Fix{
	explain.ExchangeUnsupported:   fixUnsupported,
	explain.ExchangeActor:         fixActor,
	explain.ExchangeDelegation:    fixDelegation,
	explain.ExchangeImpersonation: fixImpersonation,
	explain.ExchangeEnabled:       fixEnabled,
	explain.ExchangeIssuer:        fixIssuer,
	explain.ExchangeLink:          fixLink,
	explain.ExchangeStored:        fixStored,
	explain.ExchangeSubject:       fixSubject,
	explain.PolicyDemand:          fixPolicy,
	explain.ExchangeProof:         fixProof,
	explain.ExchangeType:          fixType,
	explain.ExchangeTarget:        fixTarget,
	explain.ExchangePublic:        fixPublic,
	explain.ExchangeHolder:        fixHolder,
	explain.ExchangeResource:      fixResource,
	explain.ExchangeScope:         fixScope,
	explain.ExchangeSession:       fixSession,
	explain.ExchangeConsent:       fixConsent,
	explain.ExchangePermitted:     fixPermitted,
	explain.ExchangeAccepts:       fixAccepts,
	explain.ExchangeChain:         fixChain,
	explain.ExchangeCycle:         fixCycle,
	explain.AudienceRequested:     fixReachable,
}

const (
	attributeEnabled   = "standard.token.exchange.enabled"
	attributeRefresh   = "standard.token.exchange.enableRefreshRequestedTokenType"
	attributeUse       = "use.refresh.tokens"
	attributeIssuers   = "tokenhouse.exchange.issuers"
	attributeExternal  = "tokenhouse.exchange.external"
	attributePublic    = "tokenhouse.exchange.public"
	attributePermitted = "tokenhouse.exchange.permitted"
	attributeAccepts   = "tokenhouse.exchange.accepts"
	attributeChain     = "tokenhouse.exchange.chain-limit"
	attributeCycles    = "tokenhouse.exchange.refuse-cycles"
	attributeResources = "tokenhouse.resources"
)

func fixUnsupported(s *state, _ Decision) []explain.Fix {
	if slices.Contains(s.Legacy, "subject_issuer") && len(s.Legacy) == 1 && s.As == nil {
		return do("let "+s.Client.ID+" exchange tokens of trusted identity providers", s.set(s.Client, explain.Attribute(attributeExternal, "true")))
	}
	if slices.Equal(s.Legacy, []string{"requested_issuer"}) && s.As == nil && s.Outward != nil && s.Outward.Provider != nil {
		return fixStored(s, Decision{})
	}
	if s.unimpersonating() && len(s.Legacy) == 0 && s.Foreign == nil {
		return append(s.letImpersonate(s.Subject), say("leave out requested_subject")...)
	}
	if s.As != nil {
		return say("leave out requested_subject, or else %s", strings.Join(s.Legacy, ", "))
	}
	return say("leave out %s: the standard exchange has no such parameter", strings.Join(s.Legacy, ", "))
}

func fixActor(s *state, _ Decision) []explain.Fix {
	switch {
	case s.Actor == nil:
		return say("send the access token of who acts as actor_token, or leave out actor_token_type")
	case s.ActorType == nil || *s.ActorType != oauth.TypeAccessToken:
		return say("send actor_token_type=%s, and an access token", oauth.TypeAccessToken)
	case !s.Actor.valid():
		return say("get a new actor token: this one is not valid (%s)", s.Actor.flaw())
	}
	return say("get an actor token at %s, or one with it in the audience", s.Client.ID)
}

func fixDelegation(s *state, _ Decision) []explain.Fix {
	may := s.Subject.Token.MayAct
	switch {
	case s.Outward != nil:
		return say("leave out the actor token, and send a subject token that nobody acts by, and that names nobody who may act")
	case MakesIdentity(s.Client, s.RequestedType):
		return say("ask without an actor token and without requested_subject, by an ID token that names nobody who may act")
	case s.Actor == nil:
		return say("send an access token of who may act as actor_token")
	case s.Actor.User.ID == s.Subject.User.ID:
		return say("leave out actor_token: nobody acts for themselves")
	case s.Actor.Token.Actor != nil || len(s.Actor.Token.Path) > 0:
		return say("send the token that the actor was issued first, which did not come by an exchange")
	case may != nil:
		return say("send an access token of who may act as actor_token, or get a subject token that names %s as who may act", s.Actor.User.Username)
	}
	return append(s.letImpersonate(s.Actor),
		say("send a token that %s got by its own credentials as actor_token, or a subject token that names %s as who may act",
			s.Client.ID, s.Actor.User.Username)...)
}

func fixImpersonation(s *state, _ Decision) []explain.Fix {
	switch {
	case s.Outward != nil:
		return say("leave out requested_subject, or else requested_issuer")
	case s.Subject == nil:
		return say("send an access token of who impersonates as subject_token")
	case s.Client.Public:
		return say("let a client with credentials ask")
	case !switchedOn(s.Client):
		return fixEnabled(s, Decision{})
	case s.Actor != nil || s.ActorType != nil:
		return say("leave out the actor token: who impersonates is the subject")
	case s.Subject.Token.Actor != nil || s.Subject.Token.MayAct != nil:
		return say("send a subject token that nobody acts by, and that names nobody who may act")
	case !s.impersonates(s.Subject):
		return s.letImpersonate(s.Subject)
	case s.As.User == nil || !s.As.User.Enabled:
		return say("name an enabled user, by username or id, as requested_subject")
	}
	return say("let somebody impersonate %s who has the same rights of administration", s.As.User.Username)
}

// letImpersonate gives a user the right to impersonate. The token must carry it too.
func (s *state) letImpersonate(held *Subject) []explain.Fix {
	if held == nil || !held.valid() {
		return nil
	}
	role := permit.Impersonation.Names()[0]
	sentence := "let " + held.User.Username + " impersonate"
	if c := s.Realm.Client(held.Token.Client); c != nil && !c.FullScope {
		sentence += ", and let " + c.ID + " carry the role by a scope mapping"
	}
	return do(sentence+", and get a new token",
		explain.AddRole(s.Realm.Name, held.User.Username, realm.OwnManagementClient(s.Realm.Name), role))
}

func fixEnabled(s *state, _ Decision) []explain.Fix {
	if s.Client.Public {
		return fixPublic(s, Decision{})
	}
	return do("switch token exchange on for "+s.Client.ID, s.set(s.Client, explain.Attribute(attributeEnabled, "true")))
}

func fixSubject(s *state, _ Decision) []explain.Fix {
	switch {
	case s.Foreign != nil:
		return say("send a new access or ID token of the issuer, for an audience or of a client that the identity provider's settings name")
	case s.Subject == nil:
		return say("send an access token of this realm as subject_token")
	case s.SubjectType == nil || *s.SubjectType != oauth.TypeAccessToken:
		return say("send subject_token_type=%s, and an access token", oauth.TypeAccessToken)
	case s.Subject.Flaw != "":
		return say("get a new access token: this one is refused (%s)", s.Subject.Flaw)
	}
	return say("get a new access token: this one is not valid")
}

// fixPolicy says what stands against a request. Policies are one list: there is no command that takes a client out of one
// and leaves the others as they are.
func fixPolicy(s *state, d Decision) []explain.Fix {
	out := say("ask for what the client policy allows: %s", d.Refuse.Description)
	if s.Subject != nil && s.Subject.Token != nil && d.Refuse.Code == oauth.InvalidScope {
		out = say("ask for scopes that the subject token has: %s", s.Subject.Token.Scopes())
	}
	return append(out, say("let the conditions of the client policy leave %s out (GET and PUT /admin/realms/%s/client-policies/policies)", s.Client.ID, s.Realm.Name)...)
}

func fixProof(s *state, _ Decision) []explain.Fix {
	return say("exchange the token as its own client, with a DPoP proof by the key, or over TLS with the certificate, that the token is bound to")
}

func fixType(s *state, _ Decision) []explain.Fix {
	if s.kind != oauth.TypeRefreshToken || s.Client.Public || s.Outward != nil {
		return say("ask for an access token: requested_token_type=%s", oauth.TypeAccessToken)
	}
	settings := []explain.Setting{explain.Attribute(attributeRefresh, "SAME_SESSION")}
	if s.Client.Tokens.NoRefresh {
		settings = append(settings, explain.Attribute(attributeUse, "true"))
	}
	return do("let "+s.Client.ID+" exchange for refresh tokens", s.set(s.Client, settings...))
}

func fixTarget(s *state, _ Decision) []explain.Fix {
	var missing, disabled []string
	ids := s.Audiences
	if len(ids) == 0 {
		ids = []string{s.Client.ID}
	}
	for _, id := range ids {
		switch c := s.Realm.Client(id); {
		case c == nil && !s.custom(id):
			missing = append(missing, explain.Command("create", "clients", s.Realm.Name, explain.Setting{Field: "clientId", Value: id}))
		case c != nil && !c.Enabled:
			disabled = append(disabled, s.set(c, explain.Setting{Field: "enabled", Value: "true"}))
		}
	}
	if len(missing) > 0 {
		return do("make the clients that are missing, or name others", missing...)
	}
	return do("enable the clients that are disabled", disabled...)
}

func fixPublic(s *state, _ Decision) []explain.Fix {
	return append(
		do("let "+s.Client.ID+" exchange tokens issued to itself, to the audiences that it lists as permitted",
			s.set(s.Client, explain.Attribute(attributePublic, "true"))),
		do("give "+s.Client.ID+" credentials", s.set(s.Client,
			explain.Setting{Field: "publicClient", Value: "false"}, explain.Attribute(attributeEnabled, "true")))...)
}

func fixHolder(s *state, _ Decision) []explain.Fix {
	issued := s.Realm.Client(s.Subject.Token.Client)
	if s.Client.Public || issued == nil {
		return say("exchange a token that was issued to %s", s.Client.ID)
	}
	return do(fmt.Sprintf("name %s in the audience of tokens of %s, and get a new one", s.Client.ID, issued.ID),
		explain.Command("create", "clients/"+issued.Key+"/protocol-mappers/models", s.Realm.Name,
			explain.Setting{Field: "name", Value: s.Client.ID + "-audience"},
			explain.Setting{Field: "protocol", Value: "openid-connect"},
			explain.Setting{Field: "protocolMapper", Value: "oidc-audience-mapper"},
			explain.Config("included.client.audience", s.Client.ID),
			explain.Config("access.token.claim", "true"),
			explain.Config("lightweight.claim", "true")))
}

func fixScope(s *state, _ Decision) []explain.Fix {
	var commands, unknown []string
	for word := range strings.SplitSeq(*s.Scope, " ") {
		if _, ok := s.Realm.ScopesOf(s.Client, word); ok {
			continue
		}
		scope := s.Realm.Scope(word)
		if scope == nil {
			unknown = append(unknown, fmt.Sprintf("%q", word))
			continue
		}
		commands = append(commands, explain.Command("update", "clients/"+s.Client.Key+"/optional-client-scopes/"+scope.Key, s.Realm.Name))
	}
	if len(unknown) > 0 {
		return say("leave out of scope what is no client scope of the realm: %s", strings.Join(unknown, ", "))
	}
	slices.Sort(commands)
	return do("make the scopes optional scopes of "+s.Client.ID, slices.Compact(commands)...)
}

func fixSession(s *state, _ Decision) []explain.Fix {
	out := say("ask for an access token: requested_token_type=%s", oauth.TypeAccessToken)
	if scope := s.Realm.Scope(oauth.ScopeOffline); scope != nil && slices.Contains(s.Client.DefaultScopes, scope.Key) {
		return append(out, do("take offline_access from the default scopes of "+s.Client.ID,
			explain.Command("delete", "clients/"+s.Client.Key+"/default-client-scopes/"+scope.Key, s.Realm.Name))...)
	}
	return out
}

func fixConsent(s *state, _ Decision) []explain.Fix {
	user, _ := s.person()
	return append(
		do("let "+s.Client.ID+" do without consent", s.set(s.Client, explain.Setting{Field: "consentRequired", Value: "false"})),
		say("let %s sign in at %s and consent to its scopes", user.Username, s.Client.ID)...)
}

func fixPermitted(s *state, d Decision) []explain.Fix {
	var list []string
	if s.Client.Exchange.Permitted != nil {
		list = slices.Clone(*s.Client.Exchange.Permitted)
	}
	grow := func(ids ...string) explain.Fix {
		return explain.Fix{
			Sentence: fmt.Sprintf("let %s exchange to %s", s.Client.ID, strings.Join(ids, ", ")),
			Command:  s.set(s.Client, explain.Attribute(attributePermitted, strings.Join(slices.Concat(list, ids), "##"))),
		}
	}
	var out []explain.Fix
	if len(s.Audiences) == 0 { // any one of those that were dropped is enough
		for _, id := range d.Targets {
			out = append(out, grow(id))
		}
		return out
	}
	return []explain.Fix{grow(slices.DeleteFunc(s.filter(), s.lists)...)}
}

func fixAccepts(s *state, d Decision) []explain.Fix {
	grow := func(id string) string {
		c, list := s.Realm.Client(id), []string{s.Client.ID}
		if c.Exchange.Accepts != nil {
			list = slices.Concat(*c.Exchange.Accepts, list)
		}
		return s.set(c, explain.Attribute(attributeAccepts, strings.Join(list, "##")))
	}
	var out []explain.Fix
	if len(s.Audiences) == 0 {
		for _, id := range d.Targets {
			out = append(out, do("let "+id+" accept exchanges from "+s.Client.ID, grow(id))...)
		}
		return out
	}
	ids := slices.DeleteFunc(s.filter(), s.accepts)
	var commands []string
	for _, id := range ids {
		commands = append(commands, grow(id))
	}
	return do("let "+strings.Join(ids, ", ")+" accept exchanges from "+s.Client.ID, commands...)
}

func fixChain(s *state, _ Decision) []explain.Fix {
	hops := len(s.Subject.Token.Path) + 1
	return append(
		do(fmt.Sprintf("allow chains of %d exchanges in the realm", hops),
			s.setRealm(explain.Attribute(attributeChain, strconv.Itoa(hops)))),
		say("exchange a token that has fewer exchanges behind it")...)
}

func fixCycle(s *state, _ Decision) []explain.Fix {
	return append(
		say("let %s keep the token that it exchanged first, and exchange that", s.Client.ID),
		do("let tokens come back to clients that they went through", s.setRealm(explain.Attribute(attributeCycles, "false")))...)
}

// fixReachable offers what makes the audiences reachable: for one, whatever does; for several, what does for all.
func fixReachable(s *state, d Decision) []explain.Fix {
	var out []explain.Fix
	q := s.audienceRequest()
	if len(d.Targets) == 1 {
		out = audience.Fixes(q, d.Targets[0])
	}
	if s.Client.Exchange.Permitted == nil {
		out = append(out, do(fmt.Sprintf("list what %s may exchange to: it reaches these without a mapper, and no others", s.Client.ID),
			s.set(s.Client, explain.Attribute(attributePermitted, strings.Join(s.filter(), "##"))))...)
	}
	return out
}

// set is the command that changes a client.
func (s *state) set(c *realm.Client, settings ...explain.Setting) string {
	return explain.Command("update", "clients/"+c.Key, s.Realm.Name, settings...)
}

// setRealm is the command that changes the realm.
func (s *state) setRealm(settings ...explain.Setting) string {
	return explain.Command("update", "realms/"+s.Realm.Name, s.Realm.Name, settings...)
}

// do is a fix by commands, all of which are needed.
func do(sentence string, commands ...string) []explain.Fix {
	return []explain.Fix{{Sentence: sentence, Command: explain.All(commands...)}}
}

// say is a fix that only who asks can make.
func say(format string, args ...any) []explain.Fix {
	return []explain.Fix{{Sentence: fmt.Sprintf(format, args...)}}
}
