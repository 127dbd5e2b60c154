package user

import "github.com/tokenhouse/tokenhouse/internal/core/realm"

// Members are the users and groups of a realm, within an edit of its configuration: what is done to them is done
// with the edit, or not at all. An error of theirs fails the edit.
type Members interface {
	// CreateUser adds a user. A username, address or link that is taken is a *fault.Conflict.
	CreateUser(a Account) error
	// DeleteUser removes a user and ends their sessions, where they are still there.
	DeleteUser(id string) error
	// PutGroup adds a group, or replaces it. A name that is taken beside it is a *fault.Conflict.
	PutGroup(g *realm.Group) error
	// DeleteGroup removes a group and those below it, where it is still there.
	DeleteGroup(key string) error
}
