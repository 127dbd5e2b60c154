// Package page says what a page for people shows, as values: what it asks for, what is filled in, what
// went wrong and where its form goes. How it looks is the business of whoever renders it.
//
// Texts are named by the message keys of Keycloak's login theme, so that the texts of a realm take the
// place of ours in any language. Addresses are complete: a page adds nothing to them.
package page

// Page is one of the structs of this package.
type Page interface {
	// Page is the page's id as Keycloak's: data-page-id of its body, such as "login-login".
	Page() string
}

// Text is a message key with what stands at {0}, {1} … of its text. A key that has no text in any
// language is shown itself, so that a Text may also hold what somebody configured: "Pay by ${method}"
// and the like, whose references are message keys.
type Text struct {
	Key  string
	Args []string
}

// T is the text of a key.
func T(key string, args ...string) Text { return Text{Key: key, Args: args} }

// Kind is how much a notice matters.
type Kind string

// What a notice tells. An ordinary one informs.
const (
	Inform  Kind = "info"
	Success Kind = "success"
	Warn    Kind = "warning"
	Fail    Kind = "error"
)

// Notice is what is told at the head of a page. Without a key there is none.
type Notice struct {
	Kind Kind
	Text Text
}

// Wrong is what is wrong with each field of a form that was sent, by the field's name.
type Wrong map[string][]Text

// Form is what all forms share.
type Form struct {
	Action string // where it is posted, with its parameters
	Notice Notice
	Wrong  Wrong
}

// Sends is where the form is posted.
func (f Form) Sends() string { return f.Action }

// Link leads somewhere. Without a URL there is none.
type Link struct {
	URL  string
	Text Text
}
