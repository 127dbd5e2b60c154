package server

import (
	"net/http"

	"github.com/google/uuid"

	"github.com/tokenhouse/tokenhouse/internal/flow/account"
	"github.com/tokenhouse/tokenhouse/internal/flow/inspect"
	"github.com/tokenhouse/tokenhouse/internal/flow/people"
	"github.com/tokenhouse/tokenhouse/internal/store"
	accountweb "github.com/tokenhouse/tokenhouse/internal/web/account"
	"github.com/tokenhouse/tokenhouse/internal/web/oidc"
	"github.com/tokenhouse/tokenhouse/internal/web/pages"
)

// ownAccounts serves the API by which people look after their own account, and others for all else.
func ownAccounts(st *store.Store, c Config, d oidc.Deps, inspector *inspect.Inspector, a accounts, others http.Handler) http.Handler {
	sessions := &people.Sessions{Store: st, Users: st, Realms: st, Herald: a.herald}
	return accountweb.New(accountweb.Deps{
		Realms: st,
		Accounts: &account.Accounts{
			Holders:  inspector,
			People:   &people.Users{Store: st, Groups: st, Failures: st, Rules: a.rules, Passwords: a.passwords},
			Sessions: sessions,
			Consents: &people.Consents{Sessions: sessions, Users: st, Grants: st},
			Rules:    a.rules, Credentials: st, Kept: st, Events: a.events, Now: c.clock(), NewID: uuid.NewString,
		},
		Texts:   pages.New(people.NewLooks(st)),
		Callers: d.Callers,
		Log:     c.log(),
	}, others, others)
}
