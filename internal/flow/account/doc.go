// Package account is what people do with their own account, by an access token or in a browser.
//
// Accounts.Enter finds out who comes with a token and Accounts.Visit who comes by a browser, Owner.Demand whether they
// may make a call, and the other methods of Accounts do it. What people change of themselves leaves events and no
// admin events.
package account
