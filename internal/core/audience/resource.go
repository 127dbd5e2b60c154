package audience

import (
	"net/url"
	"slices"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/explain"
	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
)

// maxResource is how long a resource may be, in bytes.
const maxResource = 2048

// ReadsResources tells whether the parameter "resource" means something in a realm: where a client names resources, or
// where it names a client itself. Elsewhere it is passed over, as Keycloak does.
func ReadsResources(r *realm.Realm, asked []string) bool {
	return len(asked) > 0 && (r.NamesResources() || slices.ContainsFunc(asked, realm.NamesClient))
}

// WellFormed tells whether a text can be a resource (RFC 8707 §2): an absolute URI without fragment and, as in
// Keycloak, without query.
func WellFormed(resource string) bool {
	u, err := url.Parse(resource)
	return err == nil && len(resource) <= maxResource && u.IsAbs() && (u.Host != "" || u.Opaque != "") &&
		u.User == nil && !strings.ContainsAny(resource, "#?")
}

// Targets are the clients that resources are of, by client_id, each once, in the order asked. One that is of no client,
// or of several, is refused, and so are all with it.
func Targets(r *realm.Realm, resources []string) ([]string, error) {
	var out []string
	for _, uri := range resources {
		var c *realm.Client
		if WellFormed(uri) {
			c = r.ClientOfResource(uri)
		}
		if c == nil {
			return nil, InvalidTarget(uri)
		}
		if !slices.Contains(out, c.ID) {
			out = append(out, c.ID)
		}
	}
	return out, nil
}

// ForResource reads parameter "resource" of a request that is no exchange (RFC 8707 §2.2): what the tokens are to be for, and the
// clients that it is of, the only audiences. Both are nil where none was sent, or the realm does not read it.
func ForResource(r *realm.Realm, sent *string, t *explain.Trace) (resources, targets []string, err error) {
	if sent == nil {
		return nil, nil, nil
	}
	resources = []string{*sent}
	if !ReadsResources(r, resources) {
		t.Add(explain.AudienceResource, explain.Skipped, *sent)
		return nil, nil, nil
	}
	if targets, err = Targets(r, resources); err != nil {
		t.Add(explain.AudienceResource, explain.Denied, *sent, "no resource of an enabled client")
		return nil, nil, err
	}
	t.Add(explain.AudienceResource, explain.Allowed, *sent, targets[0])
	return resources, targets, nil
}

// Reached asks that scopes and roles led to the clients that the resources are of.
func (r *Resolution) Reached(resources []string) error {
	if len(r.Missing) == 0 {
		return nil
	}
	missing := r.Missing[0]
	for _, uri := range resources {
		if c := r.Realm.ClientOfResource(uri); c == nil || c.ID == missing {
			missing = uri
			break
		}
	}
	r.Trace.Add(explain.AudienceResource, explain.Denied, missing, "not reachable by this client and user")
	return InvalidTarget(missing)
}

// InvalidTarget refuses a resource that no token can be given for.
func InvalidTarget(resource string) *oauth.Error {
	text := "Invalid audience: " + resource
	return oauth.Errorf(oauth.InvalidTarget, "%s", text).InEvent("invalid_request", text)
}

// ErrOtherResource refuses a resource that was not among those that the grant was given for: one that was given for none
// has none to choose from.
var ErrOtherResource = oauth.Errorf(oauth.InvalidTarget, errOtherResource).InEvent("invalid_request", errOtherResource)

const errOtherResource = "The requested resource is not matching the original request."

// Choose are the resources that a request is for which makes use of an earlier one: those that it asks for, which must be
// among those granted, or else all of these.
func Choose(granted, asked []string) ([]string, error) {
	if len(asked) == 0 {
		return granted, nil
	}
	for _, uri := range asked {
		if !slices.Contains(granted, uri) {
			return nil, ErrOtherResource
		}
	}
	return asked, nil
}
