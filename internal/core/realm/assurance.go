package realm

import (
	"maps"
	"slices"
	"strconv"
)

// Assurance are the levels of authentication by the acr values that name them.
type Assurance map[string]int

// AssuranceOf are the levels that a client names, or else its realm.
func (r *Realm) AssuranceOf(c *Client) Assurance {
	if len(c.SignIn.ACR) > 0 {
		return c.SignIn.ACR
	}
	return r.ACR
}

// Level is what an acr value stands for: the level of that name, or a number itself; else 0, which everybody reaches.
func (a Assurance) Level(value string) (level int, ok bool) {
	if level, ok = a[value]; ok {
		return level, true
	}
	n, err := strconv.ParseInt(value, 10, 32)
	if err != nil {
		return 0, false
	}
	return int(n), true
}

// Wanted are the acr values that count where a request names some: those that the client asks for itself where it names
// none, and in any case none below the client's least one.
func (a Assurance) Wanted(c *Client, named []string) []string {
	if len(named) == 0 {
		named = c.SignIn.DefaultACR
	}
	return a.notBelow(c.SignIn.LeastACR, named)
}

// notBelow leaves out values whose level is not known, or below that of the least value, which stands for them where
// nothing is left. A least value that is not known leaves all as they are.
func (a Assurance) notBelow(least string, values []string) []string {
	bottom, ok := a.Level(least)
	if !ok {
		return values
	}
	values = slices.DeleteFunc(slices.Clone(values), func(value string) bool {
		level, ok := a.Level(value)
		return !ok || level < bottom
	})
	if len(values) == 0 {
		return []string{least}
	}
	return values
}

// Name is what a token calls a level that was reached: the highest of the values asked for that it is enough for, or
// else of all names. Where nothing has a name, and where it is enough for none, it is the number.
func (a Assurance) Name(level int, asked []string) string {
	if len(a) == 0 {
		return strconv.Itoa(level)
	}
	for _, values := range [][]string{asked, slices.Sorted(maps.Keys(a))} {
		if name, ok := a.highest(level, values); ok {
			return name
		}
	}
	return strconv.Itoa(level)
}

// highest is the first of the highest values that a level is enough for.
func (a Assurance) highest(level int, values []string) (name string, ok bool) {
	best := -1
	for _, value := range values {
		if n, known := a.Level(value); known && n > best && n <= level {
			name, best, ok = value, n, true
		}
	}
	return name, ok
}
