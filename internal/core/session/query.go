package session

// Query says which sessions of a realm are asked for; the zero value is all that are online. All
// conditions must hold.
type Query struct {
	ID      string
	User    string // id
	Client  string // key of a client that holds a grant in the session
	Offline bool
}

// Stat is how many sessions a client takes part in.
type Stat struct {
	Client          string // key
	Active, Offline int
}

// Notice is a session that ends, and a client that took part in it and wants to be told.
type Notice struct {
	Client  string // key
	Session Session
}
