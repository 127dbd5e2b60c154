// Package engine runs the same SQL on SQLite and PostgreSQL.
//
// Statements use $n placeholders and only what both databases understand alike: ON CONFLICT,
// RETURNING, recursive common table expressions; TEXT, BIGINT, BOOLEAN and BYTEA. Times are BIGINT
// microseconds. FOR UPDATE is not among it: a row is locked by updating it.
//
// A change takes one of two ways. Database.Change runs a transaction of its own, for changes that
// read as they go. Database.Write hands over statements that are known beforehand, and what is
// waiting is committed together: with SQLite one goroutine writes, so that the price of a durable
// commit is shared; with PostgreSQL a few do, each sending a group in one round trip. A Write that
// returned nil is durable. Database.Later queues a statement that nobody waits for.
package engine
