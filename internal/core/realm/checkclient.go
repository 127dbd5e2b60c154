package realm

import (
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
)

// CheckClient refuses a client that cannot work or is a danger: URLs that run scripts, redirect URIs
// with a fragment, sessions that outlive the realm's. All that is wrong is named, joined by semicolons.
func CheckClient(r *Realm, c *Client) error {
	if strings.TrimSpace(c.ID) == "" {
		return &fault.Invalid{Field: "clientId", Message: "Client ID cannot be blank"}
	}
	if len(c.ID) > longestName {
		return &fault.Invalid{Field: "clientId", Message: "Client ID is longer than 255 characters"}
	}
	if c.Protocol != "" && c.Protocol != "openid-connect" && c.Protocol != "saml" {
		return &fault.Invalid{Field: "protocol", Message: "Invalid protocol: " + c.Protocol}
	}
	var f Findings
	f.addresses(c)
	f.keys(c)
	f.levels(r, c)
	f.sessions(r, c)
	return f.Err()
}

// Findings are what is wrong with a client.
type Findings []fault.Invalid

// Add notes what is wrong with a field; nothing where the message is empty.
func (f *Findings) Add(field, message string) {
	if message != "" {
		*f = append(*f, fault.Invalid{Field: field, Message: message})
	}
}

// Err is all of it in one *fault.Invalid, by the field that came first; nil where nothing is wrong.
func (f Findings) Err() error {
	if len(f) == 0 {
		return nil
	}
	messages := make([]string, len(f))
	for i := range f {
		messages[i] = f[i].Message
	}
	return &fault.Invalid{Field: f[0].Field, Message: strings.Join(messages, "; ")}
}

func (f *Findings) addresses(c *Client) {
	f.Add("adminUrl", CheckURL("Admin URL", below(c.AdminURL)))
	f.Add("rootUrl", CheckURL("Root URL", c.RootURL))
	if strings.Contains(c.RootURL, "#") {
		f.Add("rootUrl", "Root URL must not contain an URL fragment")
	}
	f.Add("baseUrl", CheckURL("Base URL", below(c.BaseURL)))
	f.Add("backchannelLogoutUrl", CheckURL("Backchannel logout URL", below(c.Logout.BackChannelURL)))
	f.Add("frontchannelLogoutUrl", CheckURL("Front-channel logout URL", below(c.Logout.FrontChannelURL)))
	for _, uri := range c.RedirectURIs {
		f.Add("redirectUris", checkRedirect("A redirect URI", uri))
	}
	for _, uri := range c.Logout.RedirectURIs {
		f.Add("postLogoutRedirectUris", checkRedirect("A post-logout redirect URI", uri))
	}
}

// below leaves out an address that is below another, and so as good as that.
func below(s string) string {
	if strings.HasPrefix(s, "/") {
		return ""
	}
	return s
}

func (f *Findings) keys(c *Client) {
	if c.UseJWKSURL {
		f.Add("jwksUrl", CheckURL("JWKS URL", c.JWKSURL))
	}
	if c.UseJWKSURL && c.UseJWKS {
		f.Add("jwksUrl", `The "Use JWKS" switch and the switch "Use JWKS URL" cannot be ON at the same time.`)
	}
}

// levels wants each acr value that the client names to be one of its levels, or of the realm's. A number stands for
// itself; whether a browser flow reaches it is not looked at.
func (f *Findings) levels(r *Realm, c *Client) {
	names := r.AssuranceOf(c)
	stands := func(value string) bool {
		level, ok := names.Level(value)
		return ok && level >= 0
	}
	if slices.ContainsFunc(c.SignIn.DefaultACR, func(value string) bool { return !stands(value) }) {
		f.Add("defaultAcrValues", "Default ACR values need to contain values specified in the ACR-To-Loa mapping or number levels from set realm browser flow")
	}
	if least := c.SignIn.LeastACR; least != "" && !stands(least) {
		f.Add("minimumAcrValue", "Minimum ACR value needs to be value specified in the ACR-To-Loa mapping or number level from set realm browser flow")
	}
}

func (f *Findings) sessions(r *Realm, c *Client) {
	idle, longest := r.sessionLimits()
	if o := c.Tokens.SessionIdle; o.Set && o.Value > idle {
		f.Add("clientSessionIdleTimeout", "Client session idle timeout cannot exceed realm SSO session idle timeout.")
	}
	if o := c.Tokens.SessionMax; o.Set && o.Value > longest {
		f.Add("clientSessionMaxLifespan", "Client session max lifespan cannot exceed realm SSO session max lifespan.")
	}
}

// CheckURL says what is wrong with a URL that the server shows or calls; empty where nothing is.
// Placeholders of Keycloak's, as ${authBaseUrl}, stand for the server's own URL.
func CheckURL(what, s string) string {
	if s == "" || strings.HasPrefix(s, "${") {
		return ""
	}
	u, err := url.Parse(s)
	switch {
	case err == nil && scripting(u):
		return what + " uses an illegal scheme"
	case err != nil, !wellFormed(s), !slices.Contains([]string{"http", "https", "ftp", "file"}, strings.ToLower(u.Scheme)):
		return what + " is not a valid URL"
	}
	return ""
}

func checkRedirect(what, s string) string {
	if flaw := CheckReference(what+" uses an illegal scheme", what+" is not a valid URI", s); flaw != "" {
		return flaw
	}
	if strings.Contains(s, "#") {
		return what + " must not contain an URL fragment"
	}
	return ""
}

// CheckReference says which of two things is wrong with a URI of any scheme, or with one below another: that a browser
// would run it, or that it is none. Empty where it is neither.
func CheckReference(script, malformed, s string) string {
	u, err := url.Parse(s)
	switch {
	case err == nil && scripting(u):
		return script
	case !wellFormed(s):
		return malformed
	}
	return ""
}

// scripting tells whether a browser that follows the URL runs what stands in it.
func scripting(u *url.URL) bool {
	return strings.EqualFold(u.Scheme, "javascript") || strings.EqualFold(u.Scheme, "data")
}

// wellFormed tells whether a text is made of what a URI can have (RFC 3986 §2), wildcards as "http://a:*/" included,
// and of letters of any language.
func wellFormed(s string) bool {
	for i, c := range s {
		if inNoURI(c) || c == '%' && !escaped(s[i:]) {
			return false
		}
	}
	if scheme, rest, ok := strings.Cut(s, "://"); ok && scheme != "" {
		host, _, _ := strings.Cut(rest, "/")
		return strings.Count(host, "[") == strings.Count(host, "]")
	}
	return true
}

// inNoURI tells characters that no URI has (RFC 3986 §2). Letters of any language pass.
func inNoURI(c rune) bool { return c <= ' ' || c == 0x7f || strings.ContainsRune("\"<>\\^`{|}", c) }

// escaped tells whether a text begins with an octet in hexadecimal digits, as "%2F".
func escaped(s string) bool {
	if len(s) < 3 {
		return false
	}
	_, err := strconv.ParseUint(s[1:3], 16, 8)
	return err == nil
}
