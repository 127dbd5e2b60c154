package event

import "time"

// Query says which events of a realm are asked for; the zero value is all, newest first. The conditions
// must all hold.
type Query struct {
	Kinds   []Kind
	Client  string // client_id
	UserID  string
	Session string
	Address string
	Window
}

// AdminQuery says which admin events of a realm are asked for; the zero value is all, newest first. The
// conditions must all hold.
type AdminQuery struct {
	Operations    []string
	ResourceTypes []string
	Path          string // of the resource; an asterisk stands for any letters
	Actor         Actor  // those of its members that are not empty
	Window
}

// Window is when events were that are asked for, and their order.
type Window struct {
	Since       time.Time // included
	Until       time.Time // excluded
	OldestFirst bool      // instead of newest first
}
