package page

import "time"

// AccountEntrance leads those to their account who are not signed in.
type AccountEntrance struct {
	Notice Notice
	SignIn string // URL
	Back   Link   // to the application that one came from
}

// Account is what all pages of an account share.
type Account struct {
	Who     string // name of the owner, for people
	Seal    string // brought back by each form, as stateChecker
	Parts   []AccountPart
	SignOut string // URL
	Back    Link   // to the application that one came from
	Notice  Notice
}

// AccountPart is one of the pages of an account.
type AccountPart struct {
	Text Text
	URL  string
	Here bool // it is the one that is shown
}

// AccountProfile asks for what the owner tells of themselves.
type AccountProfile struct {
	Account
	Action   string
	Wrong    Wrong
	Username string // shown where it is none of the fields; else empty
	Fields   []Field
	ReadOnly bool   // the owner may only look
	Delete   string // URL that begins to delete the account; empty: that is not offered
}

// AccountSignIn lists what the owner signs in by.
type AccountSignIn struct {
	Account
	Methods []AccountMethod
}

// AccountMethod is a way to prove who one is, with the owner's credentials for it.
type AccountMethod struct {
	Name, Help  Text
	Add, Change string // URLs that begin to make another one, or to replace the only one; empty: that is not offered
	Owned       []AccountCredential
}

// AccountCredential is a credential of the owner.
type AccountCredential struct {
	Label   string // empty: it has none
	Created time.Time
	Remove  string // URL of the page that asks whether to; empty: it stays
}

// AccountDevices lists where the owner is signed in.
type AccountDevices struct {
	Account
	Action   string
	Sessions []AccountSession
	Others   bool // there are more than this one, and they may be ended
}

// AccountSession is one place where the owner is signed in.
type AccountSession struct {
	ID                  string
	System, Browser     string // empty: not known
	Address             string
	Started, Used, Ends time.Time
	Applications        []Text
	Here                bool // it is this browser
	Endable             bool
}

// AccountApplications lists the clients that the owner uses or allowed something.
type AccountApplications struct {
	Account
	Action       string
	Applications []AccountApplication
}

// AccountApplication is such a client.
type AccountApplication struct {
	ID          string
	Name        Text
	Description Text
	URL         string // of the client itself; empty: it has none
	InUse       bool
	Offline     bool   // it may act while the owner is away
	Allowed     []Text // what it was allowed
	Since       time.Time
	Revocable   bool
}

// AccountLinks lists the identity providers that the owner can sign in by.
type AccountLinks struct {
	Account
	Links []AccountLink
}

// AccountLink is an identity provider. Exactly one of Link and Remove may be set.
type AccountLink struct {
	Name     Text
	Username string // of the owner there
	Linked   bool
	Link     string // URL that begins to link it
	Remove   string // URL of the page that asks whether to forget it
}

// AccountGroups lists the groups that the owner is in.
type AccountGroups struct {
	Account
	Groups []string // paths
}

// AccountConfirm asks whether to do what cannot be undone.
type AccountConfirm struct {
	Account
	Heading Text
	Text    Text
	Action  string
	Button  Text
	Cancel  string // URL
}

// Page implements Page.
func (AccountEntrance) Page() string { return "account" }

// Page implements Page.
func (AccountProfile) Page() string { return "account-profile" }

// Page implements Page.
func (AccountSignIn) Page() string { return "account-signing-in" }

// Page implements Page.
func (AccountDevices) Page() string { return "account-devices" }

// Page implements Page.
func (AccountApplications) Page() string { return "account-applications" }

// Page implements Page.
func (AccountLinks) Page() string { return "account-links" }

// Page implements Page.
func (AccountGroups) Page() string { return "account-groups" }

// Page implements Page.
func (AccountConfirm) Page() string { return "account-confirm" }
