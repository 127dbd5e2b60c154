package authz

import "github.com/tokenhouse/tokenhouse/internal/core/realm"

// Overview is how a resource server enforces its policies, without what it consists of.
type Overview struct {
	ID       string `json:"id"`
	ClientID string `json:"clientId"` // the same, and not the client_id
	Name     string `json:"name"`
	Server
}

// Overview shows the server, which is that of a client.
func (s *Server) Overview(client *realm.Client) Overview {
	return Overview{ID: client.Key, ClientID: client.Key, Name: client.ID, Server: Server{Remote: s.Remote, Mode: s.Mode, Strategy: s.Strategy,
		Resources: []Resource{}, Policies: []Policy{}, Scopes: []Scope{}}}
}
