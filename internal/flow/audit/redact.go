package audit

import (
	"encoding/json"

	"github.com/tokenhouse/tokenhouse/internal/keycloak"
)

// Redacted is a representation as JSON, with a mask for each secret.
func Redacted(representation any) string {
	if o, ok := representation.(keycloak.Object); ok {
		return redactedObject(o)
	}
	data, err := json.Marshal(representation)
	if err != nil {
		return ""
	}
	return string(data)
}

// mask stands for a secret.
const mask = "**********"

// secrets are the members, and the settings of config and attributes, that hold secrets.
var secrets = map[string]bool{"secret": true, "registrationAccessToken": true, "value": true, "secretData": true, "clientSecret": true,
	"password": true, "client.secret.rotated": true, "bindCredential": true, "authTokenClientSecret": true,
	"privateKey": true, "ecdsaPrivateKey": true, "ecdhPrivateKey": true, "eddsaPrivateKey": true, "keystorePassword": true, "keyPassword": true,
	"saml.signing.private.key": true, "saml.encryption.private.key": true}

// redactedObject is a representation with a mask for each secret.
func redactedObject(o keycloak.Object) string {
	out := keycloak.Object{}
	for name, value := range o {
		switch {
		case secrets[name]:
			out.Put(name, mask)
		case name == "attributes" || name == "config" || name == "smtpServer":
			settings := keycloak.Value[map[string]json.RawMessage](o, name)
			for setting := range settings {
				if secrets[setting] {
					settings[setting] = masked(settings[setting])
				}
			}
			out.Put(name, settings)
		default:
			out[name] = value
		}
	}
	data, err := json.Marshal(out)
	if err != nil {
		return "" // raw members that came as JSON are JSON
	}
	return string(data)
}

// masked is the mask where a secret stands, alone or as components have it.
func masked(secret json.RawMessage) json.RawMessage {
	if secret[0] == '[' {
		return json.RawMessage(`["` + mask + `"]`)
	}
	return json.RawMessage(`"` + mask + `"`)
}
