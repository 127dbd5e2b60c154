package mapper

import "github.com/tokenhouse/tokenhouse/internal/core/realm"

// Kind is a kind of mapper. Keycloak: protocol mapper provider.
type Kind struct {
	Name   string   // Keycloak's provider id
	Stage  Stage    // when its turn comes
	Fields []string // its settings, without those that say what it writes to

	uses     uses
	switches switches
	apply    func(*Work, *realm.Mapper) bool
}

// Stage is when a mapper's turn comes: those of an earlier stage are done first. Within a stage they come in
// the order of the scopes in play.
type Stage uint8

const (
	Subject     Stage = iota // sub, which others may replace
	Claim                    // what is not of another stage; one for "aud" replaces the audience
	Audience                 // adds audiences
	RoleRename               // renames roles
	RoleAdd                  // adds roles
	AudienceOf               // adds the clients of the roles there are now
	RoleClaim                // writes the roles there are now
	stagesCount              // how many there are
)

// Stages is how many stages there are.
const Stages = int(stagesCount)

// Acts tells whether mappers of this kind do anything. Others are kept for who reads the configuration.
func (k *Kind) Acts() bool { return k.apply != nil }

// Shapes tells whether a mapper bears on the roles or the audience, and so is applied when these are
// resolved. All others write claims that nothing else depends on.
func (k *Kind) Shapes(m *realm.Mapper) bool {
	switch k.Stage {
	case Audience, RoleRename, RoleAdd, AudienceOf:
		return true
	case Claim, RoleClaim:
		return m.Config[claimName] == "aud"
	}
	return false
}

// Apply lets a mapper of this kind write, and tells whether it had anything to write.
func (k *Kind) Apply(w *Work, m *realm.Mapper) bool { return k.apply != nil && k.apply(w, m) }

// KindOf finds the kind of a mapper, or gives nil where it is not known.
func KindOf(m *realm.Mapper) *Kind { return byName[m.Kind] }

// What kinds may write to.
var (
	tokens    = of(Access, Lightweight, ID, Introspection)
	everybody = of(Access, Lightweight, ID, UserInfo, Introspection)
	anything  = of(Access, Lightweight, ID, UserInfo, Introspection, Response)
	forAPIs   = of(Access, Lightweight, Introspection)
)

// The settings of many kinds.
const (
	claimName   = "claim.name"
	jsonType    = "jsonType.label"
	multivalued = "multivalued"
)

// The names of kinds that others ask for.
const (
	KindAudience = "oidc-audience-mapper"
	KindResolve  = "oidc-audience-resolve-mapper"
	KindFixed    = "oidc-hardcoded-claim-mapper"
	KindPairwise = "oidc-sha256-pairwise-sub-mapper"
	KindScript   = "oidc-script-based-protocol-mapper"
)

// Kinds are all kinds of mapper of OpenID Connect clients.
var Kinds = []Kind{
	{Name: KindAudience, Stage: Audience, uses: tokens, apply: audience, Fields: []string{clientAudience, customAudience}},
	{Name: KindResolve, Stage: AudienceOf, uses: forAPIs, switches: unlessOff, apply: audienceResolve},
	{Name: "tokenhouse-realm-audience-mapper", Stage: AudienceOf, uses: forAPIs, switches: unlessOff, apply: realmAudience},

	{Name: "oidc-role-name-mapper", Stage: RoleRename, uses: everybody, switches: always, apply: renameRole, Fields: []string{roleSetting, newRoleSetting}},
	{Name: "oidc-hardcoded-role-mapper", Stage: RoleAdd, uses: everybody, switches: always, apply: addRole, Fields: []string{roleSetting}},
	{Name: "oidc-usermodel-realm-role-mapper", Stage: RoleClaim, uses: everybody, apply: realmRoles, Fields: []string{claimName, jsonType, multivalued, realmPrefix}},
	{Name: "oidc-usermodel-client-role-mapper", Stage: RoleClaim, uses: everybody, apply: clientRoles, Fields: []string{claimName, jsonType, multivalued, clientPrefix, clientOfRoles}},

	{Name: "oidc-sub-mapper", Stage: Subject, uses: forAPIs, apply: subject},
	{Name: KindPairwise, Stage: Claim, uses: everybody, switches: always, apply: pairwise, Fields: []string{PairwiseSalt, PairwiseSector}},

	{Name: KindFixed, Stage: Claim, uses: anything, apply: hardcoded, Fields: []string{claimName, claimValue, jsonType}},
	{Name: "oidc-usermodel-attribute-mapper", Stage: Claim, uses: everybody, apply: attribute, Fields: []string{userAttribute, claimName, jsonType, multivalued, aggregate}},
	{Name: "oidc-usermodel-property-mapper", Stage: Claim, uses: everybody, apply: property, Fields: []string{userAttribute, claimName, jsonType}},
	{Name: "oidc-usersessionmodel-note-mapper", Stage: Claim, uses: anything, apply: note, Fields: []string{sessionNote, claimName, jsonType}},
	{Name: "oidc-group-membership-mapper", Stage: Claim, uses: everybody, apply: groups, Fields: []string{claimName, fullPath}},
	{Name: "oidc-full-name-mapper", Stage: Claim, uses: everybody, apply: fullName},
	{Name: "oidc-address-mapper", Stage: Claim, uses: everybody, apply: address, Fields: addressSettings()},
	{Name: "oidc-allowed-origins-mapper", Stage: Claim, uses: forAPIs, switches: unlessOff, apply: allowedOrigins},
	{Name: "oidc-acr-mapper", Stage: Claim, uses: tokens, apply: acr},
	{Name: "oidc-session-state-mapper", Stage: Claim, uses: tokens, apply: sessionState},
	{Name: "oidc-nonce-backwards-compatible-mapper", Stage: Claim, uses: of(Access, Lightweight), switches: always, apply: nonce},

	// Kept, not acted on.
	{Name: "oidc-amr-mapper"},
	{Name: "oidc-claims-param-token-mapper"},
	{Name: "oidc-claims-param-value-idtoken-mapper"},
	{Name: "oidc-organization-membership-mapper"},
	{Name: "oidc-parameterized-scope-mapper"},
	{Name: "oidc-parameterized-scope-user-property-mapper"},
	{Name: KindScript},
}

var byName = index()

func index() map[string]*Kind {
	m := make(map[string]*Kind, len(Kinds))
	for i := range Kinds {
		m[Kinds[i].Name] = &Kinds[i]
	}
	return m
}
