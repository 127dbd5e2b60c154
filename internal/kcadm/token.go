package kcadm

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"time"
)

// Grant types that sessions begin with.
const (
	PasswordGrant          = "password"
	ClientCredentialsGrant = "client_credentials"
)

// Login is what somebody signs in with.
type Login struct {
	Server, Realm    string
	Client           string
	Secret           string
	Assertion        string // instead of a secret: what the client signed
	AssertionExpires time.Time
	User, Password   string // none: the client signs in for itself
}

// margin is how long a token must still be good to be used.
const margin = 5 * time.Second

// Login signs in and gives the session. The error is what the token endpoint gives as reason.
func (c *Client) Login(ctx context.Context, l Login, now time.Time) (*Session, error) {
	form := url.Values{"grant_type": {ClientCredentialsGrant}, "client_id": {l.Client}}
	if l.User != "" {
		form.Set("grant_type", PasswordGrant)
		form.Set("username", l.User)
		form.Set("password", l.Password)
	}
	s := &Session{ClientID: l.Client, Secret: l.Secret, SigningToken: l.Assertion, GrantType: form.Get("grant_type")}
	if l.Assertion != "" {
		s.SigExpiresAt = milliseconds(l.AssertionExpires)
	}
	return s, c.redeem(ctx, l.Server, l.Realm, s, form, now)
}

// Refresh gives a session a new access token where it has none that is still good. changed tells whether it did.
func (c *Client) Refresh(ctx context.Context, server, realm string, s *Session, now time.Time) (changed bool, err error) {
	if s.ExpiresAt != nil && !passed(s.ExpiresAt, now) {
		return false, nil
	}
	if passed(s.RefreshExpiresAt, now) || passed(s.SigExpiresAt, now) {
		return false, ErrExpired
	}
	form := url.Values{"grant_type": {s.GrantType}, "client_id": {s.ClientID}}
	if s.RefreshToken != "" {
		form.Set("grant_type", "refresh_token")
		form.Set("refresh_token", s.RefreshToken)
	}
	if err := c.redeem(ctx, server, realm, s, form, now); err != nil {
		return false, fmt.Errorf("Failed to refresh access token - %w", err)
	}
	return true, nil
}

// ErrExpired is a session that only a new sign-in can continue.
var ErrExpired = errors.New("session expired")

// passed tells whether a time is gone, or soon will be. One that is not known is not.
func passed(at *int64, now time.Time) bool {
	return at != nil && *at-now.UnixMilli() < margin.Milliseconds()
}

func milliseconds(t time.Time) *int64 { n := t.UnixMilli(); return &n }

// tokens is the token endpoint's answer.
type tokens struct {
	AccessToken      string `json:"access_token"`
	RefreshToken     string `json:"refresh_token"`
	ExpiresIn        int64  `json:"expires_in"`         // seconds
	RefreshExpiresIn int64  `json:"refresh_expires_in"` // seconds; 0: never
}

// redeem asks the token endpoint and puts what it gives into the session.
func (c *Client) redeem(ctx context.Context, server, realm string, s *Session, form url.Values, now time.Time) error {
	var h Headers
	h.Set("Content-Type", "application/x-www-form-urlencoded")
	h.Set("Accept", "application/json")
	switch {
	case s.SigningToken != "":
		form.Set("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
		form.Set("client_assertion", s.SigningToken)
	case s.Secret != "":
		q := http.Request{Header: http.Header{}}
		q.SetBasicAuth(url.QueryEscape(s.ClientID), url.QueryEscape(s.Secret)) // RFC 6749 §2.3.1
		h.Set("Authorization", q.Header.Get("Authorization"))
	}
	address := Base(server) + "/realms/" + url.PathEscape(realm) + "/protocol/openid-connect/token"
	a, err := c.Do(ctx, http.MethodPost, address, h, []byte(form.Encode()))
	if err != nil {
		return fmt.Errorf("Failed to send request - %w", err)
	}
	if a.Code != http.StatusOK {
		return &Refused{a.Code, a.tokenReason()}
	}
	var t tokens
	if err := json.Unmarshal(a.Body, &t); err != nil {
		return fmt.Errorf("Error receiving response: %w", err)
	}
	s.Token, s.RefreshToken = t.AccessToken, t.RefreshToken
	s.ExpiresAt = milliseconds(now.Add(time.Duration(t.ExpiresIn) * time.Second))
	s.RefreshExpiresAt = nil
	if t.RefreshToken != "" {
		s.RefreshExpiresAt = milliseconds(now.Add(time.Duration(t.RefreshExpiresIn) * time.Second))
		if t.RefreshExpiresIn == 0 {
			never := int64(math.MaxInt64)
			s.RefreshExpiresAt = &never
		}
	}
	return nil
}

// tokenReason words an error of the token endpoint, "null" where it does not describe it.
func (a *Answer) tokenReason() string {
	v, err := Parse(a.Body)
	o, ok := v.(*Object)
	if err != nil || !ok {
		return fmt.Sprintf("%d %s", a.Code, http.StatusText(a.Code))
	}
	description := "null"
	if text := o.Text("error_description"); text != "" {
		description = text
	}
	return description + " [" + o.Text("error") + "]"
}
