// Package ledger is the form of the decision log: records in hash chains, so that none can be altered, removed, moved or
// slipped in unseen, and signed statements of how far the chains reach, so that none can be cut off.
//
// A chain is what one node wrote for one realm. Each record is a line of JSON that names its place and the hash of the line
// before it; the hash is over the bytes of the line, so there is no second form of a record to agree on. What is signed is
// a Statement: where chains end (a head), how much of their beginning was dropped on purpose (a checkpoint), or which part
// of them an export holds (a span).
//
// What is NOT found: that the end of a chain was cut off back to an earlier head, with everything that knew of a later one.
// Heads that are kept elsewhere find that (see Verifier.Witness).
package ledger
