package admin

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/kcadm"
)

// configCredentials signs in and keeps the session, or tells whether somebody is signed in.
func (c *call) configCredentials() error {
	keeper, err := c.configFile()
	if err != nil {
		return err
	}
	if c.has("--status") {
		return c.status(keeper)
	}
	server, realm, err := c.domain()
	if err != nil {
		return err
	}
	if c.none("--user", "--secret", "--keystore", "--client") {
		return keeper.Edit(func(config *kcadm.Config) { config.ServerURL, config.Realm = server, realm })
	}
	config, err := keeper.Load()
	if err != nil {
		return err
	}
	client, err := c.httpClient(server, config)
	if err != nil {
		return err
	}
	signed, err := c.signIn(client, server, realm)
	if err != nil {
		return err
	}
	return keeper.Edit(func(config *kcadm.Config) {
		config.ServerURL, config.Realm = server, realm
		kept := config.EnsureSession(server, realm)
		signed.InitialToken, signed.Clients = kept.InitialToken, kept.Clients
		*kept = *signed
	})
}

// configFile is the keeper of commands that are about the file.
func (c *call) configFile() (kcadm.Keeper, error) {
	if c.has("--no-config") {
		return nil, misusef("Unsupported option: --no-config")
	}
	return c.keeper()
}

// domain is the server and realm that options must name.
func (c *call) domain() (server, realm string, err error) {
	switch {
	case !c.has("--server"):
		return "", "", misusef("Required option not specified: --server")
	case !strings.Contains(c.text("--server"), "://"):
		return "", "", errors.New("Invalid server endpoint url: " + c.text("--server"))
	case !c.has("--realm"):
		return "", "", misusef("Required option not specified: --realm")
	}
	return c.text("--server"), c.text("--realm"), nil
}

// status prints who is signed in where.
func (c *call) status(keeper kcadm.Keeper) error {
	config, err := keeper.Load()
	if err != nil {
		return err
	}
	now := c.program.Now().UnixMilli()
	s := config.Session(config.ServerURL, config.Realm)
	if s == nil || s.ExpiresAt == nil || *s.ExpiresAt <= now {
		fmt.Fprintln(c.program.Out, "You are not logged in")
		return nil
	}
	fmt.Fprintf(c.program.Out, "Logged in (server: %s, realm: %s, expired: false, timeToExpiry: %ds from now)\n", config.ServerURL, config.Realm, (*s.ExpiresAt-now)/1000)
	return nil
}

// configTruststore keeps, or forgets, where the certificates are that servers are believed by.
func (c *call) configTruststore() error {
	for _, name := range []string{"--server", "--realm", "--client", "--user", "--password", "--secret", "--truststore", "--keystore", "--keypass", "--alias"} {
		if c.has(name) {
			return misusef("Unsupported option: %s", name)
		}
	}
	keeper, err := c.configFile()
	if err != nil {
		return err
	}
	path, password := c.argument(), c.text("--trustpass")
	switch {
	case c.has("--delete") && path != "":
		return misusef("Option --delete is mutually exclusive with specifying a TRUSTSTORE")
	case c.has("--delete") && password != "":
		return misusef("Options --trustpass and --delete are mutually exclusive")
	case c.has("--delete"):
	case path == "":
		return misusef("No truststore specified")
	default:
		if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() {
			return errors.New("Truststore file not found: " + path)
		}
		if password == "-" {
			if password, err = c.program.secret("truststore password", ""); err != nil {
				return err
			}
		}
	}
	return keeper.Edit(func(config *kcadm.Config) { config.Truststore, config.Trustpass = path, password })
}

// configInitialToken keeps, or forgets, the token that lets clients be registered at a realm.
func (c *call) configInitialToken() error {
	keeper, err := c.configFile()
	if err != nil {
		return err
	}
	server, realm, err := c.domain()
	if err != nil {
		return err
	}
	token := c.argument()
	switch {
	case c.has("--delete") && token != "":
		return misusef("Option --delete is mutually exclusive with specifying a TOKEN")
	case c.has("--delete"), token != "":
	default:
		if token, err = c.program.secret("Initial Access Token", ""); err != nil {
			return err
		}
	}
	return keeper.Edit(func(config *kcadm.Config) {
		if !c.has("--keep-domain") {
			config.ServerURL, config.Realm = server, realm
		}
		config.EnsureSession(server, realm).InitialToken = token
	})
}
