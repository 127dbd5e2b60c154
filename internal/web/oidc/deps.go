package oidc

import (
	"context"
	"log/slog"
	"net/http"

	"github.com/tokenhouse/tokenhouse/internal/core/page"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
	"github.com/tokenhouse/tokenhouse/internal/flow/authorize"
	"github.com/tokenhouse/tokenhouse/internal/flow/grant"
	"github.com/tokenhouse/tokenhouse/internal/flow/inspect"
	"github.com/tokenhouse/tokenhouse/internal/flow/revoke"
	"github.com/tokenhouse/tokenhouse/internal/web/caller"
	"github.com/tokenhouse/tokenhouse/internal/web/pages"
)

// Deps is what the endpoints call. All fields are required.
type Deps struct {
	Realms  Realms
	Tokens  Tokens
	Inspect Inspector
	Revoke  Revoker
	Keys    Keys
	Browser Browser
	SignOut SignOut
	Devices Devices
	Broker  Broker
	Pages   Pages
	Callers *caller.Resolver
	Log     *slog.Logger
}

// Realms are the realms' configuration; fault.ErrNotFound where there is none of the name.
type Realms interface {
	Realm(ctx context.Context, name string) (*realm.Realm, error)
}

// Tokens redeems grants.
type Tokens interface {
	AuthorizationCode(ctx context.Context, q grant.CodeRequest) (*grant.Response, error)
	ClientCredentials(ctx context.Context, q grant.ClientCredentialsRequest) (*grant.Response, error)
	Password(ctx context.Context, q grant.PasswordRequest) (*grant.Response, error)
	Refresh(ctx context.Context, q grant.RefreshRequest) (*grant.Response, error)
	Exchange(ctx context.Context, q grant.ExchangeRequest) (*grant.Response, error)
	Device(ctx context.Context, q grant.DeviceRequest) (*grant.Response, error)
	JWTBearer(ctx context.Context, q grant.JWTBearerRequest) (*grant.Response, error)
}

// Browser runs authorization requests.
type Browser interface {
	Begin(ctx context.Context, q authorize.BeginRequest) (*authorize.Outcome, error)
	Continue(ctx context.Context, q authorize.ContinueRequest) (*authorize.Outcome, error)
	Push(ctx context.Context, q authorize.PushRequest) (*authorize.Pushed, error)
}

// Pages shows pages to people.
type Pages interface {
	Show(w http.ResponseWriter, r *http.Request, status int, v pages.View, p page.Page) error
	Embed(w http.ResponseWriter, r *http.Request, v pages.View, e pages.Embedded) error
	Guard(w http.ResponseWriter, r *http.Request, of *realm.Realm) error
}

// Inspector tells what tokens say.
type Inspector interface {
	Introspect(ctx context.Context, q inspect.IntrospectRequest) (*token.Claims, error)
	UserInfo(ctx context.Context, q inspect.UserInfoRequest) (*inspect.UserInfo, error)
}

// Revoker takes tokens back.
type Revoker interface {
	Revoke(ctx context.Context, q revoke.Request) error
	Logout(ctx context.Context, q revoke.LogoutRequest) error
}

// Keys are the realm's public keys, as a JSON Web Key Set.
type Keys interface {
	Public(r *realm.Realm) []byte
}

// New serves the endpoints, from the root of the server.
func New(d Deps) http.Handler {
	s := &site{d}
	return withoutSlash(s.routes())
}

// site is the endpoints with what they call.
type site struct{ Deps }
