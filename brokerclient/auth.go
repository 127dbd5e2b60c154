package brokerclient

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"
)

// Auth proves to an endpoint which client asks: it adds to form and header of a request what the client authenticates itself by.
// A nil Auth adds nothing.
type Auth func(ctx context.Context, endpoint string, form url.Values, header http.Header) error

// SecretBasic authenticates a client by its secret in the header Authorization (RFC 6749 §2.3.1).
func SecretBasic(clientID, secret string) Auth {
	pair := url.QueryEscape(clientID) + ":" + url.QueryEscape(secret)
	value := "Basic " + base64.StdEncoding.EncodeToString([]byte(pair))
	return func(_ context.Context, _ string, _ url.Values, header http.Header) error {
		header.Set("Authorization", value)
		return nil
	}
}

// SecretPost authenticates a client by its secret in the form, for servers that do not take SecretBasic.
func SecretPost(clientID, secret string) Auth {
	return func(_ context.Context, _ string, form url.Values, _ http.Header) error {
		form.Set("client_id", clientID)
		form.Set("client_secret", secret)
		return nil
	}
}

// ClientID names a client that proves itself by the TLS certificate of Config.HTTPClient (RFC 8705 §2), or not at all.
func ClientID(clientID string) Auth {
	return func(_ context.Context, _ string, form url.Values, _ http.Header) error {
		form.Set("client_id", clientID)
		return nil
	}
}

// assertionLife is how long an assertion of PrivateKeyJWT is good. It is used at once.
const assertionLife = time.Minute

// PrivateKeyJWT authenticates a client by an assertion that it signs anew for each request (RFC 7523 §2.2). Issuer is the server's,
// and the only one that the assertion is for, whatever endpoint it is sent to. It is good for a minute, by the clock of the machine.
func PrivateKeyJWT(issuer, clientID string, key Key) Auth {
	return func(_ context.Context, _ string, form url.Values, _ http.Header) error {
		now := time.Now()
		assertion, err := key.sign("JWT", false, map[string]any{"iss": clientID, "sub": clientID, "aud": issuer, "jti": rand.Text(),
			"iat": now.Unix(), "exp": now.Add(assertionLife).Unix()})
		if err != nil {
			return fmt.Errorf("brokerclient: sign a client assertion: %w", err)
		}
		assert(form, assertion)
		return nil
	}
}

// Assertion authenticates a client by a token that somebody else issued to the program: GitHub Actions, for example. The function
// is asked for each request. The client is the one that the server knows by the token's issuer and subject.
func Assertion(token func(ctx context.Context) (string, error)) Auth {
	return func(ctx context.Context, _ string, form url.Values, _ http.Header) error {
		assertion, err := token(ctx)
		if err != nil {
			return fmt.Errorf("brokerclient: get a client assertion: %w", err)
		}
		if assertion == "" {
			return errors.New("brokerclient: the client assertion is empty")
		}
		assert(form, assertion)
		return nil
	}
}

// maxFile is how long a file with an assertion may be, in bytes.
const maxFile = 64 << 10

// AssertionFile authenticates a client by a token in a file, which is read for each request, since whoever writes it renews it:
// the projected token of a Kubernetes service account, for example.
func AssertionFile(path string) Auth {
	return Assertion(func(context.Context) (string, error) {
		text, err := os.ReadFile(path)
		if err != nil {
			return "", err
		}
		if len(text) > maxFile {
			return "", fmt.Errorf("%s is too long for a token", path)
		}
		return strings.TrimSpace(string(text)), nil
	})
}

func assert(form url.Values, assertion string) {
	form.Set("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
	form.Set("client_assertion", assertion)
}
