package server_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/tokenhouse/tokenhouse/internal/flow/manage"
	"github.com/tokenhouse/tokenhouse/internal/server"
)

// TestRealmFiles brings every realm file there is in by POST /admin/realms and by an import, and takes it out
// again: both ways make the same realm, an export of it comes back as it was, and PUT of what GET gave changes
// nothing.
func TestRealmFiles(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../keycloak/testdata/*/*.json")
	if err != nil {
		t.Fatal(err)
	}
	files = slices.DeleteFunc(files, func(file string) bool { return strings.Contains(file, "/recorded/") })
	if len(files) < 50 {
		t.Fatalf("realm files are missing: %d", len(files))
	}
	s, base := start(t, server.Database{}, nil)
	w := &mover{base: base, realms: server.Realms(s.Store(), server.Config{})}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			given, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			given = bytes.ReplaceAll(given, []byte("${base}"), []byte(base))
			w.signIn(t)
			name := w.post(t, given)
			posted := w.export(t, name)
			w.do(t, 204, http.MethodDelete, "/admin/realms/"+name, nil)
			if _, err := w.realms.Import(t.Context(), reader(given), manage.ImportOptions{}); err != nil {
				t.Fatal(err)
			}
			alike(t, "posted and imported", withoutMade(posted, given), withoutMade(w.export(t, name), given))

			w.do(t, 204, http.MethodDelete, "/admin/realms/"+name, nil)
			w.post(t, posted)
			alike(t, "exported and posted", decode(posted), decode(w.export(t, name)))

			shown := w.do(t, 200, http.MethodGet, "/admin/realms/"+name, nil)
			w.do(t, 204, http.MethodPut, "/admin/realms/"+name, shown)
			alike(t, "after PUT of what GET gave", decode(posted), decode(w.export(t, name)))
			w.do(t, 204, http.MethodDelete, "/admin/realms/"+name, nil)
		})
	}
}

// mover brings realms in and takes them out.
type mover struct {
	base, token string
	realms      *manage.Realms
}

func reader(text []byte) manage.Document {
	return func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(text)), nil }
}

func (m *mover) signIn(t *testing.T) {
	t.Helper()
	resp, err := http.PostForm(m.base+"/realms/master/protocol/openid-connect/token",
		url.Values{"grant_type": {"password"}, "client_id": {"admin-cli"}, "username": {"admin"}, "password": {"admin"}})
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var answer struct {
		Token string `json:"access_token"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil || answer.Token == "" {
		t.Fatalf("sign-in: %d, %v", resp.StatusCode, err)
	}
	m.token = answer.Token
}

func (m *mover) send(t *testing.T, method, path string, body []byte) (*http.Response, []byte) {
	t.Helper()
	q, err := http.NewRequestWithContext(t.Context(), method, m.base+path, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	q.Header.Set("Authorization", "Bearer "+m.token)
	q.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(q)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, text
}

func (m *mover) do(t *testing.T, want int, method, path string, body []byte) []byte {
	t.Helper()
	resp, text := m.send(t, method, path, body)
	if resp.StatusCode != want {
		t.Fatalf("%s %s: %d %s", method, path, resp.StatusCode, text)
	}
	return text
}

// post makes the realm of a file, and gives its name.
func (m *mover) post(t *testing.T, file []byte) string {
	t.Helper()
	resp, text := m.send(t, http.MethodPost, "/admin/realms", file)
	name, ok := strings.CutPrefix(resp.Header.Get("Location"), m.base+"/admin/realms/")
	if resp.StatusCode != http.StatusCreated || !ok {
		t.Fatalf("POST: %d %s %s", resp.StatusCode, resp.Header.Get("Location"), text)
	}
	return name
}

func (m *mover) export(t *testing.T, name string) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := m.realms.Export(t.Context(), name, &out, manage.ExportOptions{}); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func decode(text []byte) any {
	var v any
	if err := json.Unmarshal(text, &v); err != nil {
		panic(err)
	}
	return v
}

// made are the members whose values are made where a file does not bring them.
var made = []string{"secret", "privateKey", "certificate", "kid", "secretData", "client.secret.creation.time", "createdTimestamp", "createdDate"}

var uuidText = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`)

// withoutMade is an export without what was made on the way: ids, secrets and keys that the file does not have.
func withoutMade(export, file []byte) any {
	var strip func(name string, v any) any
	strip = func(name string, v any) any {
		switch v := v.(type) {
		case map[string]any:
			for member := range v {
				v[member] = strip(member, v[member])
			}
		case []any:
			for i := range v {
				v[i] = strip(name, v[i])
			}
		case string:
			if slices.Contains(made, name) && !bytes.Contains(file, []byte(strings.Trim(string(encoded(v)), `"`))) {
				return "<made>"
			}
			return uuidText.ReplaceAllStringFunc(v, func(id string) string {
				if bytes.Contains(file, []byte(id)) {
					return id
				}
				return "<id>"
			})
		case float64:
			if slices.Contains(made, name) && !bytes.Contains(file, encoded(int64(v))) {
				return "<made>"
			}
		}
		return v
	}
	return strip("", decode(export))
}

func encoded(v any) []byte {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return text
}

// alike reports where two documents differ.
func alike(t *testing.T, what string, a, b any) {
	t.Helper()
	for _, d := range unlike("", a, b) {
		t.Errorf("%s: %s", what, d)
	}
}

func unlike(path string, a, b any) []string {
	switch x := a.(type) {
	case map[string]any:
		y, ok := b.(map[string]any)
		if !ok {
			break
		}
		all := maps.Clone(x)
		maps.Copy(all, y)
		var out []string
		for _, name := range slices.Sorted(maps.Keys(all)) {
			out = append(out, unlike(path+"."+name, x[name], y[name])...)
		}
		return out
	case []any:
		y, ok := b.([]any)
		if !ok || len(x) != len(y) {
			break
		}
		var out []string
		for i := range x {
			out = append(out, unlike(fmt.Sprintf("%s[%d]", path, i), x[i], y[i])...)
		}
		return out
	}
	if string(encoded(a)) == string(encoded(b)) {
		return nil
	}
	return []string{fmt.Sprintf("%s: %.200s, then %.200s", path, encoded(a), encoded(b))}
}
