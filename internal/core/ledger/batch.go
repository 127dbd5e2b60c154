package ledger

import "time"

// Batch is what follows in a chain at once.
type Batch struct {
	Realm, Node string
	Owner       string // the process that writes: it must be the one that claimed the chain
	After, End  Link
	Lines       []Line
	Head        []byte // signed statement of End
	Keep        bool   // Head is kept beside later ones
	Release     bool   // the process is done with the chain
}

// Line is a record as it is stored.
type Line struct {
	Seq  int64
	At   time.Time
	Text []byte
}

// Selection says which records are asked for: those of a realm that were written in a time span, with all between them.
type Selection struct {
	Realm        string    // key
	Since, Until time.Time // zero: not bounded
}
