package audit

import (
	"bytes"
	"encoding/json"

	"github.com/tokenhouse/tokenhouse/internal/keycloak"
)

// Redacted is a representation as JSON, with a mask for each secret in it, however deep, and its members in
// Keycloak's order.
func Redacted(representation any) string {
	data, err := json.Marshal(keycloak.InOrder(representation))
	if err != nil {
		return ""
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	var out bytes.Buffer
	if err := redact(&out, d); err != nil {
		return "" // better nothing than a secret
	}
	return out.String()
}

// secrets are the members, and the settings of config and attributes, that hold secrets.
var secrets = map[string]bool{"secret": true, "registrationAccessToken": true, "value": true, "secretData": true, "clientSecret": true,
	"password": true, "client.secret.rotated": true, "bindCredential": true, "authTokenClientSecret": true, "token": true,
	"hashedSaltedValue": true, "salt": true, "secret.key": true, "site.secret": true, "api.key": true, "authToken": true,
	"privateKey": true, "ecdsaPrivateKey": true, "ecdhPrivateKey": true, "eddsaPrivateKey": true, "keystorePassword": true, "keyPassword": true,
	"saml.signing.private.key": true, "saml.encryption.private.key": true}

// redact copies a value, masking what is secret.
func redact(out *bytes.Buffer, d *json.Decoder) error {
	t, err := d.Token()
	if err != nil {
		return err
	}
	switch t {
	case json.Delim('{'):
		return members(out, d)
	case json.Delim('['):
		return elements(out, d)
	}
	return put(out, t)
}

func members(out *bytes.Buffer, d *json.Decoder) error {
	out.WriteByte('{')
	for i := 0; d.More(); i++ {
		if i > 0 {
			out.WriteByte(',')
		}
		name, err := d.Token()
		if err != nil {
			return err
		}
		if err := put(out, name); err != nil {
			return err
		}
		out.WriteByte(':')
		if name, _ := name.(string); secrets[name] {
			err = masked(out, d)
		} else {
			err = redact(out, d)
		}
		if err != nil {
			return err
		}
	}
	out.WriteByte('}')
	_, err := d.Token()
	return err
}

func elements(out *bytes.Buffer, d *json.Decoder) error {
	out.WriteByte('[')
	for i := 0; d.More(); i++ {
		if i > 0 {
			out.WriteByte(',')
		}
		if err := redact(out, d); err != nil {
			return err
		}
	}
	out.WriteByte(']')
	_, err := d.Token()
	return err
}

// masked puts the mask where a secret stands, alone or in a list, as components have it. What is absent stays so.
func masked(out *bytes.Buffer, d *json.Decoder) error {
	var secret json.RawMessage
	if err := d.Decode(&secret); err != nil {
		return err
	}
	switch {
	case string(secret) == "null":
		out.WriteString("null")
	case secret[0] == '[':
		out.WriteString(`["` + keycloak.SecretMask + `"]`)
	default:
		out.WriteString(`"` + keycloak.SecretMask + `"`)
	}
	return nil
}

// put writes a text, number, boolean or null.
func put(out *bytes.Buffer, scalar any) error {
	text, err := json.Marshal(scalar)
	out.Write(text)
	return err
}
