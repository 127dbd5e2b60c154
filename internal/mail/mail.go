// Package mail speaks SMTP to the mail server of a realm.
package mail

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/mail"
	"net/smtp"
	"net/textproto"
	"strconv"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
)

// Client speaks to mail servers. The zero value is ready to use.
type Client struct {
	TLS *tls.Config // of connections that are encrypted; the name of the server is put in. Nil: the system's roots
}

// server is a mail server, as the member "smtpServer" of a realm has it.
type server struct {
	host, port     string
	from           string // address of the sender
	ssl            bool   // encrypted from the first byte
	startTLS       bool   // encrypted before anything is said
	user, password string // both empty: nobody signs in
}

// longest is how long a try may take.
const longest = 10 * time.Second

// Try connects to the mail server that the settings of a realm's "smtpServer" describe, signs in where they
// ask for it, and names the sender. No mail is sent. The error is safe to show; it is a *fault.Invalid where the
// settings themselves are at fault.
func (c *Client) Try(ctx context.Context, settings map[string]string) error {
	s, err := read(settings)
	if err != nil {
		return err
	}
	return c.speak(ctx, s, name)
}

// step is one thing that is said to a mail server.
type step func(*smtp.Client, server) error

// speak connects to the server, encrypts and signs in as it is set, takes the steps, and leaves. A goodbye that is not
// answered is no failure: what was asked is done.
func (c *Client) speak(ctx context.Context, s server, steps ...step) error {
	ctx, cancel := context.WithTimeout(ctx, longest)
	defer cancel()
	connection, err := c.connect(ctx, s)
	if err != nil {
		return fmt.Errorf("cannot connect to %s: %w", net.JoinHostPort(s.host, s.port), plain(err))
	}
	defer connection.Close()
	for _, step := range append([]step{c.encrypt, signIn}, steps...) {
		if err := step(connection, s); err != nil {
			return plain(err)
		}
	}
	_ = connection.Quit()
	return nil
}

func read(settings map[string]string) (server, error) {
	s := server{host: settings["host"], ssl: settings["ssl"] == "true", startTLS: settings["starttls"] == "true"}
	s.port = cmp.Or(settings["port"], "25")
	if s.host == "" {
		return s, &fault.Invalid{Field: "host", Message: "the mail server has no host"}
	}
	if n, err := strconv.Atoi(s.port); err != nil || n < 1 || n > 65535 {
		return s, &fault.Invalid{Field: "port", Message: strconv.Quote(s.port) + " is not a port"}
	}
	sender, err := mail.ParseAddress(settings["from"])
	if err != nil {
		return s, &fault.Invalid{Field: "from", Message: strconv.Quote(settings["from"]) + " is not an address to send from"}
	}
	s.from = sender.Address
	if settings["auth"] == "true" {
		if kind := settings["authType"]; kind != "" && kind != "basic" {
			return s, &fault.Invalid{Field: "authType", Message: "signing in at the mail server by " + kind + " is not supported"}
		}
		s.user, s.password = settings["user"], settings["password"]
	}
	return s, nil
}

// connect opens a connection and reads the server's greeting.
func (c *Client) connect(ctx context.Context, s server) (*smtp.Client, error) {
	dial := (&net.Dialer{}).DialContext
	if s.ssl {
		dial = (&tls.Dialer{Config: c.tls(s)}).DialContext
	}
	connection, err := dial(ctx, "tcp", net.JoinHostPort(s.host, s.port))
	if err != nil {
		return nil, err
	}
	if deadline, ok := ctx.Deadline(); ok {
		if err := connection.SetDeadline(deadline); err != nil {
			return nil, errors.Join(err, connection.Close())
		}
	}
	client, err := smtp.NewClient(connection, s.host)
	if err != nil {
		return nil, errors.Join(err, connection.Close())
	}
	return client, nil
}

func (c *Client) tls(s server) *tls.Config {
	config := &tls.Config{}
	if c.TLS != nil {
		config = c.TLS.Clone()
	}
	config.ServerName = s.host
	return config
}

func (c *Client) encrypt(connection *smtp.Client, s server) error {
	if !s.startTLS || s.ssl {
		return nil
	}
	if ok, _ := connection.Extension("STARTTLS"); !ok {
		return errors.New("the mail server does not offer STARTTLS")
	}
	return connection.StartTLS(c.tls(s))
}

func signIn(connection *smtp.Client, s server) error {
	if s.user == "" && s.password == "" {
		return nil
	}
	if ok, _ := connection.Extension("AUTH"); !ok {
		return errors.New("the mail server lets nobody sign in")
	}
	return connection.Auth(smtp.PlainAuth("", s.user, s.password, s.host))
}

func name(connection *smtp.Client, s server) error {
	if err := connection.Mail(s.from); err != nil {
		return err
	}
	return connection.Reset()
}

// plain is the reason alone: what the server said, or what the network's error says beside the addresses.
func plain(err error) error {
	if said, ok := errors.AsType[*textproto.Error](err); ok {
		return fmt.Errorf("the mail server said: %d %s", said.Code, said.Msg)
	}
	if operation, ok := errors.AsType[*net.OpError](err); ok && operation.Err != nil {
		return operation.Err
	}
	return err
}
