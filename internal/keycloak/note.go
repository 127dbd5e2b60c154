package keycloak

// Note says what a document asks for that is kept and not acted on, or could not be taken as it
// stands.
type Note struct {
	Path string // in the document, as "clients[2].attributes.saml.encrypt"
	Text string
}

func (n Note) String() string { return n.Path + ": " + n.Text }
