package session

import (
	"errors"
	"maps"
	"slices"
	"time"
)

// Family is what is known of the refresh tokens that come from one another, where they rotate. A
// family that nothing is known of has not been used yet.
type Family struct {
	Used  string    // jti of the token that was used last
	Uses  int       // how often it was
	Heirs []string  // jti of the tokens that these uses gave; none was used yet
	Until time.Time // when the last of the tokens expires; zero: never
}

// Reuse of a refresh token is a sign that it was stolen: the whole grant ends (RFC 9700 §4.14.2).
var (
	ErrReused = errors.New("refresh token used too often")
	ErrSpent  = errors.New("refresh token used after its successor")
)

// Use is the use of a refresh token where they rotate.
type Use struct {
	Family string    // reuse_id of the token; its jti where it was issued before tokens rotated
	Token  string    // its jti
	Heir   string    // jti of the token that is given for it; empty: none
	Until  time.Time // when that one expires; zero: never
	Reuse  int       // how often a token may be used again
	Now    time.Time
}

// Rotate gives the grant as it is after the use, or ErrReused or ErrSpent. Only the token used last,
// within the limit, and the ones that came of it are accepted, whatever the clock says.
func (g Grant) Rotate(u Use) (Grant, error) {
	f, known := g.Families[u.Family]
	switch {
	case !known, slices.Contains(f.Heirs, u.Token):
		f = Family{Used: u.Token}
	case f.Used != u.Token:
		return g, ErrSpent
	case f.Uses > u.Reuse:
		return g, ErrReused
	}
	f.Uses++
	if u.Heir != "" {
		f.Heirs = append(slices.Clone(f.Heirs), u.Heir)
	}
	f.Until = u.Until

	families := maps.Clone(g.Families)
	maps.DeleteFunc(families, func(_ string, f Family) bool { return !f.Until.IsZero() && f.Until.Before(u.Now) })
	if families == nil {
		families = map[string]Family{}
	}
	families[u.Family] = f
	g.Families, g.RefreshID, g.RefreshUses, g.LastAccess = families, u.Token, f.Uses, u.Now
	return g, nil
}
