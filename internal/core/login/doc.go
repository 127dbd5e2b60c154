// Package login decides the next step of a sign-in.
//
// A Browser is what one browser has begun and not finished; each of its tabs is an Attempt, which
// carries the Request it is to answer. Next looks at a State and says what comes next: a password,
// another factor, a required action, consent, or the answer to the client. It is a fixed sequence:
// the realm's flow is read as a Plan, which has the ways in and the choices of factors, with the conditions and levels
// of assurance that they hang on. A Standing is where an attempt stands in its plan.
package login
