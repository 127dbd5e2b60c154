// Package info tells administrators what the server can do, and who they are.
package info

import (
	"context"
	"net/http"
	"runtime"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/web/admin/rest"
)

// Deps is what the routes call. All fields are required.
type Deps struct {
	Realms  Realms
	Started time.Time
}

// Realms are the realms' configuration.
type Realms interface {
	RealmNames(ctx context.Context) ([]string, error)
	Realm(ctx context.Context, name string) (*realm.Realm, error)
}

// Routes are the addresses that name no resource of a realm.
func Routes(d Deps) []rest.Route {
	return []rest.Route{
		{Method: "GET", Path: "/admin/serverinfo", Handle: d.server},
		{Method: "GET", Path: "/admin/{realm}/console/whoami", Handle: d.whoAmI},
	}
}

// server answers who has rights somewhere. What machine it runs on is for those of the master realm.
func (d Deps) server(w http.ResponseWriter, r *rest.Request) error {
	rights, err := d.access(r)
	if err != nil {
		return err
	}
	if len(rights) == 0 && !r.Administrator.CreatesRealms() {
		return rest.Forbidden
	}
	info := document()
	if _, all := rights[master]; all {
		info.System.machine(r.Author.Now, d.Started)
		info.CPU, info.Memory = &cpu{runtime.NumCPU()}, memory()
	}
	return rest.JSON(w, info)
}

// master is the realm whose administrators run the server.
const master = "master"
