// Package verify proves who is calling and what they hold: clients by their credentials, users by
// their passwords, tokens by their signature and by what stands behind them.
//
// Client authenticates a client. AccessToken, AnyToken, RefreshToken and Issued check a token: they
// differ in the kinds of token they take and in the order of their rules, never in the rules
// themselves (rule.go lists them), but for Issued, which takes tokens back and asks less.
package verify
