package explain

import (
	"maps"
	"slices"
	"strings"
)

// Rule is the name of a rule of the heart, as traces, tests, the log and docs/rules.md use it.
type Rule string

const (
	ScopeDefault   Rule = "scope.default"
	ScopeOptional  Rule = "scope.optional"
	ScopeUnasked   Rule = "scope.unasked"
	ScopePermitted Rule = "scope.permitted"

	RoleResolved Rule = "role.resolved"
	RoleClient   Rule = "role.client"
	RoleMapping  Rule = "role.scope-mapping"
	RoleMapper   Rule = "role.mapper"

	AudienceMapper    Rule = "audience.mapper"
	AudienceRole      Rule = "audience.role"
	AudienceRealm     Rule = "audience.realm"
	AudienceClaim     Rule = "audience.claim"
	AudienceClient    Rule = "audience.client"
	AudiencePermitted Rule = "audience.permitted"
	AudienceFilter    Rule = "audience.filter"
	AudienceRequested Rule = "audience.requested"
	AudienceResource  Rule = "audience.resource"

	ExchangeUnsupported   Rule = "exchange.unsupported"
	ExchangeEnabled       Rule = "exchange.enabled"
	ExchangeIssuer        Rule = "exchange.issuer"
	ExchangeLink          Rule = "exchange.link"
	ExchangeStored        Rule = "exchange.stored"
	ExchangeSubject       Rule = "exchange.subject"
	ExchangeProof         Rule = "exchange.proof"
	ExchangeType          Rule = "exchange.type"
	ExchangeTarget        Rule = "exchange.target"
	ExchangePublic        Rule = "exchange.public"
	ExchangeHolder        Rule = "exchange.holder"
	ExchangeResource      Rule = "exchange.resource"
	ExchangeScope         Rule = "exchange.scope"
	ExchangeSession       Rule = "exchange.session"
	ExchangeConsent       Rule = "exchange.consent"
	ExchangeActor         Rule = "exchange.actor"
	ExchangeDelegation    Rule = "exchange.delegation"
	ExchangeImpersonation Rule = "exchange.impersonation"
	ExchangePermitted     Rule = "exchange.permitted"
	ExchangeAccepts       Rule = "exchange.accepts"
	ExchangeChain         Rule = "exchange.chain"
	ExchangeCycle         Rule = "exchange.cycle"
	ExchangeDownscope     Rule = "exchange.downscope"
	ExchangeLifetime      Rule = "exchange.lifetime"

	AssertionGiven     Rule = "assertion.given"
	AssertionClient    Rule = "assertion.client"
	AssertionClaims    Rule = "assertion.claims"
	AssertionIdentity  Rule = "assertion.identity"
	AssertionProvider  Rule = "assertion.provider"
	AssertionPermitted Rule = "assertion.permitted"
	AssertionTime      Rule = "assertion.time"
	AssertionOnce      Rule = "assertion.once"
	AssertionSignature Rule = "assertion.signature"
	AssertionUser      Rule = "assertion.user"
	AssertionScope     Rule = "assertion.scope"
	AssertionProof     Rule = "assertion.proof"
	AssertionLineage   Rule = "assertion.lineage"
	AssertionChain     Rule = "assertion.chain"
	AssertionAudience  Rule = "assertion.audience"
	AssertionConsent   Rule = "assertion.consent"

	PolicyCondition Rule = "policy.condition"
	PolicyDemand    Rule = "policy.demand"

	ClaimMapper Rule = "claim.mapper"

	ProviderMapper    Rule = "provider.mapper"
	ProviderUsername  Rule = "provider.username"
	ProviderAttribute Rule = "provider.attribute"
	ProviderRole      Rule = "provider.role"
	ProviderGroup     Rule = "provider.group"
	ProviderNote      Rule = "provider.note"

	ReplayRealm  Rule = "replay.realm"
	ReplayClient Rule = "replay.client"
	ReplayGrant  Rule = "replay.grant"
)

// phrase says what a rule means, and what its outcomes say; %1 and %2 stand for a step's args,
// %s for its subject.
type phrase struct {
	meaning string
	because map[Outcome]string
}

var phrases = map[Rule]phrase{
	ScopeDefault: {"default client scopes of the client are always in play", map[Outcome]string{
		Kept: "default scope of client %1"}},
	ScopeOptional: {"optional client scopes are in play when the request names them", map[Outcome]string{
		Kept: "optional scope of client %1, asked for"}},
	ScopeUnasked: {"optional client scopes that the request does not name are not in play", map[Outcome]string{
		Skipped: "optional scope of client %1, not asked for"}},
	ScopePermitted: {"a client scope with role mappings is in play only for users who have one of the roles", map[Outcome]string{
		Dropped: "the user has none of its roles", Skipped: "the roles of it that the user has are of clients not asked for"}},
	RoleResolved: {"roles of the user, with composites and groups, that the token may carry", map[Outcome]string{
		Kept: "held by the user", None: "the user holds no role of it that the token may carry"}},
	RoleClient: {"roles of clients that are disabled or gone are left out", map[Outcome]string{
		Dropped: "held by the user, but its client is disabled or gone"}},
	RoleMapping: {"without full scope a client carries only its own roles and those of its scope mappings", map[Outcome]string{
		Dropped: "client %1 may not carry it: no scope mapping names it"}},
	RoleMapper: {"hardcoded-role and role-name mappers add and rename roles", map[Outcome]string{
		Added: "added by mapper %1 of %2", Dropped: "renamed by mapper %1 of %2"}},
	AudienceMapper: {"Audience mappers of the scopes in play add their client or custom string", map[Outcome]string{
		Added: "Audience mapper %1 of %2", Skipped: "Audience mapper %1 of %2 is not for this token", None: "no Audience mapper names it in the scopes in play"}},
	AudienceRole: {"Audience Resolve adds each other client of which the token has a role", map[Outcome]string{
		Added: "the token carries role %1 of it", Skipped: "Audience Resolve mapper %1 of %2 is not for this token",
		None: "the token carries a role of it, but no Audience Resolve mapper for this token is in play", Dropped: "a client's own roles do not make it an audience"}},
	AudienceRealm: {"the realm-audience mapper adds the realm's issuer when the token has realm roles", map[Outcome]string{
		Added: "the token carries realm roles", None: "the token carries no realm role", Skipped: "mapper %1 of %2 is not for this token"}},
	AudienceClaim: {"a claim mapper named aud replaces the audience", map[Outcome]string{
		Added: "set by claim mapper %1 of %2", Dropped: "replaced by claim mapper %1 of %2", Skipped: "claim mapper %1 of %2 is not for this token"}},
	AudienceClient: {"clients that are disabled or gone are no audience", map[Outcome]string{
		Dropped: "the client is disabled", None: "there is no such client"}},
	AudiencePermitted: {"a target that the requester lists as permitted and names is reachable without a mapper", map[Outcome]string{
		Added: "listed by %1 as permitted, and named in the request"}},
	AudienceFilter: {"the audiences that were asked for are kept, all others removed", map[Outcome]string{
		Dropped: "not asked for"}},
	AudienceRequested: {"each audience asked for must be reachable, or all are refused", map[Outcome]string{
		Allowed: "asked for and reachable", Denied: "not reachable by this client and user"}},
	AudienceResource: {"the resource asked for is of an enabled client, which is reachable and the only audience", map[Outcome]string{
		Allowed: "resource of client %1", Denied: "%1", Skipped: "no client of the realm names resources: it is not looked at"}},
	ExchangeUnsupported: {"parameters of the legacy exchange are refused", map[Outcome]string{
		Denied: "%1"}},
	ExchangeEnabled: {"standard token exchange must be switched on for the requester", map[Outcome]string{
		Allowed: "switched on", Denied: "switched off"}},
	ExchangeIssuer: {"tokens of another issuer are exchanged where an identity provider of the realm is trusted with that", map[Outcome]string{
		Allowed: "a trusted identity provider", Denied: "%1"}},
	ExchangeLink: {"the token of another issuer must be about somebody who is linked to an enabled user of the realm, who could sign in now", map[Outcome]string{
		Allowed: "linked at %1", Denied: "%1"}},
	ExchangeStored: {"a token that another issuer gave is given out to clients that list it, where it is kept for the user", map[Outcome]string{
		Allowed: "kept, and listed by %1", Denied: "%1"}},
	ExchangeSubject: {"the subject token must be a valid access token of this realm, or a valid token of a trusted issuer", map[Outcome]string{
		Allowed: "issued to %1", Denied: "%1"}},
	ExchangeProof: {"a bound subject token needs proof by its holder", map[Outcome]string{
		Allowed: "proved to have what the subject token is bound to", Denied: "%1"}},
	ExchangeType: {"the requested token type must be one that the requester may ask for; a refresh token of an exchange is good as long as that may be", map[Outcome]string{
		Allowed: "may be asked for", Denied: "may not be asked for by this client"}},
	ExchangeTarget: {"each audience asked for must be an enabled client of the realm", map[Outcome]string{
		Allowed: "an enabled client", Denied: "%1"}},
	ExchangePublic: {"a public client may exchange only where it is allowed to, its own tokens, to permitted audiences", map[Outcome]string{
		Allowed: "a public client that may exchange its own tokens", Denied: "%1"}},
	ExchangeHolder: {"the requester must be the client of the subject token, or in its audience", map[Outcome]string{
		Allowed: "%1", Denied: "neither the client of the subject token nor in its audience"}},
	ExchangeResource: {"the resources asked for are of enabled clients, within what the subject token was asked for, and the same as the audiences", map[Outcome]string{
		Allowed: "resource of client %1", Denied: "%1", Kept: "the subject token was asked for it", Skipped: "no client of the realm names resources: it is not looked at"}},
	ExchangeScope: {"each scope asked for must be a scope of the requester", map[Outcome]string{Denied: "not a scope of the requester"}},
	ExchangeSession: {"a refresh token needs an online session and a subject token that was not exchanged", map[Outcome]string{
		Denied: "%1"}},
	ExchangeConsent: {"where the requester needs consent the user must have given it", map[Outcome]string{
		Denied: "the user has not consented to %1"}},
	ExchangeImpersonation: {"who asks to be somebody else must be allowed to impersonate, and to have all rights that the other has", map[Outcome]string{
		Allowed: "%1 may impersonate", Denied: "%1"}},
	ExchangeActor: {"an actor token must be a valid access token of this realm, of the requester or for it", map[Outcome]string{
		Allowed: "issued to %1", Denied: "%1"}},
	ExchangeDelegation: {"who acts must be who the subject token says may act, or else the requester itself, or somebody who may impersonate, at each refresh too", map[Outcome]string{
		Allowed: "%1", Denied: "%1"}},
	ExchangePermitted: {"the requester lists the audiences that it may exchange to", map[Outcome]string{
		Allowed: "client %1 lists it", Denied: "client %1 does not list it", Dropped: "client %1 does not list it"}},
	ExchangeAccepts: {"the target lists the requesters that it accepts", map[Outcome]string{
		Allowed: "it lists %1", Denied: "it does not list %1", Dropped: "it does not list %1"}},
	ExchangeChain: {"no more exchanges follow one another than the realm allows", map[Outcome]string{
		Allowed: "exchange %1 in a row, of %2", Denied: "exchange %1 in a row, of %2"}},
	ExchangeCycle: {"a requester that a token has been through does not exchange it again", map[Outcome]string{
		Denied: "it is in the token's exchange_path"}},
	ExchangeDownscope: {"under downscope enforcement a token has no scope and no role that its subject could not have", map[Outcome]string{
		Dropped: "%1"}},
	AssertionGiven: {"there must be a JWT to be redeemed", map[Outcome]string{Denied: "%1"}},
	AssertionClient: {"the client must have credentials, and the JWT authorization grant switched on", map[Outcome]string{
		Allowed: "switched on", Denied: "%1"}},
	AssertionClaims: {"an assertion names its issuer and its subject", map[Outcome]string{Denied: "%1"}},
	AssertionIdentity: {"an identity assertion (ID-JAG) was made for the client, and its scopes are not widened", map[Outcome]string{
		Allowed: "made for it", Denied: "%1"}},
	AssertionProvider: {"the issuer must be that of one enabled identity provider whose assertions are grants", map[Outcome]string{
		Allowed: "identity provider %1", Denied: "%1"}},
	AssertionPermitted: {"the client lists the identity providers whose assertions it may redeem", map[Outcome]string{
		Allowed: "the client lists it", Denied: "%1"}},
	AssertionTime: {"an assertion is good for a short time", map[Outcome]string{Allowed: "it is its time", Denied: "%1"}},
	AssertionOnce: {"an assertion is used once, unless its provider allows otherwise", map[Outcome]string{
		Allowed: "it can be told whether it comes again", Denied: "%1"}},
	AssertionSignature: {"a key of the provider must have signed the assertion", map[Outcome]string{
		Allowed: "as it should be", Denied: "%1"}},
	AssertionUser: {"the subject must be linked to a user who may sign in", map[Outcome]string{
		Allowed: "linked at identity provider %1", Denied: "%1"}},
	AssertionScope: {"each scope asked for must be a scope of the client", map[Outcome]string{Denied: "%1"}},
	AssertionProof: {"an assertion that is bound to a key needs proof by its holder, and who acts by it stays named", map[Outcome]string{
		Allowed: "proved to have the key that it is bound to", Denied: "%1"}},
	AssertionLineage: {"an assertion of another realm of this server is worth what it was made of, which must stand there", map[Outcome]string{
		Denied: "%1"}},
	AssertionChain: {"no more exchanges are behind an assertion of another realm of this server than the realm allows, and none was the client's", map[Outcome]string{
		Allowed: "not too many exchanges are behind it", Denied: "%1"}},
	AssertionAudience: {"an assertion is for this realm, and for nobody else", map[Outcome]string{
		Allowed: "it is for this realm", Denied: "%1"}},
	AssertionConsent: {"where the client needs consent the user must have given it", map[Outcome]string{Denied: "%1"}},
	PolicyCondition: {"a client policy is for requests and clients that its conditions tell apart", map[Outcome]string{
		Allowed: "all conditions of the policy that can be asked here hold", Skipped: "the policy is not for this: its condition %1 does not hold",
		None: "the policy has no condition that can be asked here"}},
	PolicyDemand: {"a client policy makes demands by the executors of its profiles", map[Outcome]string{
		Denied: "demanded by policy %1: %2"}},
	ExchangeLifetime: {"an exchanged token does not outlive its subject and its actor token", map[Outcome]string{
		Kept: "subject and actor token live longer", Dropped: "cut to the rest of the subject's life, or the actor token's"}},
	ClaimMapper: {"claim mappers of the scopes in play write their claims", map[Outcome]string{
		Added: "mapper %1 of %2", Skipped: "mapper %1 of %2 is not for this token", None: "mapper %1 of %2 has no value for this user"}},
	ProviderMapper: {"mappers of identity providers are of a kind that is acted on", map[Outcome]string{
		Skipped: "nothing is known of kind %1"}},
	ProviderUsername: {"username templates say what a new user is called, and how people are known at the provider", map[Outcome]string{
		Added: "by mapper %1", None: "its template makes nothing of what the provider says"}},
	ProviderAttribute: {"attribute importers write e-mail address, names and attributes of the user, but none that the server itself writes", map[Outcome]string{
		Added: "by mapper %1", None: "mapper %1 has no value for it any more", Dropped: "mapper %1 names it, but it is not for mappers"}},
	ProviderRole: {"role importers grant and withdraw the role that their configuration names", map[Outcome]string{
		Added: "by mapper %1", Dropped: "mapper %1 is not for this user any more", None: "mapper %1 names it, but there is no such role"}},
	ProviderGroup: {"group importers put users into the group that their configuration names, and out of it", map[Outcome]string{
		Added: "by mapper %1", Dropped: "mapper %1 is not for this user any more", None: "mapper %1 names it, but there is no such group"}},
	ProviderNote: {"note importers write notes of the session, but none that the server itself writes", map[Outcome]string{
		Added: "by mapper %1", Dropped: "mapper %1 names it, but it is not for mappers"}},
	ReplayRealm: {"a realm that is disabled gives nobody a token", map[Outcome]string{
		Denied: "realm %s is disabled"}},
	ReplayClient: {"a client that is disabled or gone gets no token", map[Outcome]string{
		Denied: "client %s is %1"}},
	ReplayGrant: {"a client gets tokens only by the grants that are switched on for it", map[Outcome]string{
		Denied: "grant %1 is switched off for client %s"}},
}

// Rules are the names of all rules, sorted.
func Rules() []Rule { return slices.Sorted(maps.Keys(phrases)) }

// Meaning is the rule in one line.
func (r Rule) Meaning() string { return phrases[r].meaning }

// Because says in words why the step came out as it did.
func (s Step) Because() string {
	text, ok := phrases[s.Rule].because[s.Outcome]
	if !ok {
		return phrases[s.Rule].meaning
	}
	return strings.NewReplacer("%1", s.Args[0], "%2", s.Args[1], "%s", s.Subject).Replace(text)
}
