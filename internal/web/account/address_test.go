package account

import (
	"net/http"
	"net/url"
	"testing"
)

func TestAddresses(t *testing.T) {
	for text, want := range map[string]*address{
		"/realms/shop/account":                       {"shop", "", "/realms/shop/account"},
		"/realms/shop/account/":                      {"shop", "", "/realms/shop/account"},
		"/realms/a%2Fb/account/sessions":             {"a/b", "", "/realms/a%2Fb/account/sessions"},
		"/realms/shop/account/v1alpha1":              {"shop", "v1alpha1", "/realms/shop/account"},
		"/realms/shop/account/v9/sessions/":          {"shop", "v9", "/realms/shop/account/sessions"},
		"/realms/shop/account/version":               {"shop", "", "/realms/shop/account/version"},
		"/realms/shop/accounts":                      nil,
		"/realms/shop":                               nil,
		"/admin/realms/shop/account":                 nil,
		"/realms/shop/account/../../other/account":   nil,
		"/realms/shop/account//sessions":             nil,
		"/realms/shop/account/v1alpha1/../../x":      nil,
		"/realms/shop/protocol/openid-connect/token": nil,
	} {
		u, err := url.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		switch got, ok := addressOf(u); {
		case ok != (want != nil):
			t.Errorf("%s: an address is %v", text, ok)
		case ok && got != *want:
			t.Errorf("%s is %+v, want %+v", text, got, *want)
		}
	}
}

func TestWhoWantsJSON(t *testing.T) {
	for _, tt := range []struct {
		name, value string
		want        bool
	}{
		{"Accept", "application/json", true},
		{"Accept", "application/json, text/plain, */*", true},
		{"Accept", "text/html, application/json;q=0.9", true},
		{"Content-Type", "application/json; charset=utf-8", true},
		{"Accept", "text/html", false},
		{"Accept", "*/*", false},
		{"Content-Type", "application/x-www-form-urlencoded", false},
	} {
		r := &http.Request{Header: http.Header{tt.name: {tt.value}}}
		if got := wantsJSON(r); got != tt.want {
			t.Errorf("%s: %s wants JSON is %v", tt.name, tt.value, got)
		}
	}
}
