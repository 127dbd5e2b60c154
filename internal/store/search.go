package store

import (
	"context"
	"crypto/sha256"
	"slices"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/store/engine"
)

// Users are searched in tables of their own. user_search has a narrow row for each, in the order they are
// listed: passing over a thousand takes a millisecond. Its tokens (searchindex.go) lead to those who have
// some text in a name, and user_facet to those who have an attribute or a link. user_range tells how many
// users there are between two usernames (userrange.go), so that the page that begins with the
// 900,000th is found without passing over those before it. What is common is looked for in the order of
// the list, in digests of ranges (digest.go), and only of those that may have some.

// searched is what a user is searched by.
type searched struct {
	username, email, first, last string // in lower case
	account, enabled, verified   bool
	created                      int64
	facets                       []facet
	roles, groups                []string // keys
}

// facet is a hash of an attribute with one of its values, or of a link or part of one.
type facet [16]byte

func newFacet(kind string, texts ...string) facet {
	sum := sha256.Sum256([]byte(kind + "\x00" + strings.Join(texts, "\x00")))
	return facet(sum[:16])
}

func attributeFacet(name, value string) facet { return newFacet("attribute", name, value) }

// linkFacet is of a link at a provider, to a user there, or both; what is empty is any.
func linkFacet(provider, subject string) facet { return newFacet("link", provider, subject) }

func searchedOf(u *user.User) searched {
	lower := func(text string) string { return storable(strings.ToLower(text)) }
	s := searched{
		username: lower(u.Username), email: lower(u.Email), first: lower(u.FirstName), last: lower(u.LastName),
		account: u.ServiceAccount != "", enabled: u.Enabled, verified: u.EmailVerified, created: micros(u.Created),
		roles: u.Roles, groups: u.GroupKeys,
	}
	for name, values := range u.Attributes {
		for _, value := range values {
			s.facets = append(s.facets, attributeFacet(name, value))
		}
	}
	for _, l := range u.Links {
		s.facets = append(s.facets, linkFacet(l.Provider, l.Subject), linkFacet(l.Provider, ""), linkFacet("", l.Subject))
	}
	slices.SortFunc(s.facets, func(a, b facet) int { return slices.Compare(a[:], b[:]) })
	s.facets = slices.Compact(s.facets)
	return s
}

func (u *searched) names() []string { return []string{u.username, u.email, u.first, u.last} }

func (u *searched) columns(realmKey, id string) []any {
	return []any{realmKey, u.username, id, u.email, u.first, u.last, u.account, u.enabled, u.verified, u.created}
}

// sameRow tells whether two have the same row in user_search.
func (s *searched) sameRow(o *searched) bool {
	return s.username == o.username && s.email == o.email && s.first == o.first && s.last == o.last &&
		s.account == o.account && s.enabled == o.enabled && s.verified == o.verified && s.created == o.created
}

// putSearched are the statements that let a user be found.
func (s *Store) putSearched(realmKey, id string, u *searched) []engine.Statement {
	return append(s.index.put(realmKey, id, u), putFacets(realmKey, id, u)...)
}

func putFacets(realmKey, id string, u *searched) []engine.Statement {
	var out []engine.Statement
	for _, f := range u.facets {
		out = append(out, engine.Statement{
			SQL:  `INSERT INTO user_facet (realm, facet, user_id) VALUES ($1, $2, $3) ON CONFLICT (realm, facet, user_id) DO NOTHING`,
			Args: []any{realmKey, f[:], id},
		})
	}
	return out
}

// dropSearched are the statements that let a user not be found any more.
func (s *Store) dropSearched(realmKey, id string, u *searched) []engine.Statement {
	return append(s.index.drop(realmKey, u.username), dropFacets(realmKey, id, u)...)
}

func dropFacets(realmKey, id string, u *searched) []engine.Statement {
	var out []engine.Statement
	for _, f := range u.facets {
		out = append(out, engine.Statement{
			SQL:  `DELETE FROM user_facet WHERE realm = $1 AND facet = $2 AND user_id = $3`,
			Args: []any{realmKey, f[:], id},
		})
	}
	return out
}

// changeSearched lets a user be found by what they are now, and counts. It comes at the end of a
// transaction, before what is announced: it locks what neighbours lock.
func (s *Store) changeSearched(ctx context.Context, tx engine.Tx, realmKey, id string, before, after *searched) error {
	var batch []engine.Statement
	same := before.sameRow(after)
	if !same {
		batch = append(s.index.drop(realmKey, before.username), s.index.put(realmKey, id, after)...)
	}
	if !slices.Equal(before.facets, after.facets) {
		same = false
		batch = append(append(batch, dropFacets(realmKey, id, before)...), putFacets(realmKey, id, after)...)
	}
	if same && slices.Equal(before.roles, after.roles) && slices.Equal(before.groups, after.groups) {
		return nil
	}
	if err := tx.Send(ctx, batch); err != nil {
		return err
	}
	if before.username == after.username && before.account == after.account {
		return s.count(ctx, tx, realmKey, after, 0)
	}
	if err := s.count(ctx, tx, realmKey, before, -1); err != nil {
		return err
	}
	return s.count(ctx, tx, realmKey, after, 1)
}
