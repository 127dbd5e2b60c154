package page

// Field is an attribute of a person in a form.
type Field struct {
	Name         string
	Label        Text
	Values       []string // one, but for attributes of several
	Input        string   // "text", "email", "tel", "url", "number", "date", "textarea", "select", "multiselect", "select-radiobuttons", "multiselect-checkboxes"; empty: text
	Options      []Option
	Several      bool // any number of values may be typed, one an input
	Required     bool
	ReadOnly     bool
	Autocomplete string // as in HTML: "username", "email", "given-name" …
	Placeholder  Text
	Before       Text // help above and below the field
	After        Text
	Group        Text // heading of the group that begins with this field; empty within a group
	GroupHelp    Text
}

// Option is a value that a field offers.
type Option struct {
	Value string
	Label Text
}

// Register makes an account.
type Register struct {
	Form
	Fields   []Field
	Password bool // a password is asked for
	Terms    Text // to be accepted; empty where there are none
	LoginURL string
}

// ResetPassword asks who forgot a password.
type ResetPassword struct {
	Form
	Username  string
	NameLabel string // as of Login
	LoginURL  string
}

// UpdatePassword asks for a new password.
type UpdatePassword struct {
	Form
	Username string // for password managers; not shown
	Cancel   bool   // it was asked for by an application: one may leave
}

// UpdateProfile asks for the attributes of a person.
type UpdateProfile struct {
	Form
	Fields []Field
	Cancel bool
}

// UpdateEmail asks for a new e-mail address.
type UpdateEmail struct {
	Form
	Fields []Field
	Cancel bool
}

// ReviewProfile asks for the attributes of a person whom an identity provider sent.
type ReviewProfile struct {
	Form
	Fields []Field
}

// LinkConfirm asks what to do with an account that exists already.
type LinkConfirm struct {
	Form
	Provider string
}

// LinkAccount asks who is signed in whether to link their account to one of a provider.
type LinkAccount struct {
	Form
	Provider string // name for people
	Owner    string // username of the account
	Identity string // who they are at the provider; empty: they have yet to go there
	SignsIn  bool   // who is linked can sign in by the provider
}

// LinkEmail says that a link was mailed which joins an account to one of a provider.
type LinkEmail struct {
	Notice        Notice
	Provider      string // name for people
	Username      string // of the account
	Realm         string // name for people
	ResendURL     string
	ContinueURL   string
	InstructedFor string // e-mail address, where it may be shown
}

// Terms asks to accept the terms and conditions.
type Terms struct {
	Form
	Text Text
}

// ConfigTOTP sets up a one-time code generator.
type ConfigTOTP struct {
	Form
	Secret        string // as it is posted back
	Encoded       string // as people type it: base32 in groups of four
	QRCode        string // PNG, base64
	ModeURL       string // the page that shows the code for typing or, from there, for scanning
	Manual        bool   // shows it for typing
	Policy        TOTPPolicy
	Applications  []Text // that can do it
	LabelRequired bool
	UserLabel     string
	Cancel        bool
}

// TOTPPolicy is what to set up by hand.
type TOTPPolicy struct {
	Type      string // "totp" or "hotp"
	Algorithm string // "SHA1", "SHA256" or "SHA512"
	Digits    int
	Period    int // seconds; of totp
	Counter   int // initial; of hotp
}

// VerifyEmail says that a link was mailed which verifies an address.
type VerifyEmail struct {
	Form
	Email     string
	ResendURL string
	Cancel    bool
}

// DeleteAccount asks whether an account is to be deleted.
type DeleteAccount struct {
	Form
	Cancel bool
}

// Page implements Page.
func (Register) Page() string { return "login-register" }

// Page implements Page.
func (ResetPassword) Page() string { return "login-login-reset-password" }

// Page implements Page.
func (UpdatePassword) Page() string { return "login-login-update-password" }

// Page implements Page.
func (UpdateProfile) Page() string { return "login-login-update-profile" }

// Page implements Page.
func (UpdateEmail) Page() string { return "login-update-email" }

// Page implements Page.
func (ReviewProfile) Page() string { return "login-idp-review-user-profile" }

// Page implements Page.
func (LinkConfirm) Page() string { return "login-login-idp-link-confirm" }

// Page implements Page.
func (LinkAccount) Page() string { return "login-link-idp-action" }

// Page implements Page.
func (LinkEmail) Page() string { return "login-login-idp-link-email" }

// Page implements Page.
func (Terms) Page() string { return "login-terms" }

// Page implements Page.
func (ConfigTOTP) Page() string { return "login-login-config-totp" }

// Page implements Page.
func (VerifyEmail) Page() string { return "login-login-verify-email" }

// Page implements Page.
func (DeleteAccount) Page() string { return "login-delete-account-confirm" }
