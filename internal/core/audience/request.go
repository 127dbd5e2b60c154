package audience

import (
	"github.com/tokenhouse/tokenhouse/internal/core/explain"
	"github.com/tokenhouse/tokenhouse/internal/core/mapper"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/session"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
)

// Request asks where a token may be used.
type Request struct {
	Realm  *realm.Realm
	Issuer string        // the realm's, as the caller reaches it
	Client *realm.Client // who gets the token
	User   *user.User    // who it speaks of, service accounts too; nil: nobody, who has no roles

	// Session is where claim mappers find session notes; nil where no session is kept.
	Session *session.Session

	// Scope is the parameter "scope", verbatim. Words that name no scope of the client are passed over:
	// whether they are an error is for who reads the parameter (realm.ScopesOf) to say.
	Scope string

	// Audiences are the only ones wanted, as a token exchange names them; nil: whatever comes.
	Audiences []string

	// Permitted are the audiences that Client may exchange to (tokenhouse.exchange.permitted): those of
	// Audiences that are among them are reachable without a mapper. For exchanges, and for refreshing
	// what came of one; nil elsewhere.
	Permitted []string

	// Within is what the token may have at most; nil: nothing bounds it. For exchanges too.
	Within *Bound

	// KeepScopes keeps the client scopes in play whose roles are all of clients that Audiences does not
	// name: where the request did not choose them but a rule took others away, and for a refresh token,
	// since Keycloak reads the scopes of its exchange before the filter is there.
	KeepScopes bool

	Use     mapper.Use // what is being made
	Explain bool       // record a trace
}

// Resolution is where a token may be used, and what led there.
type Resolution struct {
	Request

	// Scopes are the client scopes in play, defaults first.
	Scopes []*realm.ClientScope

	// Mappers are those of the scopes in play and of the client itself, in the order in which they are
	// applied, whatever they write to.
	Mappers []Source

	// Held are the roles of the user that the token may carry. Roles are those that it carries: mappers
	// add to them and rename them. Realm roles come first, those of a client together.
	Held  *realm.RoleSet
	Roles []realm.RoleRef

	// Audiences are those of the token, each once; the ones asked for are Request.Audiences.
	Audiences []string
	Missing   []string // asked for and not reachable, in the order asked
	Trace     *explain.Trace
}

// Source is a mapper and who brought it.
type Source struct {
	*realm.Mapper
	Kind  *mapper.Kind
	Scope *realm.ClientScope // nil: the client's own

	shapes bool // it bears on the roles or the audience
}

// From is the name of who brought the mapper, as "client scope roles".
func (s Source) From() string {
	if s.Scope == nil {
		return "the client"
	}
	return "client scope " + s.Scope.Name
}

// Subject is what the mapper is about, as far as its settings say: an audience, a claim, or its own name.
func (s Source) Subject() string {
	if s.Mapper.Kind == mapper.KindAudience {
		return mapper.IncludedAudience(s.Mapper)
	}
	if claim := s.Config["claim.name"]; claim != "" {
		return claim
	}
	return s.Name
}

// Shapes tells whether the mapper bears on the roles or the audience: Resolve has applied it.
func (s Source) Shapes() bool { return s.shapes }
