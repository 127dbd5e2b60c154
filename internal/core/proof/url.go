package proof

import (
	"net/url"
	"strings"
)

// addressed tells whether a proof for one URL goes with a request to another (RFC 9449 §4.3): they are the same but
// for their query and fragment, how scheme and host are spelled, a port that is the scheme's own, and a slash at
// the end, which means nothing to any address of this server.
func addressed(proof, request string) error {
	made, ok := normal(proof)
	if !ok {
		return errNoURL
	}
	if here, ok := normal(request); !ok || made != here {
		return errURL
	}
	return nil
}

// normal is a URL as it is compared (RFC 3986 §6.2.2, §6.2.3); ok is false for what is none of the web.
func normal(text string) (normal string, ok bool) {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.User != nil {
		return "", false
	}
	host := strings.ToLower(u.Host)
	switch u.Scheme { // Parse made it lower case
	case "https":
		host = strings.TrimSuffix(host, ":443")
	case "http":
		host = strings.TrimSuffix(host, ":80")
	default:
		return "", false
	}
	return u.Scheme + "://" + host + strings.TrimSuffix(u.EscapedPath(), "/"), true
}
