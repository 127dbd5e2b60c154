// Package people is what becomes of users and groups: their accounts, credentials, roles, sessions and
// consents. Each change by an administrator is recorded as an admin event in the transaction that makes it.
package people
