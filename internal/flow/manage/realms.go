// Package manage changes configuration and users, and records each change as an admin event in the
// transaction that makes it.
package manage

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
)

// Realms creates, imports, exports and deletes realms.
type Realms struct {
	Store Store
	Now   func() time.Time
	NewID func() string // UUIDs

	// Env looks up the ${NAME:default} placeholders of imported files; nil leaves them as they are.
	Env func(name string) (string, bool)
}

// Document opens a realm file for reading. It is called once for each pass over the file.
type Document func() (io.ReadCloser, error)

// Existing says what an import does with a realm that exists already.
type Existing int

const (
	Fail      Existing = iota // the import is refused: fault.ErrConflict
	Skip                      // the realm stays as it is
	Overwrite                 // the realm is replaced
)

// ImportOptions are the ways an import can go.
type ImportOptions struct {
	Existing Existing
	Actor    event.Actor
}

// Report is what an import did, realm by realm.
type Report struct{ Realms []Imported }

// Imported is what became of one realm of an import.
type Imported struct {
	Realm   string
	Outcome string // "created", "replaced" or "skipped"
	Clients int
	Users   int
	Notes   []keycloak.Note // what is kept and not acted on
}

// Import reads a realm file, which holds one realm or an array of them. Each realm is stored in one
// transaction, all or nothing. What is wrong with the file is a *fault.Invalid that names the place
// in it; nothing is stored then.
func (m *Realms) Import(ctx context.Context, doc Document, o ImportOptions) (Report, error) {
	return Report{}, errors.ErrUnsupported
}

// ImportFS imports a directory of realm files, as Keycloak's export to a directory writes it:
// <realm>-realm.json with <realm>-users-N.json beside it, or any other *.json with users inside.
func (m *Realms) ImportFS(ctx context.Context, fsys fs.FS, o ImportOptions) (Report, error) {
	return Report{}, errors.ErrUnsupported
}

// Snapshot is the contents of a realm file in memory, for decisions without a store.
type Snapshot struct {
	Realm *realm.Realm
	Users []*user.User // with Groups filled in
	Notes []keycloak.Note
}

// Read reads the realms of a file without storing them. Passwords are not hashed and no keys made.
func (m *Realms) Read(ctx context.Context, doc Document) ([]Snapshot, error) {
	return nil, errors.ErrUnsupported
}

// ExportOptions say what an export holds.
type ExportOptions struct {
	WithoutUsers bool
}

// Export writes a realm as a realm file, secrets and password hashes included, one user at a time.
func (m *Realms) Export(ctx context.Context, name string, w io.Writer, o ExportOptions) error {
	return errors.ErrUnsupported
}

// Administrator is who may do everything on the first start: a user, or a client's service account.
type Administrator struct {
	Username, Password     string
	ClientID, ClientSecret string
}

// Bootstrap makes the master realm, and in it the administrators named, where there is no master
// realm yet. It tells whether it did.
func (m *Realms) Bootstrap(ctx context.Context, a Administrator) (made bool, err error) {
	return false, errors.ErrUnsupported
}

// Delete removes a realm with all that it holds, and its management client in the master realm.
func (m *Realms) Delete(ctx context.Context, actor event.Actor, name string) error {
	return errors.ErrUnsupported
}
