package manage

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"maps"
	"slices"

	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
	"github.com/tokenhouse/tokenhouse/internal/keycloak/realmfile"
)

// ExportOptions say what an export holds.
type ExportOptions struct {
	WithoutUsers bool
}

// Export writes a realm as a realm file, secrets and password hashes included, one user at a time.
func (m *Realms) Export(ctx context.Context, name string, w io.Writer, o ExportOptions) error {
	r, err := m.Store.Realm(ctx, name)
	if err != nil {
		return err
	}
	groups, err := m.Store.Groups(ctx, r.Key)
	if err != nil {
		return err
	}
	out, err := realmfile.Export(r, groups, func(kind realm.Kind, key string) (realm.Extra, error) {
		return m.Store.Extra(ctx, r.Key, kind, key)
	})
	if err != nil {
		return err
	}
	to := &writer{Writer: bufio.NewWriter(w)}
	to.text("{")
	for i, member := range order(out) {
		if i > 0 {
			to.text(",")
		}
		to.text("\n  ")
		to.value(member)
		to.text(": ")
		to.value(out[member])
	}
	if !o.WithoutUsers {
		to.text(",\n  \"users\": [")
		if err := m.writeUsers(ctx, to, r, groups); err != nil {
			return err
		}
		to.text("]")
	}
	to.text("\n}\n")
	if to.err != nil {
		return to.err
	}
	return to.Flush()
}

// order puts what names the realm first, and the rest by name.
func order(o keycloak.Object) []string {
	names := slices.Sorted(maps.Keys(o))
	names = slices.DeleteFunc(names, func(s string) bool { return s == "id" || s == "realm" })
	return append([]string{"id", "realm"}, names...)
}

func (m *Realms) writeUsers(ctx context.Context, to *writer, r *realm.Realm, groups []*realm.Group) error {
	paths := pathsOf(groups)
	first := true
	for account, err := range m.Store.Users(ctx, r.Key) {
		if err != nil {
			return err
		}
		if !first {
			to.text(",")
		}
		first = false
		to.text("\n    ")
		to.value(keycloak.FromUser(r, paths, account))
		if to.err != nil {
			return to.err
		}
	}
	return nil
}

// pathsOf are the paths of groups by key.
func pathsOf(groups []*realm.Group) map[string]string {
	paths := map[string]string{}
	for _, g := range groups {
		paths[g.Key] = g.Path
	}
	return paths
}

// writer writes JSON and remembers the first failure.
type writer struct {
	*bufio.Writer
	err error
}

func (w *writer) text(s string) {
	if w.err == nil {
		_, w.err = w.WriteString(s)
	}
}

// value writes a value, indented where it is one of the document's own members.
func (w *writer) value(v any) {
	if w.err != nil {
		return
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if _, ok := v.(json.RawMessage); ok {
		e.SetIndent("  ", "  ")
	}
	if w.err = e.Encode(v); w.err == nil {
		_, w.err = w.Write(bytes.TrimSuffix(b.Bytes(), []byte("\n")))
	}
}
