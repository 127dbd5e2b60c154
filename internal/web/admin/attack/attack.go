// Package attack tells administrators whose sign-ins failed, and lets them forgive.
package attack

import (
	"context"
	"math"
	"net/http"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/permit"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/flow/audit"
	"github.com/tokenhouse/tokenhouse/internal/web/admin/rest"
)

// Deps is what the routes call. All fields are required.
type Deps struct {
	Failures Failures
}

// Failures are the failed sign-ins of users; none of users who are not there.
type Failures interface {
	Failures(ctx context.Context, realmKey, userID string) (user.Failures, error)
	ForgiveFailures(ctx context.Context, realmKey, userID string, audit []event.Admin) error
}

// Routes are the addresses below attack-detection.
func Routes(d Deps) []rest.Route {
	const users = "/attack-detection/brute-force/users"
	return []rest.Route{
		{Method: "DELETE", Path: users, Need: permit.ToManageUsers, Handle: d.clear},
		{Method: "GET", Path: users + "/{id}", Need: permit.ToViewUsers, Handle: d.status},
		{Method: "DELETE", Path: users + "/{id}", Need: permit.ToManageUsers, Handle: d.clear},
	}
}

// status is what Keycloak tells of a user's failed sign-ins.
type status struct {
	Disabled          bool   `json:"disabled"`
	Failures          int    `json:"numFailures"`
	TemporaryLockouts int    `json:"numTemporaryLockouts"`
	Secondary         int    `json:"numSecondaryAuthFailures"`
	LastIP            string `json:"lastIPFailure"`
	Last              int64  `json:"lastFailure"`          // milliseconds of Unix time
	NotBefore         int64  `json:"failedLoginNotBefore"` // seconds of Unix time
}

// status answers for a user that there need not be.
func (d Deps) status(w http.ResponseWriter, r *rest.Request) error {
	none := status{LastIP: "n/a"}
	if !r.Realm.BruteForce {
		return rest.JSON(w, none)
	}
	f, err := d.Failures.Failures(r.Context(), r.Realm.Key, r.PathValue("id"))
	if err != nil {
		return err
	}
	if f.LastAt.IsZero() {
		return rest.JSON(w, none)
	}
	return rest.JSON(w, statusOf(f, r.Author.Now))
}

func statusOf(f user.Failures, now time.Time) status {
	s := status{Disabled: f.IsLocked(now), Failures: f.Count, TemporaryLockouts: f.Lockouts, Secondary: f.Secondary,
		LastIP: f.LastAddress, Last: f.LastAt.UnixMilli()}
	switch {
	case f.Locked:
		s.NotBefore = math.MaxInt64
	case !f.LockedUntil.IsZero():
		s.NotBefore = f.LockedUntil.Unix()
	}
	return s
}

// clear forgets the failures of one user, or of all. Who is disabled by them stays so.
func (d Deps) clear(w http.ResponseWriter, r *rest.Request) error {
	id, path := r.PathValue("id"), "attack-detection/brute-force/users"
	if id != "" {
		path += "/" + id
	}
	told := r.Author.Of(r.Realm, audit.Delete, "USER_LOGIN_FAILURE", path, nil)
	return rest.Done(w, d.Failures.ForgiveFailures(r.Context(), r.Realm.Key, id, told))
}
