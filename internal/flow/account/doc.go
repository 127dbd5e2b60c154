// Package account is what people do with their own account by an access token.
//
// Accounts.Enter finds out who asks, Owner.Demand whether their token lets them, and the other methods of
// Accounts do it. What people change of themselves leaves events and no admin events.
package account
