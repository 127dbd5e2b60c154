// Package verify proves who is calling and what they hold: clients by their credentials, users by
// their passwords, tokens by their signature and by what stands behind them.
//
// Client authenticates a client. AccessToken, Subject, RefreshToken and Issued check a token:
// they differ in the kinds of token they take and in the order of their rules, never in the rules
// themselves (token.go lists them).
package verify
