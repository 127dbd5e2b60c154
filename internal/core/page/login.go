package page

import "strings"

// Login asks for name and password.
type Login struct {
	Form
	Username   string // filled in, or shown where the user is known
	NameLabel  string // message key: "username", "email" or "usernameOrEmail"
	KnownUser  bool   // signs in again: the name is not asked for
	RememberMe RememberMe
	// CredentialID is the password's id where more than one way to sign in was chosen from; mostly empty.
	CredentialID string
	ResetURL     string // to the forgotten password; empty where that is off
	RegisterURL  string // to the registration; empty where that is off
	Providers    []Provider
	Passkey      *Passkey // passkeys are offered in the name field; nil where they are not
	Others       Others
}

// RememberMe is the box that keeps somebody signed in.
type RememberMe struct{ Offered, Checked bool }

// Provider is an identity provider that one may sign in with.
type Provider struct{ Alias, Name, URL string }

// Others leads to the other ways to sign in. Without a URL there are none.
type Others struct {
	URL         string
	ExecutionID string // of the way that is left, for the page that lists all
}

// LoginOTP asks for a one-time code.
type LoginOTP struct {
	Form
	Devices  []Device // of the person; chosen from where there is more than one
	Selected string   // id of the device whose code is asked for
	Others   Others
}

// Device is a one-time code generator of a person.
type Device struct{ ID, Label string }

// SelectWay lets somebody choose how to sign in.
type SelectWay struct {
	Form
	Ways []Way
}

// Way is one of several ways to sign in; Execution is posted as authenticationExecution.
type Way struct {
	Execution  string
	Name, Help Text
}

// LoginPasskey asks for a passkey (WebAuthn). Its script needs JavaScript, as WebAuthn does.
type LoginPasskey struct {
	Form
	Passkey Passkey
	Others  Others
}

// Passkey is what a browser needs to sign a challenge (Web Authentication Level 2 §5.5). Texts are
// base64url.
type Passkey struct {
	Challenge        string
	RelyingParty     string   // a domain; empty: that of the page
	Credentials      []string // ids that may answer; none: any that the browser knows
	UserVerification string   // "required", "preferred", "discouraged" or "": not specified
	TimeoutSeconds   int      // 0: the browser's
}

// RegisterPasskey makes a passkey (Web Authentication Level 2 §5.4).
type RegisterPasskey struct {
	Form
	Challenge        string // base64url
	RelyingParty     string
	RelyingPartyName string
	UserID           string // base64url
	Username         string
	Algorithms       []int // COSE identifiers, the best first
	Attestation      string
	Attachment       string // "platform", "cross-platform" or empty
	ResidentKey      bool
	UserVerification string
	TimeoutSeconds   int
	Excluded         []string // ids of the person's passkeys, base64url
	SignOutOthers    bool     // offers to end the other sessions
	Cancel           bool
}

// RecoveryCodes shows recovery codes, once.
type RecoveryCodes struct {
	Form
	Codes       []string
	GeneratedAt string // Unix milliseconds, posted back
	Cancel      bool
}

// Joined are the codes as they are posted back.
func (p RecoveryCodes) Joined() string { return strings.Join(p.Codes, ",") }

// LoginRecovery asks for the recovery code of a number.
type LoginRecovery struct {
	Form
	Number int
	Others Others
}

// Expired says that a page is too old, and leads to the start or on.
type Expired struct{ RestartURL, ContinueURL string }

// Page implements Page.
func (Login) Page() string { return "login-login" }

// Page implements Page.
func (LoginOTP) Page() string { return "login-login-otp" }

// Page implements Page.
func (SelectWay) Page() string { return "login-select-authenticator" }

// Page implements Page.
func (LoginPasskey) Page() string { return "login-webauthn-authenticate" }

// Page implements Page.
func (RegisterPasskey) Page() string { return "login-webauthn-register" }

// Page implements Page.
func (RecoveryCodes) Page() string { return "login-login-recovery-authn-code-config" }

// Page implements Page.
func (LoginRecovery) Page() string { return "login-login-recovery-authn-code-input" }

// Page implements Page.
func (Expired) Page() string { return "login-login-page-expired" }
