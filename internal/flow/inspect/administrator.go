package inspect

import (
	"context"
	"errors"
	"slices"
	"strings"
	"weak"

	"github.com/tokenhouse/tokenhouse/internal/core/audience"
	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/mapper"
	"github.com/tokenhouse/tokenhouse/internal/core/mint"
	"github.com/tokenhouse/tokenhouse/internal/core/permit"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/flow/verify"
)

// The clients that are made for the administration API: their tokens carry all that the user may do there,
// whatever their scope.
var administrative = []string{"admin-cli", "security-admin-console"}

// Administrator tells who stands behind an access token of any realm, and what they may do by it: what the user
// may now, as far as introspection would say that the token carries it. A refusal is a *verify.Failure.
func (i *Inspector) Administrator(ctx context.Context, base string, p verify.Presented) (*permit.Administrator, error) {
	r, err := i.issuer(ctx, p.Token)
	if err != nil {
		return nil, err
	}
	t := &turn{Inspector: i, at: verify.At{Realm: r, Base: base, Now: i.Now()}}
	held, err := i.Verifier.Presented(ctx, t.at, p)
	if err != nil {
		return nil, err
	}
	return &permit.Administrator{Realm: r, Client: held.Client, User: held.User, Session: held.Token.Session, Roles: t.roles(&held)}, nil
}

// issuer is the realm that a token says it is of, which it then has to prove.
func (i *Inspector) issuer(ctx context.Context, compact string) (*realm.Realm, error) {
	opened, err := token.Open(compact)
	if err != nil {
		return nil, &verify.Failure{Reason: verify.Unreadable, Cause: err}
	}
	claims, err := token.Parse(opened.Payload)
	if err != nil {
		return nil, &verify.Failure{Reason: verify.Unreadable, Cause: err}
	}
	_, name, _ := strings.Cut(claims.Issuer, "/realms/")
	r, err := i.Realms.Realm(ctx, name)
	switch {
	case errors.Is(err, fault.ErrNotFound):
		return nil, &verify.Failure{Reason: verify.OtherIssuer, Cause: err}
	case err != nil:
		return nil, err
	case !r.Enabled:
		return nil, &verify.Failure{Reason: verify.ClientDisabled, Cause: errRealmOff}
	}
	return r, nil
}

// roles are the roles that the token's user has and that the token carries. They are remembered: who
// administrates a thousand realms has 20,000 of them.
func (t *turn) roles(h *verify.Held) *realm.RoleSet {
	key := carriedKey{weak.Make(t.at.Realm), h.Token.ID, direct(h.User)}
	return t.carried.get(key, func() *realm.RoleSet { return t.carriedBy(h) })
}

func (t *turn) carriedBy(h *verify.Held) *realm.RoleSet {
	all := h.User.RolesIn(t.at.Realm)
	if slices.Contains(administrative, h.Client.ID) && len(h.Token.Path) == 0 && !narrowed(h) {
		return all
	}
	made := mint.Introspection(t.request(h, mapper.Introspection), &h.Token.Claims)
	out := &realm.RoleSet{}
	for _, ref := range audience.Named(&made.Claims) {
		if role := t.at.Realm.Role(ref); role != nil && all.Has(role) {
			out.Add(role)
		}
	}
	return out
}

// narrowed tells whether the token was narrowed when it was exchanged.
func narrowed(h *verify.Held) bool {
	audiences, _ := filter(h)
	return audiences != nil
}

// direct are the keys of all roles that the user was granted, themselves or by a group.
func direct(u *user.User) string {
	keys := slices.Clone(u.Roles)
	for _, g := range u.Groups {
		keys = append(keys, g.Roles...)
	}
	return strings.Join(keys, " ")
}
