// Package resource tells which rules of a gatekeeper a request falls under, and whether they let it through.
//
// A proxy is passed by when it reads a path in another way than the server behind it: %2F, dot segments, double
// slashes, backslashes, ";x" and capital letters each mean something to some servers and nothing to others. So a
// request falls under the rules of each reading of its path and method, and has to satisfy them all. What is
// forwarded is what came.
//
// Not seen is what only the body says, as a form's field _method.
package resource
