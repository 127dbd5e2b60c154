package issuer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Tokens are what an issuer grants.
type Tokens struct {
	Access  string `json:"access_token"`
	Refresh string `json:"refresh_token"`
	ID      string `json:"id_token"`
	Type    string `json:"token_type"`
	// ExpiresIn and RefreshExpiresIn are zero where the issuer does not say.
	ExpiresIn        Seconds `json:"expires_in"`
	RefreshExpiresIn Seconds `json:"refresh_expires_in"`
}

// SignIn is one person's way to the issuer and back.
type SignIn struct {
	State    string // comes back as it is
	Nonce    string // comes back in the ID token
	Verifier string // proves that who redeems the code asked for it (RFC 7636 §4.1)
	Redirect string // where people come back to
}

// AuthorizationURL is where somebody signs in.
func (c *Client) AuthorizationURL(ctx context.Context, s SignIn) (string, error) {
	m, err := c.Metadata(ctx)
	if err != nil {
		return "", err
	}
	return extended(m.Authorization, url.Values{
		"response_type": {"code"}, "client_id": {c.ClientID}, "redirect_uri": {s.Redirect}, "scope": {strings.Join(c.Scopes, " ")},
		"state": {s.State}, "nonce": {s.Nonce}, "code_challenge": {challenge(s.Verifier)}, "code_challenge_method": {"S256"},
	})
}

// LogoutURL is where somebody signs out, and is led on from. It is empty where the issuer has no such place.
func (c *Client) LogoutURL(ctx context.Context, idToken, to string) (string, error) {
	m, err := c.Metadata(ctx)
	if err != nil || m.EndSession == "" {
		return "", err
	}
	q := url.Values{"client_id": {c.ClientID}, "post_logout_redirect_uri": {to}}
	if idToken != "" {
		q.Set("id_token_hint", idToken)
	}
	return extended(m.EndSession, q)
}

// extended adds parameters to an address.
func extended(address string, more url.Values) (string, error) {
	u, err := url.Parse(address)
	if err != nil {
		return "", err
	}
	q := u.Query()
	for name, values := range more {
		q[name] = values
	}
	u.RawQuery = q.Encode()
	return u.String(), nil
}

// Redeem redeems the code that somebody came back with, and demands that the ID token beside it is of this sign-in.
func (c *Client) Redeem(ctx context.Context, code string, s SignIn) (Tokens, error) {
	t, err := c.grant(ctx, url.Values{"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {s.Redirect}, "code_verifier": {s.Verifier}})
	if err != nil {
		return t, err
	}
	if err := c.checkID(t.ID, s.Nonce); err != nil || c.Signed == nil {
		return t, err
	}
	if err := c.Signed(ctx, t.ID); err != nil {
		return t, fmt.Errorf("ID token: %w", err)
	}
	return t, nil
}

// Refresh renews tokens. Where the issuer gives no new refresh token the old one stays.
func (c *Client) Refresh(ctx context.Context, token string) (Tokens, error) {
	t, err := c.grant(ctx, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {token}})
	if err == nil && t.Refresh == "" {
		t.Refresh = token
	}
	return t, err
}

func (c *Client) grant(ctx context.Context, form url.Values) (Tokens, error) {
	var t Tokens
	m, err := c.Metadata(ctx)
	if err != nil {
		return t, err
	}
	body, err := c.post(ctx, m.Token, form)
	if err != nil {
		return t, err
	}
	if err := json.Unmarshal(body, &t); err != nil {
		return t, fmt.Errorf("%w: its answer is no JSON", ErrUnavailable)
	}
	if t.Access == "" {
		return t, errors.New("the issuer grants no access token")
	}
	return t, nil
}

// Revoke ends a refresh token (RFC 7009). The older endpoint of Keycloak, its logout, wants the token by another name. An issuer
// that has no place for it keeps the token until it ends.
func (c *Client) Revoke(ctx context.Context, token string) error {
	at := c.Revocation
	form := url.Values{"token": {token}, "token_type_hint": {"refresh_token"}}
	if at != "" {
		form.Set("refresh_token", token)
	} else {
		m, err := c.Metadata(ctx)
		if err != nil || m.Revocation == "" {
			return err
		}
		at = m.Revocation
	}
	_, err := c.post(ctx, at, form)
	return err
}

// Seconds is how long something lasts, as issuers write it: a number, which some have a fraction of, and others put in quotes.
type Seconds time.Duration

// maxSeconds is longer than anything lasts, and short enough to be added to a time.
const maxSeconds = 1 << 31

// UnmarshalJSON takes what is no number for nothing said.
func (s *Seconds) UnmarshalJSON(text []byte) error {
	n, err := strconv.ParseFloat(strings.Trim(string(text), `"`), 64)
	if err != nil || math.IsNaN(n) {
		*s = 0
		return nil
	}
	*s = Seconds(time.Duration(max(-maxSeconds, min(n, maxSeconds))) * time.Second)
	return nil
}
