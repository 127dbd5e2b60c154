// Package conformance asks an OAuth server whether its token exchange (RFC 8693) is what the RFC says, and whether it
// can be had to give out more than it should.
//
// It is a client like any other: it knows a server by its endpoints and by clients that were made for it (Target), and
// speaks to it by HTTP only. What a case demands is said by the RFC that it names, or by an attack that worked on some
// server; what not every server promises is a Should.
//
// It is meant for servers that are tried out: it sends hundreds of requests, and revokes tokens. It looks neither at TLS
// nor at how a browser signs in.
package conformance
