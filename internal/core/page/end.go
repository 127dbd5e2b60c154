package page

// Consent asks whether a client may have what it asks for.
type Consent struct {
	Form          // its action is relative
	Client string // name for people
	Code   string // posted back, and verified
	Scopes []Text // what is asked for, one item each
	Terms  string // URL of the client's terms; empty where there are none
	Policy string // URL of the client's privacy policy
}

// DeviceCode asks for the code that a device shows.
type DeviceCode struct{ Form }

// LogoutConfirm asks whether to sign out.
type LogoutConfirm struct {
	Form
	Code string // session_code, posted back
	Back Link   // to the application
}

// FrontChannelLogout has the browser tell clients that their sessions ended (OpenID Connect
// Front-Channel Logout 1.0).
type FrontChannelLogout struct {
	Clients []FrontChannelClient
	NextURL string // where to go on to; empty where that is nowhere
}

// FrontChannelClient is a client with an address that a hidden frame opens.
type FrontChannelClient struct{ Name, URL string }

// Info says how something ended.
type Info struct {
	Heading Text   // empty: the message
	Message Text   //
	Actions []Text // what is going to be asked for; of links from e-mails
	Back    Link   // to the application, or where to try again
	Kind    Kind   // Success where something was done
}

// FormPost sends parameters to a client by a form (OAuth 2.0 Form Post Response Mode). The page has no
// id.
type FormPost struct {
	Action     string
	Parameters []Parameter // in their order
}

// Parameter is a hidden field.
type Parameter struct{ Name, Value string }

// Error says that something does not work.
type Error struct {
	Message Text
	Back    string // the client's address; empty where it is not known
	Fix     string // for whoever runs the client: what to change, without secrets; may be empty
	Command string // that does it, as typed in a shell; may be empty
	ID      string // of the log's line; empty where nothing was logged
	RetryTo string // the same thing once more, where that may help; empty where not
}

// Page implements Page.
func (Consent) Page() string { return "login-login-oauth-grant" }

// Page implements Page.
func (DeviceCode) Page() string { return "login-login-oauth2-device-verify-user-code" }

// Page implements Page.
func (LogoutConfirm) Page() string { return "login-logout-confirm" }

// Page implements Page.
func (FrontChannelLogout) Page() string { return "login-frontchannel-logout" }

// Page implements Page.
func (Info) Page() string { return "login-info" }

// Page implements Page.
func (FormPost) Page() string { return "" }

// Page implements Page.
func (Error) Page() string { return "login-error" }
