package realm

// PostLogout tells whether the browser of who signed out may be sent to an address (RP-Initiated Logout 1.0 §3.1):
// it is one of those that the client registered for that. Among these "+" stands for the client's redirect URIs, and
// "-" says that there are none. base is the server's own URL.
func (c *Client) PostLogout(base, uri string) bool {
	var allowed []string
	for _, registered := range c.Logout.RedirectURIs {
		switch registered {
		case "-":
			return false
		case "+":
			allowed = append(allowed, c.redirects(base)...)
		default:
			allowed = append(allowed, c.complete(base, registered))
		}
	}
	return permitted(allowed, uri)
}

// BackChannelURL is where the client is told that a session ended, complete; empty where it is nowhere.
func (c *Client) BackChannelURL(base string) string { return c.address(base, c.Logout.BackChannelURL) }

// FrontChannelURL is what a browser opens to tell the client that a session ended; empty where it is nothing that a
// browser can open.
func (c *Client) FrontChannelURL(base string) string {
	address := c.address(base, c.Logout.FrontChannelURL)
	if !web(address) {
		return ""
	}
	return address
}

func (c *Client) address(base, registered string) string {
	if registered == "" {
		return ""
	}
	return c.complete(base, registered)
}
