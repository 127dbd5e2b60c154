package user

import (
	"slices"
	"strings"
	"time"
)

// Query says which users of a realm are asked for; the zero value is all people. All conditions must
// hold. Letters match in any case, but for attributes and links.
type Query struct {
	// Search is words each of which some of username, e-mail address, first and last name must match:
	// from its beginning, anywhere where the word is written *so*, or as a whole where it is "so". Each
	// asterisk within a word stands for any letters.
	Search string

	// These are parts of the fields, or with Exact the whole of them.
	Exact                                bool
	Username, Email, FirstName, LastName string

	Enabled       *bool
	EmailVerified *bool
	Attributes    map[string]string // one of the values of each attribute

	// Provider and ProviderUser are an upstream issuer's alias, and the id that the user has there.
	Provider, ProviderUser string

	CreatedAfter, CreatedBefore time.Time // themselves included

	Role, Group string // keys: who holds it, or is a member of it, directly

	ServiceAccounts bool // are wanted too
}

// Matches tells whether a user is asked for.
func (q *Query) Matches(u *User) bool {
	if u.ServiceAccount != "" && !q.ServiceAccounts {
		return false
	}
	for _, p := range q.Patterns() {
		if !p.Matches(u) {
			return false
		}
	}
	switch {
	case q.Enabled != nil && *q.Enabled != u.Enabled,
		q.EmailVerified != nil && *q.EmailVerified != u.EmailVerified,
		!q.CreatedAfter.IsZero() && u.Created.Before(q.CreatedAfter),
		!q.CreatedBefore.IsZero() && u.Created.After(q.CreatedBefore),
		q.Role != "" && !slices.Contains(u.Roles, q.Role),
		q.Group != "" && !slices.Contains(u.GroupKeys, q.Group):
		return false
	}
	for name, value := range q.Attributes {
		if !slices.Contains(u.Attributes[name], value) {
			return false
		}
	}
	return q.Provider == "" && q.ProviderUser == "" || slices.ContainsFunc(u.Links, func(l Link) bool {
		return (q.Provider == "" || q.Provider == l.Provider) && (q.ProviderUser == "" || q.ProviderUser == l.Subject)
	})
}

// Field is a text of a user that is searched.
type Field int

// The fields that are searched. AnyField is one of them.
const (
	AnyField Field = iota
	Username
	Email
	FirstName
	LastName
)

// Pattern is what a field must look like.
type Pattern struct {
	Field Field
	Parts []string // lower-case texts that follow one another, with anything in between
	Start bool     // the first part is where the text begins
	End   bool     // the last part is where the text ends
}

// Patterns are the conditions on the fields that are searched.
func (q *Query) Patterns() []Pattern {
	var out []Pattern
	for word := range strings.FieldsSeq(strings.ToLower(q.Search)) {
		out = append(out, wordPattern(word))
	}
	for field, text := range map[Field]string{Username: q.Username, Email: q.Email, FirstName: q.FirstName, LastName: q.LastName} {
		if text != "" {
			out = append(out, Pattern{Field: field, Parts: []string{strings.ToLower(text)}, Start: q.Exact, End: q.Exact})
		}
	}
	slices.SortStableFunc(out, func(a, b Pattern) int { return int(a.Field) - int(b.Field) })
	return out
}

func wordPattern(word string) Pattern {
	if len(word) > 2 && word[0] == '"' && word[len(word)-1] == '"' {
		return Pattern{Parts: []string{word[1 : len(word)-1]}, Start: true, End: true}
	}
	p := Pattern{Start: !strings.HasPrefix(word, "*")}
	for part := range strings.SplitSeq(word, "*") {
		if part != "" {
			p.Parts = append(p.Parts, part)
		}
	}
	return p
}

// Matches tells whether a user looks like this.
func (p *Pattern) Matches(u *User) bool {
	username, email, first, last := strings.ToLower(u.Username), strings.ToLower(u.Email), strings.ToLower(u.FirstName), strings.ToLower(u.LastName)
	switch p.Field {
	case Username:
		return p.In(username)
	case Email:
		return p.In(email)
	case FirstName:
		return p.In(first)
	case LastName:
		return p.In(last)
	}
	return p.In(username) || p.In(email) || p.In(first) || p.In(last)
}

// In tells whether a text, which is in lower case, looks like this.
func (p *Pattern) In(text string) bool {
	if p.Start && p.End {
		return text == p.Parts[0]
	}
	for i, part := range p.Parts {
		if i == 0 && p.Start {
			if !strings.HasPrefix(text, part) {
				return false
			}
			text = text[len(part):]
			continue
		}
		at := strings.Index(text, part)
		if at < 0 {
			return false
		}
		text = text[at+len(part):]
	}
	return true
}
