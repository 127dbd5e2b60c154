// Package replay plays recorded conversations with a Keycloak server against another server and
// names every difference. Tests use it; no server does.
//
// A recording (recording.go) is a list of steps. A Player (player.go) sends the request of a step, or
// signs a token the step describes (sign.go), and keeps what later steps need (find.go, variables.go). Its answer (answer.go)
// is compared with the recorded one (compare.go), in which placeholders stand for what is new in
// every run:
//
//	<id:3>     an identifier, the same one wherever the recording shows this number
//	<time>     a Unix time in seconds
//	<opaque>   key material
//	<any>      anything
//
// A step may be that of a browser, whose cookies are kept (jar.go), and hidden fields sent (hidden.go). Pages are compared by what people and
// programs go by, not by their markup (page.go).
//
// Differences that are meant are listed in a file with their reasons (accepted.go), and so are those that work which
// is planned is going to end.
package replay
