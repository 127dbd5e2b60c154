package verify

import (
	"crypto/x509"
	"encoding/base64"
	"net/url"
	"strings"
)

// Credentials are what a request says about the client that sends it. A form parameter that is absent
// is nil: absent and empty are answered differently.
type Credentials struct {
	Authorization string // the header, verbatim
	ID            *string
	Secret        *string
	AssertionType *string
	Assertion     *string
	Certificate   *x509.Certificate // of the caller, as of Sent
}

// named are the client_id and secret of the request; nil where they are not given. What the form
// says wins over the header, each by itself, even for another client.
func (c *Credentials) named() (id, secret *string) {
	if name, password, ok := basic(c.Authorization); ok {
		id, secret = &name, &password
	}
	if c.ID != nil {
		id = c.ID
	}
	if c.Secret != nil {
		secret = c.Secret
	}
	return id, secret
}

// secretMethod is how the secret of named came (RFC 6749 §2.3.1), in the words of RFC 7591 §2.
func (c *Credentials) secretMethod() string {
	if c.Secret != nil {
		return "client_secret_post"
	}
	return "client_secret_basic"
}

// basic reads an Authorization header of scheme Basic, its parts URL-encoded first (RFC 6749 §2.3.1).
func basic(header string) (name, password string, ok bool) {
	scheme, text, _ := strings.Cut(header, " ")
	if !strings.EqualFold(scheme, "Basic") {
		return "", "", false
	}
	plain, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(strings.TrimSpace(text), "=")) // some leave the padding out
	if err != nil {
		return "", "", false
	}
	name, password, ok = strings.Cut(string(plain), ":")
	if !ok {
		return "", "", false
	}
	if name, err = url.QueryUnescape(name); err != nil {
		return "", "", false
	}
	if password, err = url.QueryUnescape(password); err != nil {
		return "", "", false
	}
	return name, password, true
}
