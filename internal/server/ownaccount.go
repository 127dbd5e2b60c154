package server

import (
	"net/http"

	"github.com/google/uuid"

	"github.com/tokenhouse/tokenhouse/internal/flow/account"
	"github.com/tokenhouse/tokenhouse/internal/flow/authorize"
	"github.com/tokenhouse/tokenhouse/internal/flow/inspect"
	"github.com/tokenhouse/tokenhouse/internal/flow/people"
	"github.com/tokenhouse/tokenhouse/internal/store"
	accountweb "github.com/tokenhouse/tokenhouse/internal/web/account"
	"github.com/tokenhouse/tokenhouse/internal/web/account/console"
	"github.com/tokenhouse/tokenhouse/internal/web/oidc"
	"github.com/tokenhouse/tokenhouse/internal/web/pages"
)

// ownAccounts serves the API by which people look after their own account, and others for all else.
func ownAccounts(st *store.Store, c Config, d oidc.Deps, inspector *inspect.Inspector, browser *authorize.Authorizer, a accounts, others http.Handler) http.Handler {
	sessions := &people.Sessions{Store: st, Users: st, Realms: st, Herald: a.herald}
	own := &account.Accounts{
		Holders:  inspector,
		Browsers: &authorize.Identities{Keys: browser.Keys, Sessions: st, Users: st},
		Parts:    st, Seals: browser.Keys, Actions: browser,
		People:   &people.Users{Store: st, Groups: st, Failures: st, Rules: a.rules, Passwords: a.passwords},
		Sessions: sessions,
		Consents: &people.Consents{Sessions: sessions, Users: st, Grants: st},
		Rules:    a.rules, Credentials: st, Kept: st, Events: a.events, Now: c.clock(), NewID: uuid.NewString,
	}
	shown := pages.New(people.NewLooks(st))
	return accountweb.New(accountweb.Deps{Realms: st, Accounts: own, Texts: shown, Callers: d.Callers, Log: c.log()},
		console.New(console.Deps{Realms: st, Accounts: own, Pages: shown, Callers: d.Callers, Log: c.log(), NewToken: newToken}), others)
}
