package admin

import (
	"cmp"
	"crypto/x509"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/kcadm"
	"github.com/tokenhouse/tokenhouse/internal/kcadm/keystore"
)

// defaultClient is who kcadm is where --client does not say otherwise.
const defaultClient = "admin-cli"

// session is whom the requests of a command go to, and as whom.
type session struct {
	client        *kcadm.Client
	server, realm string
	root          string // the administration's address
	target        string // realm that the requests are about
	token         string // empty: nobody is signed in
	initial       string // token that lets clients be registered
}

// keeper is where sessions are kept.
func (c *call) keeper() (kcadm.Keeper, error) {
	switch {
	case c.has("--no-config") && c.has("--config"):
		return nil, misusef("Options --config and --no-config are mutually exclusive")
	case c.has("--no-config"):
		return &kcadm.Memory{}, nil
	}
	return kcadm.File(cmp.Or(c.text("--config"), c.program.configPath())), nil
}

// connect finds the session that the options name, signs in where they say so, and sees to a fresh token.
func (c *call) connect() (*session, error) {
	keeper, err := c.keeper()
	if err != nil {
		return nil, err
	}
	config, err := keeper.Load()
	if err != nil {
		return nil, err
	}
	s := &session{server: cmp.Or(c.text("--server"), config.ServerURL), realm: cmp.Or(c.text("--realm"), config.Realm), token: c.text("--token")}
	switch {
	case s.server == "":
		return nil, fmt.Errorf("No server specified. Use --server, or '%s config credentials'.", c.program.Name)
	case s.realm == "" && s.token == "":
		return nil, fmt.Errorf("No realm or token specified. Use --realm, --token, or '%s config credentials'.", c.program.Name)
	}
	s.root = cmp.Or(c.text("--admin-root"), kcadm.Base(s.server)+"/admin")
	s.target = cmp.Or(c.text("--target-realm"), s.realm)
	if s.client, err = c.httpClient(s.server, config); err != nil {
		return nil, err
	}
	switch {
	case s.token != "":
		return s, nil
	case !c.none("--user", "--password", "--secret", "--keystore", "--keypass", "--storepass", "--alias"):
		signed, err := c.signIn(s.client, s.server, s.realm)
		if err != nil {
			return nil, err
		}
		s.token = signed.Token
		return s, nil
	}
	return s, c.resume(s, keeper, config)
}

// resume goes on with the session that is kept, if there is one.
func (c *call) resume(s *session, keeper kcadm.Keeper, config *kcadm.Config) error {
	kept := config.Session(s.server, s.realm)
	if kept == nil {
		return nil
	}
	s.initial = kept.InitialToken
	if kept.RefreshToken == "" && (kept.Token == "" || kept.GrantType != kcadm.ClientCredentialsGrant) {
		return nil
	}
	changed, err := s.client.Refresh(c.ctx, s.server, s.realm, kept, c.program.Now())
	if errors.Is(err, kcadm.ErrExpired) {
		return fmt.Errorf("Session has expired. Login again with '%s config credentials'", c.program.Name)
	}
	if err != nil {
		return err
	}
	s.token = kept.Token
	if !changed {
		return nil
	}
	return keeper.Edit(func(config *kcadm.Config) {
		*config.EnsureSession(s.server, s.realm) = *kept
	})
}

// httpClient trusts what --truststore, or the kept one, holds.
func (c *call) httpClient(server string, config *kcadm.Config) (*kcadm.Client, error) {
	if !strings.HasPrefix(server, "https:") {
		return kcadm.NewClient(nil), nil
	}
	if c.has("--insecure") {
		fmt.Fprintln(c.program.Err, "The server is configured to use TLS but there is no truststore specified.")
		fmt.Fprintln(c.program.Err, "The tool will skip certificate validation. This is highly discouraged for production use cases")
		return kcadm.NewInsecureClient(), nil
	}
	path := cmp.Or(c.text("--truststore"), config.Truststore)
	if path == "" {
		return kcadm.NewClient(nil), nil
	}
	roots, err := c.truststore(path, cmp.Or(c.text("--trustpass"), config.Trustpass))
	if err != nil {
		return nil, fmt.Errorf("Failed to load truststore: %s: %w", path, err)
	}
	return kcadm.NewClient(roots), nil
}

func (c *call) truststore(path, password string) (*x509.CertPool, error) {
	store, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	if password == "" && !strings.HasSuffix(path, ".pem") {
		if password, err = c.program.secret("truststore password", "KC_CLI_TRUSTSTORE_PASSWORD"); err != nil {
			return nil, err
		}
	}
	return keystore.Certificates(store, password)
}

// signIn signs in with the credentials of the options.
func (c *call) signIn(client *kcadm.Client, server, realm string) (*kcadm.Session, error) {
	if u, err := url.Parse(server); err != nil || u.Scheme == "" || u.Host == "" {
		return nil, errors.New("Invalid server endpoint url: " + server)
	}
	p := c.program
	l := kcadm.Login{Server: server, Realm: realm, Client: cmp.Or(c.text("--client"), defaultClient), Secret: c.text("--secret"),
		User: c.text("--user"), Password: c.text("--password")}
	who := "user " + l.User
	if l.User == "" {
		who = "service-account-" + l.Client
	}
	fmt.Fprintf(p.Err, "Logging into %s as %s of realm %s\n", server, who, realm)
	var err error
	if l.User != "" && l.Password == "" {
		if l.Password, err = p.secret("password", "KC_CLI_PASSWORD"); err != nil {
			return nil, err
		}
	}
	if c.has("--keystore") {
		if l.Secret != "" {
			return nil, misusef("Can't use both --keystore and --secret")
		}
		l.AssertionExpires = p.Now().Add(kcadm.AssertionLifespan)
		if l.Assertion, err = c.assertion(l.Client, kcadm.Base(server)+"/realms/"+realm); err != nil {
			return nil, err
		}
		return client.Login(c.ctx, l, p.Now())
	}
	if l.Secret == "-" || l.User == "" && l.Secret == "" {
		variable := "KC_CLI_CLIENT_SECRET"
		if l.Secret == "-" {
			variable = "" // what is asked for is typed
		}
		if l.Secret, err = p.secret("client secret", variable); err != nil {
			return nil, err
		}
	}
	return client.Login(c.ctx, l, p.Now())
}

// assertion is signed by the key in --keystore.
func (c *call) assertion(client, realmURL string) (string, error) {
	p, path := c.program, c.text("--keystore")
	store, err := os.ReadFile(path)
	if err != nil {
		return "", errors.New("No such keystore file: " + path)
	}
	storePass, keyPass := c.text("--storepass"), cmp.Or(c.text("--keypass"), p.Getenv("KC_CLI_KEY_PASSWORD"))
	if storePass == "" && !strings.HasSuffix(path, ".pem") {
		if storePass, err = p.secret("keystore password", "KC_CLI_STORE_PASSWORD"); err != nil {
			return "", err
		}
	}
	key, err := keystore.Key(store, storePass, cmp.Or(keyPass, storePass), cmp.Or(c.text("--alias"), client))
	if err != nil {
		return "", fmt.Errorf("Failed to load keystore: %s: %w", path, err)
	}
	return kcadm.Assertion(key, client, realmURL, p.NewID(), p.Now())
}

// headers are those that a request of the session needs.
func (s *session) headers() kcadm.Headers {
	var h kcadm.Headers
	s.authorize(&h)
	return h
}

func (s *session) authorize(h *kcadm.Headers) {
	if s.token != "" {
		h.Default("Authorization", "Bearer "+s.token)
	}
}
