package rest_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/web/admin/rest"
)

func TestBodies(t *testing.T) {
	one := func(w http.ResponseWriter, r *rest.Request) error {
		o, err := r.Body("Role")
		if err != nil {
			return err
		}
		return rest.JSON(w, o)
	}
	many := func(w http.ResponseWriter, r *rest.Request) error {
		list, err := r.Bodies("Role")
		if err != nil {
			return err
		}
		return rest.JSON(w, map[string]any{"none": list == nil, "count": len(list)})
	}
	own := func(w http.ResponseWriter, r *rest.Request) error {
		var q struct{ Client string }
		if err := r.Decode(&q); err != nil {
			return err
		}
		return rest.JSON(w, q.Client)
	}
	text := func(w http.ResponseWriter, r *rest.Request) error {
		s, err := r.Text()
		if err != nil {
			return err
		}
		return rest.JSON(w, s)
	}
	w := newWorld(t, rest.Route{Method: "POST", Path: "/one", Handle: one, Limit: 200}, rest.Route{Method: "POST", Path: "/many", Handle: many},
		rest.Route{Method: "POST", Path: "/own", Handle: own}, rest.Route{Method: "POST", Path: "/text", Handle: text})
	const syntax, kind = `{"error":"invalid_request","error_description":"Cannot parse the JSON"}`, `{"error":"unknown_error","error_description":"Cannot parse the JSON"}`
	unknown := func(member, at string) string {
		return `{"error":"Invalid json representation for RoleRepresentation. Unrecognized field \"` + member + `\" at ` + at + `."}`
	}
	const mediaType = `{"error":"The content-type header value did not match the value in @Consumes"}`
	const unsaid = "unsaid" // no header at all
	for _, tt := range []struct {
		path, body, contentType string
		status                  int
		want                    string
	}{
		{"one", `{"name":"clerk"}`, "", 200, `{"name":"clerk"}`},
		{"one", `{"name":"clerk"}`, "application/json; charset=utf-8", 200, `{"name":"clerk"}`},
		{"one", `{"name":7}`, "", 200, `{"name":"7"}`},
		{"one", `{"name":"clerk"`, "", 400, syntax},
		{"one", `{"name":"clerk"} x`, "", 400, syntax},
		{"one", "{\"name\":\"\xff\"}", "", 400, syntax},
		{"one", ` `, "", 400, syntax},
		{"one", `null`, "", 400, syntax},
		{"one", `["clerk"]`, "", 400, kind},
		{"one", `{"composite":"perhaps"}`, "", 400, kind},
		{"one", `{"name":"clerk","colour":"red"}`, "", 400, unknown("colour", "line 1 column 27")},
		{"one", `{"name":"temp2","x":1}`, "", 400, unknown("x", "line 1 column 22")},
		{"one", "{\n \"name\": \"clerk\",\n \"x\": {}}", "", 400, unknown("x", "line 3 column 8")},
		{"one", "{\"name\":\"" + strings.Repeat("n", 200) + "\"}", "", 413, `{"error":"HTTP 413 Request Entity Too Large"}`},
		{"one", `{"name":"clerk"}`, "text/plain", 415, mediaType},
		{"one", `{"name":"clerk"}`, "none", 415, mediaType},
		{"one", `{"name":"clerk"}`, unsaid, 200, `{"name":"clerk"}`},
		{"one", `{"name":`, unsaid, 400, syntax},
		{"text", `Servus`, unsaid, 200, `"Servus"`},
		{"one", `name=clerk`, "application/x-www-form-urlencoded", 415, mediaType},
		{"many", `[{"name":"a"},{"name":"b"}]`, "", 200, `{"count":2,"none":false}`},
		{"many", `[]`, "", 200, `{"count":0,"none":false}`},
		{"many", ` `, "", 200, `{"count":0,"none":true}`},
		{"many", `null`, "", 200, `{"count":0,"none":true}`},
		{"many", `{"name":"a"}`, "", 400, kind},
		{"own", `{"client":"desk"}`, "", 200, `"desk"`},
		{"own", `{"clint":"desk"}`, "", 400, `{"errorMessage":"unknown member \"clint\""}`},
		{"own", `{"client":"desk"}{}`, "", 400, syntax},
		{"own", `{"client":7}`, "", 400, syntax},
		{"text", `Servus`, "text/plain", 200, `"Servus"`},
		{"text", `{}`, "application/json", 415, mediaType},
		{"text", "a\x00b", "text/plain", 400, `{"errorMessage":"the text is not UTF-8"}`},
	} {
		if tt.contentType == "" {
			tt.contentType = "application/json"
		}
		header := []string{"Content-Type", tt.contentType}
		if tt.contentType == unsaid {
			header = nil
		}
		got := w.ask("POST", "/admin/realms/shop/"+tt.path, "view-realm", tt.body, header...)
		if got.Code != tt.status || got.Body.String() != tt.want {
			t.Errorf("%s %q as %q is answered %d %s, want %d %s", tt.path, tt.body, tt.contentType, got.Code, got.Body, tt.status, tt.want)
		}
	}
}

func TestFaultsAreAnswered(t *testing.T) {
	for _, tt := range []struct {
		err    error
		status int
		want   string
	}{
		{&fault.NotFound{Message: "Could not find role"}, 404, `{"error":"Could not find role"}`},
		{&fault.Conflict{Message: "Client desk already exists"}, 409, `{"errorMessage":"Client desk already exists"}`},
		{&fault.Invalid{Field: "name", Message: "has no name"}, 400, `{"errorMessage":"has no name"}`},
		{rest.Conflict("taken"), 409, `{"errorMessage":"taken"}`},
		{rest.BadRequest("wrong"), 400, `{"errorMessage":"wrong"}`},
		{rest.Forbidden, 403, `{"error":"HTTP 403 Forbidden"}`},
	} {
		w := newWorld(t, rest.Route{Method: "GET", Path: "/a", Handle: func(http.ResponseWriter, *rest.Request) error { return tt.err }})
		if got := w.ask("GET", "/admin/realms/shop/a", "view-realm", ""); got.Code != tt.status || got.Body.String() != tt.want {
			t.Errorf("%v is answered %d %s, want %d %s", tt.err, got.Code, got.Body, tt.status, tt.want)
		}
	}
}
