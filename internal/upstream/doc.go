// Package upstream talks to other parties: it fetches the key sets of clients and providers, and asks
// providers for tokens and profiles.
//
// URLs come from configuration that realm administrators write, so that every request is guarded: http
// and https only, no private or loopback address unless allowed, redirects to the same origin only, or none
// where a secret is sent, bounded size and time. What answers mean is decided in core/federation.
package upstream
