package admin

import (
	"fmt"
	"net/http"
	"net/url"

	"github.com/tokenhouse/tokenhouse/internal/kcadm"
)

// setPassword gives a user a new password.
func (c *call) setPassword() error {
	switch {
	case c.none("--userid", "--username"):
		return misusef("No user specified. Use --username or --userid to specify user")
	case c.has("--userid") && c.has("--username"):
		return misusef("Options --userid and --username are mutually exclusive")
	}
	password := c.text("--new-password")
	if !c.has("--new-password") {
		var err error
		if password, err = c.program.secret("password", ""); err != nil {
			return err
		}
	}
	s, err := c.connect()
	if err != nil {
		return err
	}
	id := url.PathEscape(c.text("--userid"))
	if c.has("--username") {
		if id, err = c.userNamed(s, c.text("--username")); err != nil {
			return err
		}
	}
	credential := kcadm.NewObject()
	credential.Set("type", "password")
	credential.Set("value", password)
	credential.Set("temporary", c.has("--temporary"))
	h := s.headers()
	h.Set("Content-Type", "application/json")
	address := s.below("users/" + id + "/reset-password")
	a, err := s.client.Do(c.ctx, http.MethodPut, address, h, kcadm.Compact(credential))
	if err != nil {
		return fmt.Errorf("HTTP request failed: PUT %s: %w", address, err)
	}
	return a.Refusal()
}
