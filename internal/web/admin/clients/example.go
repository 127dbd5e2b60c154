package clients

import (
	"encoding/json"
	"errors"
	"net/http"

	"github.com/tokenhouse/tokenhouse/internal/core/audience"
	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/mapper"
	"github.com/tokenhouse/tokenhouse/internal/core/permit"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/flow/rehearse"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
	"github.com/tokenhouse/tokenhouse/internal/web/admin/rest"
	"github.com/tokenhouse/tokenhouse/internal/web/render"
)

// exampleRoutes are the addresses that show what a client's tokens would say.
func (d Deps) exampleRoutes(get func(path string, need permit.Need, h handler) rest.Route) []rest.Route {
	const below = "/evaluate-scopes"
	return []rest.Route{
		get(below+"/protocol-mappers", permit.ToViewClients, d.mappersInPlay),
		get(below+"/scope-mappings/{container}/granted", permit.ToViewClients, d.rolesInPlay(true)),
		get(below+"/scope-mappings/{container}/not-granted", permit.ToViewClients, d.rolesInPlay(false)),
		get(below+"/generate-example-access-token", permit.ToViewClients, d.example(narrowed, func(i rehearse.Issue) []byte { return i.Access.AppendJSON(nil) })),
		get(below+"/generate-example-id-token", permit.ToViewClients, d.example(narrowed, func(i rehearse.Issue) []byte { return i.ID.AppendJSON(nil) })),
		get(below+"/generate-example-userinfo", permit.ToViewClients, d.example(whole, func(i rehearse.Issue) []byte { return i.UserInfo.AppendJSON(nil) })),
		get(below+"/generate-example-saml-response", permit.ToViewClients, d.noSAML),
	}
}

// narrowed is the audience that an example is asked for, by a list of one, or nil for any. As in Keycloak names that are
// nobody's are passed over.
func narrowed(r *rest.Request) []string {
	if name := r.URL.Query().Get("audience"); r.Realm.Client(name) != nil {
		return []string{name}
	}
	return nil
}

// whole is for examples that have no audience.
func whole(*rest.Request) []string { return nil }

// example answers claims that the client would be given for a user: those of the code that issues tokens.
func (d Deps) example(audiences func(*rest.Request) []string, claims func(rehearse.Issue) []byte) handler {
	return func(w http.ResponseWriter, r *rest.Request, c *realm.Client) error {
		query := r.URL.Query()
		id := query.Get("userId")
		if id == "" {
			return rest.NotFound("No userId provided")
		}
		u, err := d.Users.User(r.Context(), r.Realm.Key, id)
		if errors.Is(err, fault.ErrNotFound) {
			return rest.NotFound("No user found")
		}
		if err != nil {
			return err
		}
		if !r.May(permit.ToViewUsers) {
			return &render.Status{Code: http.StatusForbidden, Text: "You have no access to this user"}
		}
		scene := rehearse.Scene{Realm: r.Realm, Base: r.Base, Client: c, User: u, Scope: query.Get("scope"), Now: r.Author.Now}
		issue := rehearse.OfIssue(scene, audiences(r), r.Author.NewID)
		if len(issue.Missing) > 0 {
			return rest.NotFound("Requested audience not available: " + issue.Missing[0])
		}
		return rest.JSON(w, json.RawMessage(claims(issue)))
	}
}

// inPlay is a mapper with who brings it.
type inPlay struct {
	MapperID       string `json:"mapperId"`
	MapperName     string `json:"mapperName"`
	ContainerID    string `json:"containerId"`
	ContainerName  string `json:"containerName"`
	ContainerType  string `json:"containerType"` // "client-scope" or "client"
	ProtocolMapper string `json:"protocolMapper"`
}

// mappersInPlay answers the mappers of the client and of its client scopes that the parameter "scope"
// brings into play.
func (d Deps) mappersInPlay(w http.ResponseWriter, r *rest.Request, c *realm.Client) error {
	out := []inPlay{}
	add := func(mappers []realm.Mapper, id, name, kind string) {
		for i := range mappers {
			if m := &mappers[i]; mapper.KindOf(m) != nil {
				out = append(out, inPlay{m.Key, m.Name, id, name, kind, m.Kind})
			}
		}
	}
	for _, s := range audience.Asked(r.Realm, c, r.URL.Query().Get("scope")) {
		add(s.Mappers, s.Key, s.Name, "client-scope")
	}
	kept, err := d.Kept.Extra(r.Context(), r.Realm.Key, realm.KindClient, c.Key)
	if err != nil {
		return err
	}
	add(c.Mappers, c.Key, keycloak.Object(kept).Text("name"), "client")
	return rest.JSON(w, out)
}

// rolesInPlay answers the roles of the realm, or of a client, that the client's tokens may carry, or those
// that they may not.
func (d Deps) rolesInPlay(granted bool) handler {
	return func(w http.ResponseWriter, r *rest.Request, c *realm.Client) error {
		container := r.PathValue("container")
		var roles []*realm.Role
		switch owner := r.Realm.ClientByKey(container); {
		case container == r.Realm.Name:
			roles = r.Realm.RolesOf("")
		case owner != nil:
			roles = r.Realm.RolesOf(owner.Key)
		default:
			return rest.NotFound("Role Container not found")
		}
		may := audience.MayCarry(r.Realm, c, audience.Asked(r.Realm, c, r.URL.Query().Get("scope")))
		var keys []string
		for _, role := range roles {
			if may(role) == granted {
				keys = append(keys, role.Key)
			}
		}
		kept, err := d.Kept.Extras(r.Context(), r.Realm.Key, realm.KindRole, keys)
		if err != nil {
			return err
		}
		out := []keycloak.Object{}
		for _, key := range keys {
			with := *r.Realm.RoleByKey(key)
			with.Extra = kept[key]
			out = append(out, keycloak.BriefRole(r.Realm, &with))
		}
		return rest.JSON(w, out)
	}
}

// noSAML refuses an example of what is not made.
func (d Deps) noSAML(http.ResponseWriter, *rest.Request, *realm.Client) error {
	return rest.BadRequest("SAML clients are kept, and no SAML responses are made for them")
}
