// Package broker uses other issuers: it signs people in through them, and links accounts to theirs there.
//
// A sign-in through an identity provider reads as: Login sends the browser there; Arrive takes it back, redeems
// the code and finds out who came; a known user is signed in at once. Anybody else goes through FirstLogin, which
// reviews the profile, makes an account or has the owner of an existing one prove that it is theirs, and AfterFirst
// signs them in. What is asked of a provider, and what its answers mean, is decided in core/federation.
//
// Who is signed in may link their account to a provider by the required action Link: the way there and back is the
// same, and at its end they are asked before anything is written.
//
// A provider that was switched off is refused at each of these steps. SAML providers and user federation are kept,
// and not acted on.
package broker
