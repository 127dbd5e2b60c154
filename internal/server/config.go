package server

import (
	"log/slog"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/store/engine"
)

// Config is everything a server is told when it starts. The zero value keeps all in memory and is
// served by Handler alone.
type Config struct {
	Development bool // start-dev: plain HTTP is fine, and key sets may be fetched from private addresses
	Listen      Listen
	Public      Public
	Proxy       Proxy
	Database    Database
	Management  Management
	Bootstrap   Bootstrap

	Import       string // realm file, or directory of them, to import at start; none where empty
	FetchPrivate bool   // key sets of clients may be fetched from private addresses
	AccessLog    bool   // every request is logged

	Log *slog.Logger     // slog.Default() where nil
	Now func() time.Time // time.Now where nil

	// Env looks up the ${NAME:default} placeholders of realm files; nil leaves them as they are.
	Env func(name string) (string, bool)
}

// Listen is where the server answers.
type Listen struct {
	Host        string // address to bind; every one where empty
	HTTP        bool   // plain HTTP is served
	HTTPPort    int
	HTTPSPort   int           // TLS is served where Certificate is set
	Certificate string        // PEM file with the chain
	Key         string        // PEM file with the private key
	ClientAuth  string        // whether callers show a certificate: "request", "required", or "none" or empty for neither
	TrustStore  string        // PEM file with who may have issued the certificates of callers
	Delay       time.Duration // how long a server that is told to stop still takes requests
	Grace       time.Duration // how long requests may take to finish after that
}

// Public is how callers reach the server.
type Public struct {
	Hostname string // full URL, or host with or without port; empty: what the request names
	AnyHost  bool   // Hostname may be empty outside development too
	Path     string // path that the server lives under, as "/auth"; "/" or empty for none
}

// Proxy is what the server believes of the proxies before it.
type Proxy struct {
	Headers     string         // "forwarded" (RFC 7239), "xforwarded", or empty for neither
	Trusted     []netip.Prefix // proxies whose headers count; every peer's where empty
	Certificate string         // header in which they tell the certificate of who called them; empty: none
}

// Database is where everything is kept.
type Database struct {
	URL       string // "sqlite:PATH", a path, or "postgres://…"; a throw-away one where empty
	MasterKey string // base64 of 32 bytes; seals private keys and client secrets
	KeyFile   string // file with the master key; with SQLite made beside the database where absent
}

// Management is the port for operators. It is served where Health or Metrics is.
type Management struct {
	Host    string
	Port    int
	Health  bool // /health, /health/live, /health/ready and /health/started
	Metrics bool // /metrics
}

// Bootstrap is the first administrator: made together with the master realm.
type Bootstrap struct {
	Username, Password     string
	ClientID, ClientSecret string
}

// Check tells what of the configuration cannot be served, as a *fault.Invalid whose field is the name
// of the option at fault.
func (c *Config) Check() error {
	for _, rule := range []func() *fault.Invalid{c.checkTransport, c.checkCertificate, c.checkClientAuth, c.checkHostname, c.checkPath, c.checkProxy, c.checkBootstrap} {
		if wrong := rule(); wrong != nil {
			return wrong
		}
	}
	return nil
}

// checkTransport demands TLS, or an explicit word that something before the server brings it.
func (c *Config) checkTransport() *fault.Invalid {
	if c.Listen.Certificate == "" && !c.Listen.HTTP {
		return &fault.Invalid{Field: "https-certificate-file", Message: "Key material not provided to setup HTTPS. " +
			"Name a certificate and its key, say http-enabled=true or proxy-headers where a proxy brings TLS, or start in development mode"}
	}
	return nil
}

func (c *Config) checkCertificate() *fault.Invalid {
	if (c.Listen.Certificate == "") != (c.Listen.Key == "") {
		return &fault.Invalid{Field: "https-certificate-file", Message: "a certificate needs its key and a key its certificate: https-certificate-file, https-certificate-key-file"}
	}
	return nil
}

// checkClientAuth demands what the certificates of callers are verified by.
func (c *Config) checkClientAuth() *fault.Invalid {
	asks := c.Listen.ClientAuth == "request" || c.Listen.ClientAuth == "required"
	switch {
	case !asks && c.Listen.ClientAuth != "" && c.Listen.ClientAuth != "none":
		return &fault.Invalid{Field: "https-client-auth", Message: "none of none, request, required: " + c.Listen.ClientAuth}
	case asks && c.Listen.Certificate == "":
		return &fault.Invalid{Field: "https-client-auth", Message: "needs https-certificate-file: callers show certificates over TLS"}
	case asks && c.Listen.TrustStore == "":
		return &fault.Invalid{Field: "https-client-auth", Message: "needs https-trust-store-file: who may have issued the certificates of callers"}
	case c.Proxy.Certificate != "" && (c.Proxy.Headers == "" || len(c.Proxy.Trusted) == 0):
		return &fault.Invalid{Field: "proxy-client-certificate-header", Message: "needs proxy-headers and proxy-trusted-addresses: else anybody could claim any certificate"}
	case c.Proxy.Certificate != "" && c.Listen.TrustStore == "":
		return &fault.Invalid{Field: "proxy-client-certificate-header", Message: "needs https-trust-store-file: who may have issued the certificates of callers"}
	}
	return nil
}

func (c *Config) checkHostname() *fault.Invalid {
	h := c.Public.Hostname
	switch {
	case h == "" && !c.Public.AnyHost && !c.Development:
		return &fault.Invalid{Field: "hostname", Message: "hostname is not configured; either configure hostname, or set hostname-strict to false"}
	case strings.Contains(h, "://"):
		u, err := url.Parse(h)
		if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
			return &fault.Invalid{Field: "hostname", Message: "not a web address: " + h}
		}
	case strings.ContainsAny(h, "/ ?#@"):
		return &fault.Invalid{Field: "hostname", Message: "neither a host nor a web address: " + h}
	}
	return nil
}

func (c *Config) checkPath() *fault.Invalid {
	p := c.Public.Path
	if p != "" && (!strings.HasPrefix(p, "/") || strings.ContainsAny(p, "?#%{} ") || strings.Contains(p, "//") || strings.Contains(p, "..")) {
		return &fault.Invalid{Field: "http-relative-path", Message: "not a path that begins with a slash: " + p}
	}
	return nil
}

func (c *Config) checkProxy() *fault.Invalid {
	if !slices.Contains([]string{"", "forwarded", "xforwarded"}, c.Proxy.Headers) {
		return &fault.Invalid{Field: "proxy-headers", Message: "neither forwarded nor xforwarded: " + c.Proxy.Headers}
	}
	if c.Proxy.Headers == "" && len(c.Proxy.Trusted) > 0 {
		return &fault.Invalid{Field: "proxy-trusted-addresses", Message: "needs proxy-headers: without it the headers of no proxy are read"}
	}
	return nil
}

func (c *Config) checkBootstrap() *fault.Invalid {
	b := c.Bootstrap
	if (b.Username == "") != (b.Password == "") {
		return &fault.Invalid{Field: "bootstrap-admin-username", Message: "an administrator needs both bootstrap-admin-username and bootstrap-admin-password"}
	}
	if (b.ClientID == "") != (b.ClientSecret == "") {
		return &fault.Invalid{Field: "bootstrap-admin-client-id", Message: "an administrating client needs both bootstrap-admin-client-id and bootstrap-admin-client-secret"}
	}
	return nil
}

// file is the SQLite file; empty for other databases.
func (d Database) file() string {
	path, _, _ := strings.Cut(engine.Path(d.URL), "?")
	if strings.Contains(path, "://") {
		return ""
	}
	return path
}

// makeDirectory makes the directory of a SQLite file where it is missing.
func (d Database) makeDirectory() error {
	if d.file() == "" {
		return nil
	}
	return os.MkdirAll(filepath.Dir(d.file()), 0o700)
}

// path is the path that the server lives under, without a slash at the end; empty for none.
func (p Public) path() string { return strings.TrimSuffix(p.Path, "/") }

func (c *Config) log() *slog.Logger {
	if c.Log == nil {
		return slog.Default()
	}
	return c.Log
}

func (c *Config) clock() func() time.Time {
	if c.Now == nil {
		return time.Now
	}
	return c.Now
}
