package login

import "slices"

// Plan is what a realm's browser flow asks people for.
type Plan struct {
	Password bool     // name and password are a way in
	Passkey  bool     // a passkey in the place of both is a way in
	Choices  []Choice // what is asked for after the password, in order
}

// Choice is a group of factors of which one is enough.
type Choice struct {
	Ways []string // names of factors, in the order that they are offered
	Must bool     // who has none of them sets one up; else they are passed by
}

// PlainPlan is that of realms whose flow says nothing: a password, and one-time codes of those who have them.
func PlainPlan() Plan {
	return Plan{Password: true, Choices: []Choice{{Ways: []string{FactorOTP}}}}
}

// NoteWay is where an attempt keeps which of several factors its user chose.
const NoteWay = "way"

// settled tells whether one of several ways was gone. A passkey in the place of a password is worth two factors: it is
// something that one has, and its authenticator made sure of who has it.
func (a *Attempt) settled(ways []string) bool {
	return a.Has(FactorPasskeyOnly) || slices.ContainsFunc(ways, a.Has)
}

// chosen is the way that the user wants to go, of several; the first where they did not say.
func (a *Attempt) chosen(ways []string) string {
	if way := a.Notes[NoteWay]; slices.Contains(ways, way) {
		return way
	}
	return ways[0]
}
