package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/google/uuid"

	"github.com/tokenhouse/tokenhouse/internal/core/proof"
	"github.com/tokenhouse/tokenhouse/internal/flow/authorize"
	"github.com/tokenhouse/tokenhouse/internal/flow/broker"
	"github.com/tokenhouse/tokenhouse/internal/flow/grant"
	"github.com/tokenhouse/tokenhouse/internal/flow/inspect"
	"github.com/tokenhouse/tokenhouse/internal/flow/keyring"
	"github.com/tokenhouse/tokenhouse/internal/flow/ledger"
	"github.com/tokenhouse/tokenhouse/internal/flow/limit"
	"github.com/tokenhouse/tokenhouse/internal/flow/manage"
	"github.com/tokenhouse/tokenhouse/internal/flow/police"
	"github.com/tokenhouse/tokenhouse/internal/flow/revoke"
	"github.com/tokenhouse/tokenhouse/internal/flow/verify"
	"github.com/tokenhouse/tokenhouse/internal/store"
	"github.com/tokenhouse/tokenhouse/internal/upstream"
	"github.com/tokenhouse/tokenhouse/internal/web/caller"
	"github.com/tokenhouse/tokenhouse/internal/web/oidc"
	"github.com/tokenhouse/tokenhouse/internal/web/pages"
)

// One store satisfies what every flow asks for.
var (
	_ grant.Realms    = (*store.Store)(nil)
	_ grant.Users     = (*store.Store)(nil)
	_ grant.Sessions  = (*store.Store)(nil)
	_ grant.Codes     = (*store.Store)(nil)
	_ grant.Once      = (*store.Store)(nil)
	_ grant.Marks     = (*store.Store)(nil)
	_ inspect.Realms  = (*store.Store)(nil)
	_ keyring.Realms  = (*store.Store)(nil)
	_ limit.Failures  = (*store.Store)(nil)
	_ limit.Shares    = (*store.Store)(nil)
	_ limit.Users     = (*store.Store)(nil)
	_ ledger.Chains   = (*store.Store)(nil)
	_ ledger.Lines    = (*store.Store)(nil)
	_ manage.Store    = (*store.Store)(nil)
	_ revoke.Realms   = (*store.Store)(nil)
	_ revoke.Sessions = (*store.Store)(nil)
	_ revoke.Marks    = (*store.Store)(nil)
	_ verify.Users    = (*store.Store)(nil)
	_ verify.Sessions = (*store.Store)(nil)
	_ verify.Marks    = (*store.Store)(nil)
	_ verify.Accounts = (*store.Store)(nil)
)

// OpenStore opens the database that c names. The directory of a SQLite file is made where it is missing.
func OpenStore(ctx context.Context, c Config) (*store.Store, error) {
	if err := c.Database.makeDirectory(); err != nil {
		return nil, err
	}
	return store.Open(ctx, store.Config{URL: c.Database.URL, MasterKey: c.Database.MasterKey,
		KeyFile: c.Database.KeyFile, Log: c.log(), Now: c.clock()})
}

// Realms are the flows that import, export and create realms in st. A nil st will do to read files.
func Realms(st manage.Store, c Config) *manage.Realms {
	return &manage.Realms{Store: st, Now: c.clock(), NewID: uuid.NewString, Env: c.Env}
}

// endpoints wires flows to the store and to the endpoints.
func endpoints(st *store.Store, c Config, people accounts) (oidc.Deps, *inspect.Inspector, *authorize.Authorizer) {
	events := people.events
	now := c.clock()
	keys := keyring.New(st, now)
	fetch := upstream.New(upstream.Config{AllowPrivate: c.FetchPrivate || c.Development, Now: now})
	nonces := proof.NewNonces(st.NonceKey())
	verifier := verify.New(verify.Deps{Keys: keys, Users: st, Sessions: st, Marks: st, Realms: st, Fetch: fetch, Foreign: fetch, Nonces: nonces})
	rates := &limit.Rates{}
	if st.Shared() {
		rates.Shares = st
	}
	inspector := &inspect.Inspector{Policies: police.Judge{Kept: st}, Limits: rates, Realms: st, Verifier: verifier, Keys: keys, Events: events, Now: now, NewID: uuid.NewString}
	tokens := &grant.Issuer{Policies: police.Judge{Kept: st}, Limits: rates, Realms: st, Users: st, Sessions: st, Codes: st, Devices: st, Verifier: verifier,
		Passwords: people.passwords, Duties: people.rules, Once: st, Counters: people.own(st), Lockouts: &limit.Lockouts{Failures: st, Users: st, Events: events, NewID: uuid.NewString}, Marks: st, Keys: keys, Events: events, Now: now, NewID: uuid.NewString,
		Foreigners: broker.Foreigners{Realms: st, Own: verifier, Users: st, Upstream: fetch}}
	browser := signIns(st, c, people, keys, verifier, tokens)
	providers := addProviders(browser, st, c, people, keys, inspector, verifier, fetch)
	tokens.Abroad = providers
	return oidc.Deps{
		Realms:  st,
		Tokens:  tokens,
		Browser: browser,
		SignOut: signOuts(st, c, people, keys, providers),
		Broker:  providers,
		Devices: devices(st, c, people, verifier, browser),
		Inspect: inspector,
		Revoke:  &revoke.Revoker{Policies: police.Judge{Kept: st}, Realms: st, Verifier: verifier, Sessions: st, Marks: st, Herald: people.herald, Events: events, Now: now, NewID: uuid.NewString},
		Keys:    keys,
		Pages:   pages.New(looks(st)),
		Callers: &caller.Resolver{Hostname: c.Public.Hostname, Path: c.Public.path(), Headers: caller.Headers(c.Proxy.Headers), Trusted: c.Proxy.Trusted,
			CertificateHeader: c.Proxy.Certificate, Nonce: func() string { return nonces.At(now()) }},
		Log: c.log(),
	}, inspector, browser
}

// prepare makes the master realm at the first start and its administrator, and imports the realms that are not there yet.
func prepare(ctx context.Context, st *store.Store, c Config) error {
	realms := Realms(st, c)
	made, err := realms.Bootstrap(ctx, manage.Administrator(c.Bootstrap))
	if err != nil {
		return fmt.Errorf("make the master realm: %w", err)
	}
	if made && c.Bootstrap == (Bootstrap{}) {
		c.log().WarnContext(ctx, "the master realm has no administrator: name one by bootstrap-admin-username and bootstrap-admin-password, and start again")
	}
	if err := st.ReadPolicies(ctx, (&manage.Policies{Store: st}).Read); err != nil {
		return fmt.Errorf("read the client policies of realms that a former version kept: %w", err)
	}
	if c.Import == "" {
		return nil
	}
	report, err := Import(ctx, realms, c.Import, manage.ImportOptions{Existing: manage.Skip})
	if errors.Is(err, fs.ErrNotExist) {
		c.log().WarnContext(ctx, "there is nothing to import realms from", "path", c.Import)
		return nil
	}
	if err != nil {
		return fmt.Errorf("import realms: %w", err)
	}
	for _, r := range report.Realms {
		c.log().InfoContext(ctx, "realm file", "realm", r.Realm, "outcome", r.Outcome, "clients", r.Clients, "users", r.Users, "kept", len(r.Notes))
	}
	return nil
}

// Import imports a realm file, or all those of a directory. An error that is fs.ErrNotExist says that
// there is neither.
func Import(ctx context.Context, realms *manage.Realms, path string, o manage.ImportOptions) (manage.Report, error) {
	info, err := os.Stat(path)
	if err != nil {
		return manage.Report{}, err
	}
	if info.IsDir() {
		return realms.ImportFS(ctx, os.DirFS(path), o)
	}
	return realms.Import(ctx, File(path), o)
}

// File is a realm file on disk.
func File(path string) manage.Document {
	return func() (io.ReadCloser, error) { return os.Open(path) }
}
