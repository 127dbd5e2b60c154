package realm

import (
	"cmp"
	"slices"
)

// MethodForeign is the authenticator of clients that prove themselves by a token of another issuer. Keycloak:
// federated-jwt.
const MethodForeign = "federated-jwt"

// Workloads are the clients of MethodForeign that a subject (claim sub) of some provider stands for, ordered by
// client_id. The slice is shared and must not be changed.
func (r *Realm) Workloads(subject string) []*Client { return r.workloads.get(subject) }

// putWorkload files a client under the subject that it is known by at its provider. The lists are replaced and
// never changed, since realms share them.
func (r *Realm) putWorkload(c *Client) {
	if c.Authenticator != MethodForeign || c.AuthSubject == "" {
		return
	}
	list := slices.Clone(r.workloads.get(c.AuthSubject))
	at, _ := slices.BinarySearchFunc(list, c, func(a, b *Client) int { return cmp.Compare(a.ID, b.ID) })
	r.workloads.put(c.AuthSubject, slices.Insert(list, at, c))
}

// dropWorkload takes a client out of the list of its subject, as it was filed.
func (r *Realm) dropWorkload(key string) {
	c := r.ClientByKey(key)
	if c == nil || c.Authenticator != MethodForeign || c.AuthSubject == "" {
		return
	}
	list := slices.DeleteFunc(slices.Clone(r.workloads.get(c.AuthSubject)), func(other *Client) bool { return other.Key == key })
	if len(list) == 0 {
		r.workloads.drop(c.AuthSubject)
		return
	}
	r.workloads.put(c.AuthSubject, list)
}
