// Package session is people's being signed in, as their browsers keep it: sessions, and the ways to the issuer and back that sessions begin
// with. Nothing of either is stored here but which sessions were ended, and what is being renewed.
package session
