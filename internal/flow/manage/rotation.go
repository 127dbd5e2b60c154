package manage

import (
	"maps"
	"strconv"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/policy"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
)

// Attributes that say, in Unix seconds, when secrets of a client were made, and until when one is good.
const (
	secretCreated = "client.secret.creation.time"
	secretExpires = "client.secret.expiration.time"
	formerCreated = "client.secret.rotated.creation.time"
)

// age lets the life of a client's secret begin, and ends it at the first change after it is over, or, where the client
// changes itself, some time ahead: until then the secret goes on to work, as in Keycloak. before is the client as it is;
// nil where it is new.
func (ch *change) age(before, client *realm.Client, r *policy.Rotation) {
	if client.Secret == "" {
		return
	}
	expires, err := strconv.ParseInt(keycloak.Value[map[string]string](keycloak.Object(client.Extra), "attributes")[secretExpires], 10, 64)
	left := time.Unix(expires, 0).Sub(ch.now)
	switch {
	case ch.stage == policy.Secret:
		ch.succeed(client, before.Secret, r)
	case err != nil || before == nil:
		ch.stamp(client, secretExpires, ch.now.Add(r.Life))
	case left <= 0, !ch.byAdmin && left <= r.Ahead:
		former := client.Secret
		client.Secret = newSecret()
		ch.succeed(client, former, r)
	}
}

// succeed lets the life of a new secret begin, and leaves the former one what it has left.
func (ch *change) succeed(client *realm.Client, former string, r *policy.Rotation) {
	ch.stamp(client, secretCreated, ch.now)
	ch.stamp(client, secretExpires, ch.now.Add(r.Life))
	client.RotatedSecret, client.RotatedUntil = "", time.Time{}
	if r.Former > 0 && former != "" {
		client.RotatedSecret, client.RotatedUntil = former, ch.now.Add(r.Former)
		ch.stamp(client, formerCreated, ch.now)
	}
}

// stamp writes a time into an attribute.
func (ch *change) stamp(client *realm.Client, name string, at time.Time) {
	client.Extra = maps.Clone(client.Extra)
	if client.Extra == nil {
		client.Extra = realm.Extra{}
	}
	putAttribute(client, name, strconv.FormatInt(at.Unix(), 10))
}
