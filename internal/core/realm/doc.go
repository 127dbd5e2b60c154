// Package realm holds the configuration of a realm as one immutable value: settings, clients,
// client scopes, mappers, roles, identity providers and key providers.
//
// Everything is referred to by its key, a UUID that outlives renaming; clients are also found by
// their OAuth client_id, scopes and roles by their names. A *Realm and all it points to must not be
// changed by who reads it: a change is a Draft.
//
// Groups and users are state, not configuration: there may be a million of them.
package realm
