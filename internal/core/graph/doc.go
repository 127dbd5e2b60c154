// Package graph tells who can reach whom by token exchange, over a whole realm.
//
// There are two kinds of edge. A client issues to a target when a token that it gets without an exchange can name
// the target in aud; it exchanges to a target when some exchange by it can give such a token. Both are found by the
// functions that decide requests, asked for everything at once: any role that there is counts as somebody's, every
// scope as asked for, every consent as given, every binding as proven. So no request is granted that the graph has no edge for; but
// an edge is only a promise that configuration does not refuse it, and nobody need have the roles. Under downscope
// enforcement a path may be longer in the graph than any token goes, since what a subject bounds is not followed.
// Where a claim mapper writes to aud what it finds with the user, there is an edge to each node; audiences that
// nothing but a user's attributes name are no nodes.
//
// What comes from other realms and issuers is not in the graph, and no roles that a token carries for a client
// that it does not name in aud.
package graph
