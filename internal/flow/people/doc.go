// Package people changes users, groups and the roles that they hold, and records each change as an admin
// event in the transaction that makes it.
package people
