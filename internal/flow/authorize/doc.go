// Package authorize runs an authorization request to its answer: it checks the request, leads the
// browser through the steps of core/login, and gives the client its code or tokens.
//
// Begin takes a request, Continue the forms and links of its pages. Both give an Outcome, which is a
// page, a redirect or a form for the client, and cookies beside it; nothing here knows of HTTP.
package authorize
