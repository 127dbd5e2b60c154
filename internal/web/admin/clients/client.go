package clients

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"

	"github.com/tokenhouse/tokenhouse/internal/core/permit"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
	"github.com/tokenhouse/tokenhouse/internal/web/admin/rest"
)

func (d Deps) create(w http.ResponseWriter, r *rest.Request) error {
	o, err := r.Body("Client")
	if err != nil {
		return err
	}
	if !mayName(r, o) {
		return rest.Forbidden
	}
	key, err := d.Clients.Create(r.Context(), r.Author, r.Realm.Name, o)
	if err != nil {
		return refused(err)
	}
	return rest.Created(w, r, key)
}

func (d Deps) read(w http.ResponseWriter, r *rest.Request, c *realm.Client) error {
	kept, err := d.Kept.Extra(r.Context(), r.Realm.Key, realm.KindClient, c.Key)
	if err != nil {
		return err
	}
	return rest.JSON(w, shown(r, c, kept))
}

func (d Deps) update(w http.ResponseWriter, r *rest.Request, c *realm.Client) error {
	o, err := update(r)
	if err != nil {
		return err
	}
	// Rights go by the client_id too: under another one, roles could be granted that give none now.
	if o.Has("clientId") && o.Text("clientId") != c.ID && (!mayShape(r, c) || !mayName(r, o)) {
		return rest.Forbidden
	}
	return rest.Done(w, refused(d.Clients.Update(r.Context(), r.Author, r.Realm.Name, c.Key, o)))
}

// update reads a representation in which null takes settings away, where elsewhere it says nothing.
func update(r *rest.Request) (keycloak.Object, error) {
	data, err := io.ReadAll(r.Request.Body)
	if err != nil {
		return nil, err
	}
	r.Request.Body = io.NopCloser(bytes.NewReader(data))
	o, err := r.Body("Client")
	if err != nil {
		return nil, err
	}
	for _, member := range []string{"attributes", "authenticationFlowBindingOverrides"} {
		settings := keycloak.Value[map[string]*string](o, member)
		for _, name := range nulls(data, member) {
			settings[name] = nil
		}
		if settings != nil {
			o.Put(member, settings)
		}
	}
	return o, nil
}

// nulls are the members that are null of an object that is itself a member of a document.
func nulls(document []byte, member string) []string {
	var members map[string]json.RawMessage
	var settings map[string]*json.RawMessage
	if json.Unmarshal(document, &members) != nil || json.Unmarshal(members[member], &settings) != nil {
		return nil
	}
	var out []string
	for name, value := range settings {
		if value == nil {
			out = append(out, name)
		}
	}
	return out
}

func (d Deps) remove(w http.ResponseWriter, r *rest.Request, c *realm.Client) error {
	if r.Realm.Manages(c.ID) || !mayShape(r, c) {
		return rest.Forbidden
	}
	return rest.Done(w, d.Clients.Delete(r.Context(), r.Author, r.Realm.Name, c.Key))
}

// shown is the representation of a client as this caller may see it.
func shown(r *rest.Request, c *realm.Client, kept realm.Extra) keycloak.Object {
	with := *c
	with.Extra = kept
	o := keycloak.ShowClient(r.Realm, &with)
	may := r.May(permit.ToManageClients)
	if !may && o.Has("secret") {
		o.Put("secret", keycloak.SecretMask)
	}
	may = may && !r.Realm.Manages(c.ID)
	o.Put("access", map[string]bool{"view": true, "configure": may, "manage": may})
	return o
}

// mayShape tells whether the caller may do to a client what changes the rights that its roles are.
func mayShape(r *rest.Request, c *realm.Client) bool {
	return r.Administrator.MayShape(r.Realm, &realm.Role{Client: c.Key})
}

// mayName tells whether the caller may have a client of the client_id that a representation names: without one, its
// id is that too.
func mayName(r *rest.Request, o keycloak.Object) bool {
	id := o.Text("clientId")
	if !o.Has("clientId") {
		id = o.Text("id")
	}
	return r.Administrator.MayName(r.Realm, id)
}
