package conformance

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
)

// Target is the server that is asked, and what was set up at it. Cases that need what is not there are skipped.
type Target struct {
	// Issuer is asked for its metadata (RFC 8414, or OpenID Connect Discovery), from which endpoints come that are not set.
	Issuer                string `json:"issuer,omitempty"`
	TokenEndpoint         string `json:"token_endpoint,omitempty"`
	IntrospectionEndpoint string `json:"introspection_endpoint,omitempty"`
	RevocationEndpoint    string `json:"revocation_endpoint,omitempty"`
	KeysEndpoint          string `json:"jwks_uri,omitempty"`

	// Requester is a confidential client that may exchange the tokens of Subject for Audience.
	Requester Client `json:"requester"`
	// Introspector is a client that may introspect tokens for Audience; the requester where it is not set.
	Introspector Client `json:"introspector,omitzero"`
	// Outsider is a confidential client that may exchange tokens, but not those of Subject, which do not name it.
	Outsider Client `json:"outsider,omitzero"`
	// Public is the id of a client without credentials, which may not exchange.
	Public string `json:"public,omitempty"`

	// Subject is how a subject token is had.
	Subject Source `json:"subject"`
	// Audience is one that the requester may have, Unreachable one that exists and that it may not have, Disabled one that
	// is switched off.
	Audience    string `json:"audience"`
	Unreachable string `json:"unreachable,omitempty"`
	Disabled    string `json:"disabled,omitempty"`
}

// Client is a client with a secret, which it sends by HTTP Basic (RFC 6749 §2.3.1).
type Client struct {
	ID     string `json:"id"`
	Secret string `json:"secret,omitempty"`
}

// Source is a request to the token endpoint that is answered with a token, as {"grant_type": "password", …}. Without a
// client it is sent as it stands.
type Source struct {
	Client Client            `json:"client,omitzero"`
	Form   map[string]string `json:"form"`
}

// Realm is a realm file of Keycloak with what InRealm speaks of: import it into a server that is tried out, for its
// secrets are known to everybody.
//
//go:embed realm.json
var Realm []byte

// InRealm is the target that Realm makes of a server that keeps realms as Keycloak does, at its base address.
func InRealm(base string) Target {
	return Target{
		Issuer:    strings.TrimSuffix(base, "/") + "/realms/conformance",
		Requester: Client{"requester", "requester-secret"}, Introspector: Client{"target", "target-secret"}, Outsider: Client{"outsider", "outsider-secret"}, Public: "spa",
		Subject:  Source{Form: map[string]string{"grant_type": "password", "client_id": "spa", "username": "alice", "password": "alice", "scope": "openid"}},
		Audience: "target", Unreachable: "elsewhere", Disabled: "switched-off",
	}
}

// ReadTarget reads a target from JSON. A member that is not known is an error.
func ReadTarget(text []byte) (Target, error) {
	var t Target
	d := json.NewDecoder(strings.NewReader(string(text)))
	d.DisallowUnknownFields()
	if err := d.Decode(&t); err != nil {
		return Target{}, fmt.Errorf("read the target: %w", err)
	}
	return t, t.check()
}

func (t *Target) check() error {
	switch {
	case t.Issuer == "" && t.TokenEndpoint == "":
		return errors.New(`the target has neither "issuer" nor "token_endpoint"`)
	case t.Requester.ID == "" || t.Requester.Secret == "":
		return errors.New(`the target has no "requester" with "id" and "secret"`)
	case t.Audience == "":
		return errors.New(`the target has no "audience" to exchange for`)
	case t.Subject.Form["grant_type"] == "":
		return errors.New(`the target's "subject" has no "form" with a "grant_type"`)
	}
	return nil
}

// discover fills in what the server tells of itself and the target does not say.
func (r *run) discover(ctx context.Context) error {
	if r.Issuer == "" {
		return nil
	}
	at, err := url.Parse(r.Issuer)
	if err != nil {
		return fmt.Errorf("the target's issuer: %w", err)
	}
	rfc8414 := *at
	rfc8414.Path = "/.well-known/oauth-authorization-server" + strings.TrimSuffix(at.Path, "/")
	var tried []string
	for _, address := range []string{strings.TrimSuffix(r.Issuer, "/") + "/.well-known/openid-configuration", rfc8414.String()} {
		a, err := r.get(ctx, address)
		if err != nil {
			return err
		}
		if a.status != 200 || a.members == nil {
			tried = append(tried, fmt.Sprintf("%s is answered %d", address, a.status))
			continue
		}
		for member, field := range map[string]*string{"token_endpoint": &r.TokenEndpoint, "introspection_endpoint": &r.IntrospectionEndpoint,
			"revocation_endpoint": &r.RevocationEndpoint, "jwks_uri": &r.KeysEndpoint} {
			if *field == "" {
				*field = a.text(member)
			}
		}
		return nil
	}
	return fmt.Errorf("there is no metadata of the issuer: %s", strings.Join(tried, ", "))
}
