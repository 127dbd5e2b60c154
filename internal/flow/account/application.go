package account

import (
	"context"
	"slices"

	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/session"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
)

// Application is a client that the owner uses, or allowed something.
type Application struct {
	Client  *realm.Client
	About   keycloak.Application
	InUse   bool          // it has a part in a session
	Offline bool          // it may act while the owner is away
	Consent *user.Consent // nil where it was allowed nothing
}

// Applications are the clients that have a part in the owner's sessions, were allowed something, or are shown to everybody.
func (a *Accounts) Applications(ctx context.Context, o *Owner) ([]Application, error) {
	var out []Application
	at := func(key string) *Application {
		if i := slices.IndexFunc(out, func(app Application) bool { return app.Client.Key == key }); i >= 0 {
			return &out[i]
		}
		c := o.Realm.ClientByKey(key)
		if c == nil || c.BearerOnly {
			return &Application{}
		}
		out = append(out, Application{Client: c})
		return &out[len(out)-1]
	}
	for _, offline := range []bool{false, true} {
		all, err := a.Sessions.Of(ctx, o.Realm, session.Query{User: o.User.ID, Offline: offline}, o.now)
		if err != nil {
			return nil, err
		}
		for _, s := range all {
			for _, g := range s.Grants {
				app := at(g.Client)
				app.InUse, app.Offline = app.InUse || !offline, app.Offline || offline
			}
		}
	}
	for _, c := range o.Realm.Clients() {
		if c.SignIn.AlwaysShown && c.Enabled {
			at(c.Key)
		}
	}
	for i := range o.User.Consents {
		at(o.User.Consents[i].Client).Consent = &o.User.Consents[i]
	}
	return out, a.describe(ctx, o, out)
}

// describe fills in what applications tell of themselves.
func (a *Accounts) describe(ctx context.Context, o *Owner, apps []Application) error {
	keys := make([]string, len(apps))
	for i := range apps {
		keys[i] = apps[i].Client.Key
	}
	about, err := a.About(ctx, o, keys)
	for i := range apps {
		apps[i].About = about[apps[i].Client.Key]
	}
	return err
}

// About is what clients tell of themselves, by their keys.
func (a *Accounts) About(ctx context.Context, o *Owner, keys []string) (map[string]keycloak.Application, error) {
	kept, err := a.Kept.Extras(ctx, o.Realm.Key, realm.KindClient, keys)
	out := make(map[string]keycloak.Application, len(kept))
	for key, extra := range kept {
		out[key] = keycloak.KeptApplication(extra)
	}
	return out, err
}
