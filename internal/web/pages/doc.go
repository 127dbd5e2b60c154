// Package pages shows pages to people: it makes HTML of the values of core/page, in the language of
// whoever reads and in the colours of the realm.
//
// Pages work without scripts, but for passkeys, which are one. Each says in its own head that nothing
// but our style sheet and, where it needs one, our script may be loaded; the realm's Content-Security-
// Policy, which it may set as it likes, is sent as a header beside that, and browsers obey both.
//
// Ids of pages, forms and messages and names of fields are those of Keycloak's login theme, for those who
// fill in pages by program. Everything else about the markup is ours.
package pages
