package token

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
)

// MaxSize is how long a compact token may be, in bytes. What is longer is refused unread.
const MaxSize = 256 << 10

var errSize = errors.New("token is too long")

// Parse reads the claims of a token. It takes "aud" as a string and as an array alike, and null as
// absent. It refuses what is no strict JSON object, a name that comes twice, a registered claim of
// another type than its own, and what is longer than MaxSize or nested deeper than 64 levels.
//
// Other gets the rest, in order. Its arrays of strings are []string, integers int64, other numbers
// json.Number.
func Parse(payload []byte) (Claims, error) {
	if len(payload) > MaxSize {
		return Claims{}, errSize
	}
	var c Claims
	r := &reader{text: string(payload)}
	err := r.object(func(name string) error { return c.read(r, name) })
	if err == nil {
		err = r.end()
	}
	if err != nil {
		return Claims{}, err
	}
	return c, nil
}

// read reads the value of one claim.
func (c *Claims) read(r *reader, name string) (err error) {
	switch name {
	case "exp":
		c.Expires, err = r.seconds()
	case "iat":
		c.IssuedAt, err = r.seconds()
	case "nbf":
		c.NotBefore, err = r.seconds()
	case "auth_time":
		c.AuthTime, err = r.seconds()
	case "jti":
		c.ID, err = r.optional()
	case "iss":
		c.Issuer, err = r.optional()
	case "aud":
		c.Audience, err = r.audience()
	case "sub":
		c.Subject, err = r.optional()
	case "typ":
		c.Type, err = r.optional()
	case "azp":
		c.Client, err = r.optional()
	case "nonce":
		c.Nonce, err = r.optional()
	case "sid":
		c.Session, err = r.optional()
	case "at_hash":
		c.AccessHash, err = r.optional()
	case "c_hash":
		c.CodeHash, err = r.optional()
	case "s_hash":
		c.StateHash, err = r.optional()
	case "acr":
		c.ACR, err = r.optional()
	case "scope":
		c.Scope, err = r.scope()
	case "reuse_id":
		c.ReuseID, err = r.optional()
	case "req-aud":
		c.RequestedAudience, err = r.audience()
	case "req-res":
		c.RequestedResource, err = r.audience()
	case "aud_x":
		c.AccessAudience, err = r.audience()
	case "prov":
		c.Provider, err = r.optional()
	case "cnf":
		c.Confirmation, err = r.confirmation()
	case "act":
		c.Actor, err = r.actor()
	case "may_act":
		c.MayAct, err = r.actor()
	case "exchange_path":
		c.Path, err = r.path()
	default:
		var value any
		value, err = r.value()
		c.Other = append(c.Other, Member{name, value})
		return err
	}
	if err != nil {
		return fmt.Errorf("claim %s: %w", name, err)
	}
	return nil
}

// optional reads a string, or null as the empty one.
func (r *reader) optional() (string, error) {
	if r.peek() != '"' && r.word("null") {
		return "", nil
	}
	return r.string()
}

func (r *reader) scope() (*string, error) {
	if r.peek() != '"' && r.word("null") {
		return nil, nil
	}
	s, err := r.string()
	return &s, err
}

// seconds reads a NumericDate (RFC 7519 §2), cut to whole seconds.
func (r *reader) seconds() (int64, error) {
	value, err := r.value()
	if err != nil {
		return 0, err
	}
	switch v := value.(type) {
	case nil:
		return 0, nil
	case int64:
		if v > -1<<53 && v < 1<<53 {
			return v, nil
		}
	case json.Number:
		if f, err := strconv.ParseFloat(string(v), 64); err == nil && math.Abs(f) < 1<<53 {
			return int64(math.Floor(f)), nil
		}
	}
	return 0, r.errorf("no time")
}

// audience reads a string or an array of strings.
func (r *reader) audience() ([]string, error) {
	if r.peek() != '[' {
		if r.word("null") {
			return nil, nil
		}
		s, err := r.string()
		return []string{s}, err
	}
	var out []string
	err := r.array(func() error {
		r.peek()
		s, err := r.string()
		out = append(out, s)
		return err
	})
	return out, err
}

// confirmation reads "cnf". A token bound in a way that we do not know has one too, an empty one:
// it is bound all the same.
func (r *reader) confirmation() (*Confirmation, error) {
	if r.word("null") {
		return nil, nil
	}
	var c Confirmation
	return &c, r.object(func(name string) (err error) {
		switch name {
		case "jkt":
			c.JKT, err = r.optional()
		case "kc-jkt-type":
			c.JKTType, err = r.optional()
		case "x5t#S256":
			c.Certificate, err = r.optional()
		default:
			_, err = r.value()
		}
		return err
	})
}

// actor reads "act" or "may_act". Members that are not known are kept: they may tell one actor from another.
func (r *reader) actor() (*Actor, error) {
	if r.word("null") {
		return nil, nil
	}
	var a Actor
	return &a, r.object(func(name string) (err error) {
		switch name {
		case "sub":
			a.Subject, err = r.optional()
		case "client_id":
			a.Client, err = r.optional()
		case "iss":
			a.Issuer, err = r.optional()
		case "jti":
			a.Token, err = r.optional()
		case "sid":
			a.Session, err = r.optional()
		case "act":
			a.Actor, err = r.actor()
		default:
			var value any
			value, err = r.value()
			a.Other = append(a.Other, Member{name, value})
		}
		return err
	})
}

func (r *reader) path() ([]Hop, error) {
	if r.word("null") {
		return nil, nil
	}
	var out []Hop
	err := r.array(func() error {
		var hop Hop
		err := r.object(func(name string) (err error) {
			switch name {
			case "iss":
				hop.Issuer, err = r.optional()
			case "client":
				hop.Client, err = r.optional()
			case "jti":
				hop.JTI, err = r.optional()
			case "sid":
				hop.Session, err = r.optional()
			case "sub":
				hop.Subject, err = r.optional()
			case "assertion":
				var said any
				said, err = r.value()
				hop.Assertion = said == true
			default:
				_, err = r.value()
			}
			return err
		})
		out = append(out, hop)
		return err
	})
	return out, err
}
