package login

import "slices"

// Plan is what a realm's browser flow asks people for.
type Plan struct {
	Password bool     // name and password are a way in
	Passkey  bool     // a passkey in the place of both is a way in
	Entry    int      // level that the way in gives; 0: none
	Choices  []Choice // what is asked for after the password, in order
	Levels   []Level  // that the flow gives, in its order; none: it knows of none
}

// Choice is a group of factors of which one is enough.
type Choice struct {
	Ways  []string    // names of factors, in the order that they are offered
	Must  bool        // who has none of them sets one up; else they are passed by
	Level int         // it is asked for on the way to this level; 0: whatever level is asked for
	If    []Condition // all of which have to hold; else it is not asked for
}

// PlainPlan is that of realms whose flow says nothing: a password, and one-time codes of those who have them.
func PlainPlan() Plan {
	return Plan{Password: true, Choices: []Choice{{Ways: []string{FactorOTP}}}}
}

// NoteWay is where an attempt keeps which of several factors its user chose.
const NoteWay = "way"

// settled tells whether one of several ways was gone.
func (a *Attempt) settled(ways []string) bool { return slices.ContainsFunc(ways, a.Has) }

// chosen is the way that the user wants to go, of several; the first where they did not say.
func (a *Attempt) chosen(ways []string) string {
	if way := a.Notes[NoteWay]; slices.Contains(ways, way) {
		return way
	}
	return ways[0]
}
