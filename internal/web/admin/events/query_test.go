package events

import (
	"net/http/httptest"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/web/admin/rest"
)

func asked(parameters string) *rest.Request {
	return &rest.Request{Request: httptest.NewRequest("GET", "/events?"+parameters, nil)}
}

func TestQuery(t *testing.T) {
	day := func(d int) time.Time { return time.Date(2026, 5, d, 0, 0, 0, 0, time.UTC) }
	for parameters, want := range map[string]event.Query{
		"": {},
		"type=LOGIN&type=LOGIN_ERROR&client=web&user=u&ipAddress=::1": {
			Kinds: []event.Kind{event.Login, event.Login.Failed()}, Client: "web", UserID: "u", Address: "::1"},
		"dateFrom=2026-05-01&dateTo=2026-05-02":       {Window: event.Window{Since: day(1), Until: day(3)}},
		"dateFrom=1777593600000&dateTo=1777593600000": {Window: event.Window{Since: day(1), Until: day(1).Add(time.Millisecond)}},
		"type=&client=&direction=":                    {},
		"direction=asc":                               {Window: event.Window{OldestFirst: true}},
	} {
		got, err := query(asked(parameters))
		if err != nil {
			t.Errorf("%s: %v", parameters, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", parameters, diff)
		}
	}
	for _, wrong := range []string{"type=X", "type=LOGIN,LOGOUT", "dateFrom=x", "dateTo=2026-13-01", "dateFrom=-1", "dateTo=999999999999999999", "direction=up"} {
		if q, err := query(asked(wrong)); err == nil {
			t.Errorf("%s is taken for %+v", wrong, q)
		}
	}
}

func TestAdminQuery(t *testing.T) {
	got, err := adminQuery(asked("operationTypes=CREATE&resourceTypes=USER&resourcePath=users/*&authRealm=r&authClient=c&authUser=u&authIpAddress=a"))
	want := event.AdminQuery{Operations: []string{"CREATE"}, ResourceTypes: []string{"USER"}, Path: "users/*",
		Actor: event.Actor{Realm: "r", Client: "c", UserID: "u", Address: "a"}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	for _, wrong := range []string{"operationTypes=X", "resourceTypes=X", "dateFrom=x"} {
		if _, err := adminQuery(asked(wrong)); err == nil {
			t.Errorf("%s is taken", wrong)
		}
	}
}
