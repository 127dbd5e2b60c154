package keycloak

import (
	"encoding/base64"
	"encoding/json"
	"slices"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/user"
)

var credentialFields = []field[user.Credential]{
	text("id", func(c *user.Credential) *string { return &c.ID }),
	text("type", func(c *user.Credential) *string { return &c.Kind }),
	text("userLabel", func(c *user.Credential) *string { return &c.Label }),
	millis("createdDate", func(c *user.Credential) *time.Time { return &c.Created }),
	priority(),
}

func priority() field[user.Credential] {
	f := into("priority", func(c *user.Credential) *int { return &c.Priority })
	f.get = func(c *user.Credential) any {
		if c.Priority == 0 {
			return nil
		}
		return c.Priority
	}
	return f
}

// passwordData and passwordSecret are what "credentialData" and "secretData" of a password hold, as
// JSON inside a text.
type passwordData struct {
	Iterations int        `json:"hashIterations"`
	Algorithm  string     `json:"algorithm"`
	Parameters parameters `json:"additionalParameters"`
}

// parameters are those of a hash. They are written in the order in which Keycloak writes those of argon2:
// the whole is a text, which tools may compare.
type parameters map[string][]string

func (p parameters) MarshalJSON() ([]byte, error) {
	names := []string{"hashLength", "memory", "type", "version", "parallelism"}
	for _, name := range sortedKeys(p) {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	out := []byte("{")
	for _, name := range names {
		values, ok := p[name]
		if !ok {
			continue
		}
		if len(out) > 1 {
			out = append(out, ',')
		}
		out = append(append(append(out, encode(name)...), ':'), encode(values)...)
	}
	return append(out, '}'), nil
}

type passwordSecret struct {
	Value      string              `json:"value"`
	Salt       string              `json:"salt"`
	Parameters map[string][]string `json:"additionalParameters"`
}

// ToCredential reads a credential. plain is a password that is still to be hashed; note says why a
// credential is kept without being of use.
func ToCredential(o Object) (c user.Credential, plain, note string) {
	rest := readFields(credentialFields, &c, o)
	for _, name := range []string{"value", "temporary", "credentialData", "secretData", "hashedSaltedValue", "salt",
		"hashIterations", "algorithm", "counter", "digits", "period", "device", "config"} {
		delete(rest, name)
	}
	if len(rest) > 0 {
		c.Extra = keep(rest)
	}
	c.Temporary = Value[bool](o, "temporary")
	if value := o.Text("value"); value != "" {
		c.Kind = "password"
		return c, value, ""
	}
	data, secret := o.Text("credentialData"), o.Text("secretData")
	if data == "" || secret == "" {
		data, secret = fromFlat(o)
		if c.Kind == "totp" || c.Kind == "hotp" {
			c.Kind = "otp"
		}
	}
	if c.Kind != "password" {
		c.Data, c.Secret = data, secret
		if !slices.Contains(usable, c.Kind) {
			note = notActedOn + ": a credential of type " + c.Kind
		}
		return c, "", note
	}
	if !readPassword(&c, data, secret) {
		c.Data, c.Secret = data, secret
		return c, "", notActedOn + ": a password hash that cannot be read"
	}
	return c, "", ""
}

// usable are the kinds of credentials that people can sign in with, beside passwords.
var usable = []string{user.KindOTP, user.KindPasskey, user.KindPasskeyOnly, user.KindRecovery}

func readPassword(c *user.Credential, data, secret string) bool {
	var d passwordData
	var s passwordSecret
	if json.Unmarshal([]byte(data), &d) != nil || json.Unmarshal([]byte(secret), &s) != nil {
		return false
	}
	hash, err := base64.StdEncoding.DecodeString(s.Value)
	if err != nil || len(hash) == 0 {
		return false
	}
	salt, err := base64.StdEncoding.DecodeString(s.Salt)
	if err != nil && s.Salt != noSalt {
		return false
	}
	c.Algorithm, c.Iterations, c.Parameters, c.Salt, c.Hash = d.Algorithm, d.Iterations, d.Parameters, salt, hash
	return true
}

// noSalt stands in the salt's place of hashes that have none.
const noSalt = "__SALT__"

// fromFlat makes credentialData and secretData of the members that credentials had before
// Keycloak 8.
func fromFlat(o Object) (data, secret string) {
	algorithm := o.Text("algorithm")
	if o.Text("type") == "totp" || o.Text("type") == "hotp" {
		return string(encode(map[string]any{"subType": o.Text("type"), "digits": Value[int](o, "digits"), "counter": Value[int](o, "counter"),
				"period": Value[int](o, "period"), "algorithm": algorithm})),
			string(encode(map[string]string{"value": o.Text("hashedSaltedValue")}))
	}
	if algorithm == "" {
		algorithm = "pbkdf2" // the only one that there was before it had a name
	}
	return string(encode(passwordData{Value[int](o, "hashIterations"), algorithm, map[string][]string{}})),
		string(encode(passwordSecret{o.Text("hashedSaltedValue"), o.Text("salt"), map[string][]string{}}))
}

// FromCredential is the representation of a credential with its secret, as realm files hold it.
func FromCredential(c user.Credential) Object {
	o := writeFields(credentialFields, &c, c.Extra)
	if c.Temporary {
		o.Put("temporary", true)
	}
	if c.Kind != "password" || len(c.Hash) == 0 {
		o.Put("credentialData", c.Data)
		o.Put("secretData", c.Secret)
		return o
	}
	parameters := c.Parameters
	if parameters == nil {
		parameters = map[string][]string{}
	}
	o.Put("credentialData", string(encode(passwordData{c.Iterations, c.Algorithm, parameters})))
	o.Put("secretData", string(encode(passwordSecret{base64.StdEncoding.EncodeToString(c.Hash), base64.StdEncoding.EncodeToString(c.Salt), map[string][]string{}})))
	return o
}
