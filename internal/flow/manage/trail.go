package manage

import (
	"encoding/json"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
)

// trail makes the admin events of one change.
type trail struct {
	actor event.Actor
	now   time.Time
	newID func() string
}

// of is the event of a change to what the path names, in a realm that records them; none in one that
// does not. The representation is kept where the realm keeps details, without its secrets.
func (t trail) of(r *realm.Realm, operation, resource, path string, representation keycloak.Object) []event.Admin {
	if !r.Events.Admin {
		return nil
	}
	e := event.Admin{ID: t.newID(), Time: t.now, Realm: r.Key, Operation: operation, ResourceType: resource, ResourcePath: path, Actor: t.actor}
	if r.Events.AdminDetails && representation != nil {
		e.Representation = redacted(representation)
	}
	return []event.Admin{e}
}

// mask stands for a secret.
const mask = "**********"

// secrets are the members, and the settings of config and attributes, that hold secrets.
var secrets = map[string]bool{"secret": true, "registrationAccessToken": true, "value": true, "secretData": true, "clientSecret": true,
	"password": true, "client.secret.rotated": true, "bindCredential": true, "authTokenClientSecret": true,
	"privateKey": true, "ecdsaPrivateKey": true, "ecdhPrivateKey": true, "eddsaPrivateKey": true, "keystorePassword": true, "keyPassword": true,
	"saml.signing.private.key": true, "saml.encryption.private.key": true}

// redacted is a representation as JSON, with a mask for each secret.
func redacted(o keycloak.Object) string {
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
