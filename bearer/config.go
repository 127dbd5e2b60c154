package bearer

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"time"
)

// Config says how tokens are verified. Only Issuer is required; the zero value of any other field is the safe choice.
type Config struct {
	// Issuer is what "iss" has to be, to the letter: https://id.example/realms/shop, for example.
	Issuer string

	// DiscoveryURL is where the discovery document is fetched where it is not below Issuer: the address of the issuer inside a
	// cluster, for example. The document must name Issuer all the same.
	DiscoveryURL string

	// HTTPClient speaks to the issuer; nil is http.DefaultClient. Redirects are not followed, and each request is given up after ten
	// seconds.
	HTTPClient *http.Client

	// InsecureHTTP lets keys be fetched without TLS from another machine. Whoever is on the way can then make tokens that are
	// believed. The machine itself (localhost, 127.0.0.1) needs no TLS.
	InsecureHTTP bool

	// Algorithms are those that tokens may be signed with (RFC 7518 §3.1, RFC 8037); none means all of RS, PS and ES with 256, 384 and
	// 512, and EdDSA. Others are an error.
	Algorithms []string

	// Leeway is how long after "exp" a token is still taken. Default: not at all.
	Leeway time.Duration

	// Skew is how far the issuer's clock, and those of who makes DPoP proofs, may be ahead. Default: 30 seconds; negative is none.
	Skew time.Duration

	// MaxSize is how long a token may be, in bytes. Default: 64 KiB. The server limits headers too: see
	// http.Server.MaxHeaderBytes.
	MaxSize int

	// AcceptUntyped takes tokens that do not say that they are access tokens, neither by header "typ" at+jwt nor by claim "typ",
	// as some issuers write them. ID tokens of such an issuer can then pass for access tokens where their audience does; those with
	// "nonce", "at_hash", "c_hash" or "s_hash" do not.
	AcceptUntyped bool

	// Remember is how many verified tokens are remembered, by their SHA-256, so that a signature is checked once and
	// not on every request. Times, audience, scope and holder are checked each time. Default: 10,000; negative is none.
	Remember int

	// Keys says how long keys are believed.
	Keys Keys

	// DPoP says how proofs of possession are taken.
	DPoP DPoP

	// Introspection asks the issuer about tokens (RFC 7662); nil does not.
	Introspection *Introspection

	// Resource describes the service to clients (RFC 9728).
	Resource Resource

	// RequestURL gives the URL that a client sent a request to, which DPoP proofs are made for. Default: the origin of
	// Resource.URL, else what the request came with (TLS or not, Host), followed by the path of the request. Set it where a proxy
	// rewrites paths.
	RequestURL func(*http.Request) string

	// Certificate gives the TLS client certificate of a request, proven by whoever ended TLS; nil for none. Default: that of
	// Request.TLS. Set it where a trusted proxy passes certificates on.
	Certificate func(*http.Request) *x509.Certificate

	// Log gets a line for each token that is refused, and for each fetch of keys that fails. Default: slog.Default.
	Log *slog.Logger

	// Now is the clock. Default: time.Now.
	Now func() time.Time
}

// Keys says how long keys are believed. The zero value of each is its default.
type Keys struct {
	// URL is where the keys are. Default: jwks_uri of the discovery document, which is not fetched at all where URL is set.
	URL string

	// MaxAge is how old keys get while they can be fetched, and so how long a key is believed that the issuer withdrew. While there
	// are callers they are fetched twice as often, and nobody waits. Default: 5 minutes.
	MaxAge time.Duration

	// MaxStale is how old keys may get while they cannot be fetched. Default: 1 hour.
	MaxStale time.Duration

	// MinInterval is the time between two fetches on average: five may follow each other at once, so that a key that is used right
	// after it was made is known right away, and then there is one in MinInterval, whatever tokens strangers make up. For the sake of
	// tokens that name the same key there is one, another in a tenth of MinInterval, and then one in MinInterval. After one that failed
	// there is another in a tenth of it, then in twice as long each time, and in MinInterval at last. Default: 10 seconds.
	MinInterval time.Duration
}

// Resource describes a service as RFC 9728 §2 has it.
type Resource struct {
	// URL is the resource identifier: the https URL of the service as its clients know it. If it is set, challenges
	// name the address of the document, and DPoP proofs have to be made for its origin.
	URL string

	Scopes        []string // scopes_supported
	Name          string   // resource_name
	Documentation string   // resource_documentation: URL of a page for developers
}

// NewVerifier makes a Verifier for the tokens of an issuer, with the defaults of Config.
func NewVerifier(ctx context.Context, issuer string) (*Verifier, error) {
	return Config{Issuer: issuer}.NewVerifier(ctx)
}

// NewVerifier makes a Verifier and fetches the issuer's keys. It returns an error for what waiting does not mend. An issuer
// that cannot be reached is none: the Verifier answers 503 until it can; Ready tells. The context bounds the first fetch only.
func (c Config) NewVerifier(ctx context.Context) (*Verifier, error) {
	c.fill()
	v := &Verifier{config: c, fetcher: newFetcher(c.HTTPClient, c.InsecureHTTP),
		seen:   newMemory[[sha256.Size]byte, verified](c.Remember),
		proofs: newReplays(c.DPoP.Remember, c.DPoP.life(c.Skew)),
	}
	if err := v.check(); err != nil {
		return nil, fmt.Errorf("bearer: %w", err)
	}
	if c.Introspection != nil {
		v.asked = newInquirer(v, *c.Introspection)
	}
	v.keys = newKeys(&c, v.fetchKeys)
	err := v.Ready(ctx)
	if e, ok := errors.AsType[*Error](err); ok && e.Cause != nil {
		err = e.Cause
	}
	switch {
	case errors.Is(err, errWait):
		c.Log.WarnContext(ctx, "the issuer cannot be reached: requests are answered with 503 until it can", "issuer", c.Issuer, "cause", err)
	case err != nil: // it was reached, and that is what is wrong
		return nil, fmt.Errorf("bearer: %w", err)
	}
	return v, nil
}

// fill puts defaults where nothing is set.
func (c *Config) fill() {
	if c.Log == nil {
		c.Log = slog.Default()
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if len(c.Algorithms) == 0 {
		c.Algorithms = algorithms
	}
	if c.Certificate == nil {
		c.Certificate = tlsCertificate
	}
	if c.RequestURL == nil {
		c.RequestURL = c.requestURL
	}
	orElse(&c.Skew, 30*time.Second)
	orElse(&c.MaxSize, 64<<10)
	orElse(&c.Remember, 10_000)
	orElse(&c.Keys.MaxAge, 5*time.Minute)
	orElse(&c.Keys.MaxStale, max(time.Hour, c.Keys.MaxAge))
	orElse(&c.Keys.MinInterval, 10*time.Second)
	c.DPoP.fill()
}

// orElse sets a default where there is nothing, and nothing where it is negative.
func orElse[N int | time.Duration](n *N, otherwise N) {
	switch {
	case *n == 0:
		*n = otherwise
	case *n < 0:
		*n = 0
	}
}

// check refuses settings that cannot be meant.
func (v *Verifier) check() error {
	c := &v.config
	addresses := []string{c.DiscoveryURL, c.Keys.URL}
	if i := c.Introspection; i != nil {
		if i.ClientID == "" && i.Authenticate == nil {
			return errors.New("Introspection has neither ClientID nor Authenticate: issuers tell nothing to strangers (RFC 7662 §2.1)")
		}
		addresses = append(addresses, i.URL)
	}
	addresses = slices.DeleteFunc(addresses, func(a string) bool { return a == "" })
	for _, address := range append(addresses, c.Issuer) {
		if err := v.fetcher.check(address); err != nil {
			return err
		}
	}
	if err := checkAlgorithms(c.Algorithms); err != nil {
		return err
	}
	if c.Resource.URL != "" {
		// RFC 9728 §1.2: no fragment, and https.
		u, err := url.Parse(c.Resource.URL)
		if err != nil || u.Host == "" || u.Fragment != "" || u.User != nil || u.Scheme != "https" && !loopback(u.Hostname()) {
			return fmt.Errorf("Resource.URL %q is no https URL without fragment", c.Resource.URL)
		}
	}
	return c.DPoP.check()
}
