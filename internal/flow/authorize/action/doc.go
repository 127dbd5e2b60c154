// Package action holds what people are asked to do on the way from their password to the answer for a client:
// required actions, one-time codes, consent, and the other ways in, as registration.
//
// Each is an authorize.Action or authorize.Entrance. They keep nothing themselves: what must last until the
// next form is a note of the attempt, and none of the notes is a secret.
package action
