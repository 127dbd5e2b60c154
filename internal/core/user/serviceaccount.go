package user

// ServiceAccounts are the users that stand for the clients of a realm, within an edit of these clients:
// what is done to them is done with the edit, or not at all.
type ServiceAccounts interface {
	// Of is the account of a client, by the client's key; nil where it has none.
	Of(clientKey string) (*User, error)
	// Create adds an account. A username that is taken is a *fault.Conflict.
	Create(u User) error
	// Rename gives an account another username, as Create.
	Rename(id, username string) error
	// Grant gives an account a role.
	Grant(id, role string) error
	// Delete removes an account and ends its sessions.
	Delete(id string) error
}
