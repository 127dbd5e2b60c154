package store

import (
	"maps"
	"slices"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/user"
)

// searchConditions are what a query asks of a row u of user_search.
func searchConditions(realmKey string, q *user.Query) *conditions {
	c := &conditions{}
	c.add("u.realm = ?", realmKey)
	if !q.ServiceAccounts {
		c.add("NOT u.account")
	}
	for _, p := range q.Patterns() {
		test, value := "LIKE ? ESCAPE '!'", likePattern(p)
		if p.Start && p.End {
			test, value = "= ?", p.Parts[0]
		}
		if p.Field != user.AnyField {
			c.add(fieldColumns[p.Field-1]+" "+test, value)
			continue
		}
		var any []string
		for _, column := range fieldColumns {
			any = append(any, column+" "+test)
		}
		c.add("("+strings.Join(any, " OR ")+")", value, value, value, value)
	}
	if q.Enabled != nil {
		c.add("u.enabled = ?", *q.Enabled)
	}
	if q.EmailVerified != nil {
		c.add("u.verified = ?", *q.EmailVerified)
	}
	if !q.CreatedAfter.IsZero() {
		c.add("u.created >= ?", micros(q.CreatedAfter))
	}
	if !q.CreatedBefore.IsZero() {
		c.add("u.created <= ?", micros(q.CreatedBefore))
	}
	for _, l := range linksOf(q) {
		c.add("EXISTS (SELECT 1 FROM "+l.table+" l WHERE l.realm = u.realm AND l."+l.column+" = ? AND l.user_id = u.user_id)", l.value)
	}
	return c
}

// fieldColumns are the columns of the fields from user.Username on.
var fieldColumns = []string{"u.username", "u.email", "u.first_name", "u.last_name"}

func likePattern(p user.Pattern) string {
	var b strings.Builder
	if !p.Start {
		b.WriteByte('%')
	}
	for i, part := range p.Parts {
		if i > 0 {
			b.WriteByte('%')
		}
		b.WriteString(literally(part))
	}
	if len(p.Parts) > 0 && !p.End {
		b.WriteByte('%')
	}
	return b.String()
}

// userLink is a table that leads to users by a column.
type userLink struct {
	table, column string
	value         any
}

// linksOf are the tables that lead to those a query asks for, beside their names.
func linksOf(q *user.Query) []userLink {
	var out []userLink
	for _, name := range slices.Sorted(maps.Keys(q.Attributes)) {
		f := attributeFacet(name, q.Attributes[name])
		out = append(out, userLink{"user_facet", "facet", f[:]})
	}
	if q.Provider != "" || q.ProviderUser != "" {
		f := linkFacet(q.Provider, q.ProviderUser)
		out = append(out, userLink{"user_facet", "facet", f[:]})
	}
	if q.Role != "" {
		out = append(out, userLink{"user_role", "role", q.Role})
	}
	if q.Group != "" {
		out = append(out, userLink{"user_group", "group_id", q.Group})
	}
	return out
}
