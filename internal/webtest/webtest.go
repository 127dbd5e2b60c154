// Package webtest lets tests that run at the same time share http.DefaultTransport.
package webtest

import "net/http"

// Main runs the tests of a package, as *testing.M does, with a default transport whose idle connections no test closes.
//
// httptest.Server.Close closes the idle connections of http.DefaultTransport, whoever's they are. A connection counts as
// idle a moment before a caller has its answer without a body, so that the end of one test's server could fail another
// test's request: "http: CloseIdleConnections called".
type Main struct{ Tests interface{ Run() int } }

// Run gives the exit code.
func (m Main) Run() int {
	http.DefaultTransport = kept{http.DefaultTransport}
	return m.Tests.Run()
}

// kept has no CloseIdleConnections.
type kept struct{ http.RoundTripper }
