// Package audience decides where a token may be used: which client scopes are in play, which roles
// survive, which audiences these lead to, and what is left of them when the request names audiences.
//
// Resolve answers what and why together. It reads nothing but its request and changes nothing of it.
package audience
