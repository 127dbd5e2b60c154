package server

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/tokenhouse/tokenhouse/internal/flow/manage"
	"github.com/tokenhouse/tokenhouse/internal/store/storetest"
	"github.com/tokenhouse/tokenhouse/internal/web/admin/rest"
)

// TestWhatIsReadMayBeWritten puts to every address what it shows, and all things of every list: it is taken, and
// nothing is another than before, neither there nor in the realm as a whole. Secrets are shown as masks, and stay.
func TestWhatIsReadMayBeWritten(t *testing.T) {
	t.Parallel()
	for name, open := range map[string]func() Database{
		"sqlite":   func() Database { return Database{} },
		"postgres": func() Database { return Database{URL: storetest.Postgres(t), MasterKey: strings.Repeat("A", 43) + "="} },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouseOfGlass(t, open())
			readable := map[string]bool{}
			for _, r := range h.routes {
				readable[r.Path] = readable[r.Path] || r.Method == http.MethodGet
			}
			if put := h.writeAll(readable); put < 70 {
				t.Errorf("only %d documents were put", put)
			}
			before := h.whole() // what followed from defaults is said by now
			for what, hidden := range map[string]string{"client": `"secret": "desk-secret"`, "provider": `"clientSecret": "hush"`, "mail server": `"password": "hush"`, "mail server's token": `"authTokenClientSecret": "hush-token"`} {
				if !strings.Contains(before, hidden) {
					t.Errorf("the secret of the %s is lost", what)
				}
			}
			h.writeAll(readable)
			if d := cmp.Diff(before, h.whole()); d != "" {
				t.Errorf("the realm is another: %s", d)
			}
		})
	}
}

// whole is all of the realm as its server keeps it, secrets too.
func (h *houseOfGlass) whole() string {
	var text strings.Builder
	realms := &manage.Realms{Store: h.server.store, Now: time.Now, NewID: uuid.NewString}
	if err := realms.Export(h.Context(), "glass", &text, manage.ExportOptions{}); err != nil {
		h.Fatal(err)
	}
	return text.String()
}

// writeAll puts what all addresses show.
func (h *houseOfGlass) writeAll(readable map[string]bool) int {
	put := 0
	for _, r := range h.routes {
		if r.Method == http.MethodPut && readable[r.Path] && !strings.Contains(r.Path, "permission") && !strings.Contains(r.Path, "organizations") {
			for _, at := range h.all(r, readable) {
				put += h.writeBack(at)
			}
		}
	}
	return put
}

// all are the addresses of a route, for each element of the list that it is about.
func (h *houseOfGlass) all(r rest.Route, readable map[string]bool) []string {
	cut := strings.LastIndexByte(r.Path, '/')
	if cut < 0 || !strings.HasSuffix(r.Path, "}") || !readable[r.Path[:cut]] {
		return []string{h.address(r.Path)}
	}
	list := h.address(r.Path[:cut])
	var elements []map[string]any
	if w := h.send("GET", list, "", ""); json.Unmarshal(w.Body.Bytes(), &elements) != nil {
		return nil
	}
	var out []string
	for _, e := range elements {
		for _, name := range []string{"alias", "id", "_id", "name"} {
			if key, ok := e[name].(string); ok && (name != "alias" || strings.HasSuffix(r.Path, "{alias}")) && (name != "id" || !strings.HasSuffix(r.Path, "{role}") || strings.Contains(r.Path, "by-id")) {
				out = append(out, list+"/"+url.PathEscape(key))
				break
			}
		}
	}
	return out
}

// writeBack puts what an address shows, where it shows something, and tells how many that were.
func (h *houseOfGlass) writeBack(at string) int {
	was := h.send("GET", at, "", "")
	if was.Code != http.StatusOK || !slices.Contains([]byte("{["), was.Body.Bytes()[0]) {
		return 0
	}
	if strings.Contains(was.Body.String(), "hush") {
		h.Errorf("%s shows a secret: %s", at, shortened(was.Body.String()))
	}
	documents := []json.RawMessage{was.Body.Bytes()}
	if strings.HasSuffix(at, "/executions") { // they are put one by one
		documents = nil
		if err := json.Unmarshal(was.Body.Bytes(), &documents); err != nil {
			h.Fatal(err)
		}
	}
	for _, document := range documents {
		if w := h.send("PUT", at, asJSON, string(document)); w.Code >= http.StatusBadRequest {
			h.Errorf("PUT %s: %d %s\n%s", at, w.Code, w.Body, shortened(string(document)))
			return 0
		}
	}
	if is := h.send("GET", at, "", ""); is.Body.String() != was.Body.String() {
		h.Errorf("%s: %s", at, cmp.Diff(fmt.Sprint(was.Body), fmt.Sprint(is.Body)))
	}
	return len(documents)
}
