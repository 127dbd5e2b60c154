package cli

import (
	"log/slog"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/server"
)

// option is one setting, however it is given: as flag --name, as environment variable
// TOKENHOUSE_NAME, as key of the configuration file and, where Keycloak has the same, as KC_NAME.
type option struct {
	name     string
	keycloak bool   // KC_NAME is read too
	toggle   bool   // --name alone means true
	store    bool   // commands that open the database know it too, not only the server
	secret   bool   // its value is never shown
	fallback string // default, as in the help
	help     string
	set      func(s *settings, value string) error // error: why the value cannot be read
}

// settings are what options are read into.
type settings struct {
	server.Config
	database database
	imports  string // --import-realm: "true" or a path
	httpSet  bool   // http-enabled was given
	logLevel slog.Level
	logJSON  bool
}

// database are the parts of which the URL is made where it is not given whole.
type database struct {
	kind, url, host, port, name, user, password string
}

// options are all of them, in the order of the help.
var options = []option{
	{name: "http-host", keycloak: true, fallback: "0.0.0.0", help: "address to listen on",
		set: text(func(s *settings) *string { return &s.Listen.Host })},
	{name: "http-port", keycloak: true, fallback: "8080", help: "port for HTTP",
		set: port(func(s *settings) *int { return &s.Listen.HTTPPort })},
	{name: "http-enabled", keycloak: true, toggle: true, help: "serve plain HTTP; on in development, and where proxy-headers is set and no certificate",
		set: func(s *settings, v string) error { s.httpSet = true; return toggle(&s.Listen.HTTP, v) }},
	{name: "https-port", keycloak: true, fallback: "8443", help: "port for HTTPS",
		set: port(func(s *settings) *int { return &s.Listen.HTTPSPort })},
	{name: "https-certificate-file", keycloak: true, help: "PEM file with the certificate chain; HTTPS is served where it is set",
		set: text(func(s *settings) *string { return &s.Listen.Certificate })},
	{name: "https-certificate-key-file", keycloak: true, help: "PEM file with the certificate's private key",
		set: text(func(s *settings) *string { return &s.Listen.Key })},
	{name: "https-client-auth", keycloak: true, fallback: "none", help: "whether callers show a certificate: none, request or required",
		set: text(func(s *settings) *string { return &s.Listen.ClientAuth })},
	{name: "https-trust-store-file", keycloak: true, help: "PEM file with who may have issued the certificates of callers",
		set: text(func(s *settings) *string { return &s.Listen.TrustStore })},
	{name: "hostname", keycloak: true, help: "URL or host that callers reach the server by; without it each request names its own",
		set: text(func(s *settings) *string { return &s.Public.Hostname })},
	{name: "hostname-strict", keycloak: true, toggle: true, fallback: "true", help: "refuse to start without hostname; never in development",
		set: func(s *settings, v string) error {
			var strict bool
			err := toggle(&strict, v)
			s.Public.AnyHost = !strict
			return err
		}},
	{name: "http-relative-path", keycloak: true, fallback: "/", help: "path that the server lives under, as /auth",
		set: text(func(s *settings) *string { return &s.Public.Path })},
	{name: "proxy-headers", keycloak: true, help: "headers of proxies to believe: forwarded or xforwarded",
		set: text(func(s *settings) *string { return &s.Proxy.Headers })},
	{name: "proxy-trusted-addresses", keycloak: true, help: "proxies whose headers are believed, addresses or networks by comma; all where not set",
		set: networks(func(s *settings) *[]netip.Prefix { return &s.Proxy.Trusted })},
	{name: "proxy-client-certificate-header", help: "header in which trusted proxies tell the certificate of who called them, as Client-Cert",
		set: text(func(s *settings) *string { return &s.Proxy.Certificate })},
	{name: "http-access-log-enabled", keycloak: true, toggle: true, fallback: "false", help: "log every request",
		set: truth(func(s *settings) *bool { return &s.AccessLog })},
	{name: "shutdown-delay", keycloak: true, fallback: "0s", help: "how long a server that is told to stop still takes requests, and is not ready: until load balancers know",
		set: duration(func(s *settings) *time.Duration { return &s.Listen.Delay })},
	{name: "shutdown-timeout", keycloak: true, fallback: "30s", help: "how long requests may take to finish after that",
		set: duration(func(s *settings) *time.Duration { return &s.Listen.Grace })},

	{name: "db", keycloak: true, store: true, help: "kind of database where db-url is not set: sqlite (dev-file) or postgres",
		set: oneOf(func(s *settings) *string { return &s.database.kind }, "sqlite", "dev-file", "dev-mem", "postgres")},
	{name: "db-url", keycloak: true, store: true, secret: true, help: "database: sqlite:PATH, or postgres://USER:PASSWORD@HOST/NAME (default sqlite:" + defaultPath + ")",
		set: text(func(s *settings) *string { return &s.database.url })},
	{name: "db-url-host", keycloak: true, store: true, fallback: "localhost", help: "host of the PostgreSQL database",
		set: text(func(s *settings) *string { return &s.database.host })},
	{name: "db-url-port", keycloak: true, store: true, fallback: "5432", help: "port of the PostgreSQL database",
		set: text(func(s *settings) *string { return &s.database.port })},
	{name: "db-url-database", keycloak: true, store: true, fallback: "keycloak", help: "name of the PostgreSQL database",
		set: text(func(s *settings) *string { return &s.database.name })},
	{name: "db-username", keycloak: true, store: true, help: "user of the PostgreSQL database",
		set: text(func(s *settings) *string { return &s.database.user })},
	{name: "db-password", keycloak: true, store: true, secret: true, help: "password of that user",
		set: text(func(s *settings) *string { return &s.database.password })},
	{name: "master-key", store: true, secret: true, help: "base64 of 32 bytes that seal private keys and secrets in the database; better in a file",
		set: text(func(s *settings) *string { return &s.Database.MasterKey })},
	{name: "master-key-file", store: true, help: "file with the master key; with SQLite made beside the database at the first start",
		set: text(func(s *settings) *string { return &s.Database.KeyFile })},

	{name: "import-realm", toggle: true, help: "import realm files at start, those of data/import or of the path given; existing realms are skipped",
		set: text(func(s *settings) *string { return &s.imports })},
	{name: "bootstrap-admin-username", keycloak: true, help: "administrator to make at the first start, or while the master realm has no user",
		set: text(func(s *settings) *string { return &s.Bootstrap.Username })},
	{name: "bootstrap-admin-password", keycloak: true, secret: true, help: "password of the administrator",
		set: text(func(s *settings) *string { return &s.Bootstrap.Password })},
	{name: "bootstrap-admin-client-id", keycloak: true, help: "administrating client to make at the first start",
		set: text(func(s *settings) *string { return &s.Bootstrap.ClientID })},
	{name: "bootstrap-admin-client-secret", keycloak: true, secret: true, help: "secret of that client",
		set: text(func(s *settings) *string { return &s.Bootstrap.ClientSecret })},
	{name: "fetch-allow-private", toggle: true, fallback: "false", help: "fetch key sets of clients, and ask identity providers, at private addresses too",
		set: truth(func(s *settings) *bool { return &s.FetchPrivate })},

	{name: "health-enabled", keycloak: true, toggle: true, fallback: "false", help: "serve /health on the management port",
		set: truth(func(s *settings) *bool { return &s.Management.Health })},
	{name: "metrics-enabled", keycloak: true, toggle: true, fallback: "false", help: "serve /metrics on the management port",
		set: truth(func(s *settings) *bool { return &s.Management.Metrics })},
	{name: "http-management-host", keycloak: true, fallback: "0.0.0.0", help: "address of the management port",
		set: text(func(s *settings) *string { return &s.Management.Host })},
	{name: "http-management-port", keycloak: true, fallback: "9000", help: "management port",
		set: port(func(s *settings) *int { return &s.Management.Port })},

	{name: "log-level", keycloak: true, store: true, fallback: "info", help: "least severe level that is logged: debug, info, warn or error",
		set: func(s *settings, v string) error { return level(&s.logLevel, v) }},
	{name: "log-console-output", keycloak: true, store: true, fallback: "default", help: "form of the log: default or json",
		set: func(s *settings, v string) error { return logForm(&s.logJSON, v) }},
}

// defaultPath is where SQLite keeps everything.
const defaultPath = "data/tokenhouse.db"

// invalid says why a value cannot be read; who calls adds which and whose.
type invalid string

func (i invalid) Error() string { return string(i) }

func text(field func(*settings) *string) func(*settings, string) error {
	return func(s *settings, v string) error { *field(s) = v; return nil }
}

func truth(field func(*settings) *bool) func(*settings, string) error {
	return func(s *settings, v string) error { return toggle(field(s), v) }
}

func toggle(into *bool, v string) error {
	switch v {
	case "true":
		*into = true
	case "false":
		*into = false
	default:
		return invalid("is neither true nor false")
	}
	return nil
}

func port(field func(*settings) *int) func(*settings, string) error {
	return func(s *settings, v string) error {
		n, err := strconv.ParseUint(v, 10, 16)
		if err != nil {
			return invalid("is no port: 0 to 65535")
		}
		*field(s) = int(n)
		return nil
	}
}

func duration(field func(*settings) *time.Duration) func(*settings, string) error {
	return func(s *settings, v string) error {
		d, err := time.ParseDuration(v)
		if seconds, bare := strconv.Atoi(v); bare == nil {
			d, err = time.Duration(seconds)*time.Second, nil
		}
		if err != nil || d < 0 {
			return invalid("is no duration, as 30s or 1m30s")
		}
		*field(s) = d
		return nil
	}
}

func oneOf(field func(*settings) *string, values ...string) func(*settings, string) error {
	return func(s *settings, v string) error {
		for _, known := range values {
			if v == known {
				*field(s) = v
				return nil
			}
		}
		return invalid("is none of " + strings.Join(values, ", "))
	}
}

func networks(field func(*settings) *[]netip.Prefix) func(*settings, string) error {
	return func(s *settings, v string) error {
		for one := range strings.SplitSeq(v, ",") {
			one = strings.TrimSpace(one)
			p, err := netip.ParsePrefix(one)
			if a, bare := netip.ParseAddr(one); bare == nil {
				p, err = netip.PrefixFrom(a, a.BitLen()), nil
			}
			if err != nil {
				return invalid("holds " + strconv.Quote(one) + ", which is no address and no network")
			}
			*field(s) = append(*field(s), p)
		}
		return nil
	}
}

// level reads a level in our words or Keycloak's, whose list may hold levels of its own parts too.
func level(into *slog.Level, v string) error {
	for one := range strings.SplitSeq(strings.ToLower(v), ",") {
		if strings.Contains(one, ":") {
			continue
		}
		known, ok := levels[strings.TrimSpace(one)]
		if !ok {
			return invalid("is none of debug, info, warn, error")
		}
		*into = known
	}
	return nil
}

var levels = map[string]slog.Level{
	"all": slog.LevelDebug, "trace": slog.LevelDebug, "debug": slog.LevelDebug, "info": slog.LevelInfo,
	"warn": slog.LevelWarn, "error": slog.LevelError, "fatal": slog.LevelError, "off": slog.LevelError + 4,
}

func logForm(json *bool, v string) error {
	switch v {
	case "json", "default":
		*json = v == "json"
		return nil
	}
	return invalid("is neither default nor json")
}

// location is the database that the options name: db-url as it is, or made of its parts.
func (d *database) location() (string, error) {
	switch {
	case d.url == "" && d.kind == "postgres":
		return d.credentials("postgres://" + d.host + ":" + d.port + "/" + d.name)
	case d.url == "" && d.kind == "dev-mem":
		return "", nil
	case d.url == "":
		return "sqlite:" + defaultPath, nil
	}
	return d.credentials(strings.TrimPrefix(d.url, "jdbc:")) // Keycloak's spelling
}

// credentials puts user and password into the URL of a PostgreSQL database that has none.
func (d *database) credentials(location string) (string, error) {
	if !strings.HasPrefix(location, "postgres") || d.user == "" {
		return location, nil
	}
	u, err := url.Parse(location)
	if err != nil {
		return "", usagef("db-url is no URL") // the reason would quote it, with its password
	}
	if u.User == nil {
		u.User = url.UserPassword(d.user, d.password)
	}
	return u.String(), nil
}
