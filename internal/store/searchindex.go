package store

import (
	"hash/fnv"
	"iter"
	"slices"
	"strconv"

	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/store/engine"
)

// A token is a hash of the realm and of three letters that follow one another in a name, where the
// beginning and the end of the name count as letters. Who has a text in a name has all of its tokens. The
// reverse need not hold: what tokens lead to is looked at once more.
//
// How tokens are kept, and found, is the only SQL that the databases do not have in common: an array with
// a GIN index on PostgreSQL, which every role may make, and full-text search on SQLite.
type searchIndex interface {
	// put adds the row of a user to user_search, with its tokens; drop removes it.
	put(realmKey, id string, u *searched) []engine.Statement
	drop(realmKey, username string) []engine.Statement

	// having is what follows FROM where rows u of user_search are wanted that have all the tokens, which
	// are at most so many. It adds arguments.
	having(c *conditions, tokens []uint32, most int) string
	// probe counts those who have all the tokens, which are of one realm, up to so many.
	probe(tokens []uint32, most int) (query string, args []any)

	// bury are statements that delete tokens of a realm before so many rows of user_search, in their order.
	bury(realmKey string, rows int64) []engine.Statement
}

// allSearched is what follows FROM where rows u of user_search are wanted, whichever.
const allSearched = "user_search u"

func indexOf(db *engine.Database) searchIndex {
	if db.Shared() {
		return tokenColumn{}
	}
	return tokenTable{}
}

// The letters before and after a name.
const (
	opening = '\x02'
	closing = '\x03'
)

// lettersOf are the letters of each part of patterns, and that a name begins before them or ends after them where it must.
func lettersOf(patterns []user.Pattern) iter.Seq[[]rune] {
	return func(yield func([]rune) bool) {
		for _, p := range patterns {
			for i, part := range p.Parts {
				letters := []rune(part)
				if i == 0 && p.Start {
					letters = append([]rune{opening}, letters...)
				}
				if i == len(p.Parts)-1 && p.End {
					letters = append(letters, closing)
				}
				if !yield(letters) {
					return
				}
			}
		}
	}
}

// tokensOf are the tokens of names, each once.
func tokensOf(realmKey string, names ...string) []uint32 {
	var out []uint32
	for _, name := range names {
		if name == "" {
			continue
		}
		letters := []rune(string(opening) + name + string(closing))
		out = append(appendTokens(out, realmKey, letters), token(realmKey, letters[:2]))
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func appendTokens(to []uint32, realmKey string, letters []rune) []uint32 {
	for i := 0; i+3 <= len(letters); i++ {
		to = append(to, token(realmKey, letters[i:i+3]))
	}
	return to
}

func token(realmKey string, letters []rune) uint32 {
	h := fnv.New32a()
	_, _ = h.Write([]byte(realmKey))
	_, _ = h.Write([]byte(string(letters)))
	return h.Sum32()
}

// tokensFor are tokens that everybody has who looks like this; none where the pattern is too short for any.
func tokensFor(realmKey string, patterns []user.Pattern) []uint32 {
	var out []uint32
	for letters := range lettersOf(patterns) {
		if len(letters) == 2 && letters[0] == opening && letters[1] != closing {
			out = append(out, token(realmKey, letters))
		}
		out = appendTokens(out, realmKey, letters)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// tokenColumn keeps tokens in a column of user_search.
type tokenColumn struct{}

func (tokenColumn) put(realmKey, id string, u *searched) []engine.Statement {
	return []engine.Statement{{
		SQL: `INSERT INTO user_search (realm, username, user_id, email, first_name, last_name, account, enabled, verified, created, tokens)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
		Args: append(u.columns(realmKey, id), numbers(tokensOf(realmKey, u.names()...))),
	}}
}

func (tokenColumn) drop(realmKey, username string) []engine.Statement {
	return []engine.Statement{{SQL: `DELETE FROM user_search WHERE realm = $1 AND username = $2`, Args: []any{realmKey, username}}}
}

// having begins with the tokens: PostgreSQL plans what has an OFFSET by itself, and all of it, which is what the
// index is for. Else it may expect to soon meet enough users in the order of the list, and meet all.
func (tokenColumn) having(c *conditions, tokens []uint32, _ int) string {
	return "(SELECT * FROM user_search WHERE tokens @> " + c.arg(numbers(tokens)) + " OFFSET 0) u"
}

func (tokenColumn) probe(tokens []uint32, most int) (string, []any) {
	return `SELECT COUNT(*) FROM (SELECT 1 FROM (SELECT 1 FROM user_search WHERE tokens @> $1 OFFSET 0) found LIMIT $2) hits`,
		[]any{numbers(tokens), int64(most)}
}

func (tokenColumn) bury(string, int64) []engine.Statement { return nil }

// numbers are tokens as PostgreSQL has them, which knows no unsigned numbers.
func numbers(tokens []uint32) []int32 {
	out := make([]int32, len(tokens))
	for i, t := range tokens {
		out[i] = int32(t)
	}
	return out
}

// tokenTable keeps tokens in a table for full-text search, whose rows have numbers.
type tokenTable struct{}

func (tokenTable) put(realmKey, id string, u *searched) []engine.Statement {
	return []engine.Statement{{
		SQL: `INSERT INTO user_search (realm, username, user_id, email, first_name, last_name, account, enabled, verified, created, num)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, (SELECT COALESCE(MAX(num), 0) + 1 FROM user_search))`,
		Args: u.columns(realmKey, id),
	}, {
		SQL:  `INSERT INTO user_token (rowid, tokens) SELECT num, $3 FROM user_search WHERE realm = $1 AND username = $2`,
		Args: []any{realmKey, u.username, words(tokensOf(realmKey, u.names()...), " ")},
	}}
}

func (tokenTable) drop(realmKey, username string) []engine.Statement {
	of := []any{realmKey, username}
	return []engine.Statement{
		{SQL: `DELETE FROM user_token WHERE rowid = (SELECT num FROM user_search WHERE realm = $1 AND username = $2)`, Args: of},
		{SQL: `DELETE FROM user_search WHERE realm = $1 AND username = $2`, Args: of},
	}
}

// having begins with the tokens: CROSS JOIN keeps SQLite from beginning with all users of the realm.
func (tokenTable) having(c *conditions, tokens []uint32, most int) string {
	return "(SELECT rowid AS num FROM user_token WHERE user_token MATCH " + c.arg(words(tokens, " AND ")) +
		" LIMIT " + c.arg(int64(most)) + ") t CROSS JOIN user_search u ON u.num = t.num"
}

func (tokenTable) probe(tokens []uint32, most int) (string, []any) {
	return `SELECT COUNT(*) FROM (SELECT 1 FROM user_token WHERE user_token MATCH $1 LIMIT $2)`, []any{words(tokens, " AND "), int64(most)}
}

func (tokenTable) bury(realmKey string, rows int64) []engine.Statement {
	return []engine.Statement{{
		SQL:  `DELETE FROM user_token WHERE rowid IN (SELECT num FROM user_search WHERE realm = $1 ORDER BY username LIMIT $2)`,
		Args: []any{realmKey, rows},
	}}
}

// words are tokens as words of letters and digits.
func words(tokens []uint32, between string) string {
	var b []byte
	for i, t := range tokens {
		if i > 0 {
			b = append(b, between...)
		}
		b = strconv.AppendUint(append(b, 't'), uint64(t), 36)
	}
	return string(b)
}
