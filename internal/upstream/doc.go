// Package upstream fetches what other parties publish: so far the key sets of clients.
//
// URLs come from configuration that realm administrators write, so that every fetch is guarded: http
// and https only, no private or loopback address unless allowed, redirects to the same origin only,
// bounded size and time.
package upstream
