package rest

import (
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParametersAreReadOrRefused(t *testing.T) {
	for _, tt := range []struct {
		query string
		want  url.Values
		err   error
	}{
		{"username=ann&max=1", url.Values{"username": {"ann"}, "max": {"1"}}, nil},
		{"username=ann;max=1", url.Values{"username": {"ann"}, "max": {"1"}}, nil},
		{"username=a%3Bb", url.Values{"username": {"a;b"}}, nil},
		{"username=a%FFb&max=1", url.Values{"username": {"a\ufffdb"}, "max": {"1"}}, nil},
		{"search=ann%09ames%0A", url.Values{"search": {"ann\tames\n"}}, nil},
		{"username=a%00", nil, errControl},
		{"username=a%1B", nil, errControl},
		{"username=%zz", nil, errQuery},
	} {
		r, err := withQuery(httptest.NewRequest("GET", "/admin/realms?"+tt.query, nil))
		if err != tt.err {
			t.Errorf("%s: error %v, want %v", tt.query, err, tt.err)
		}
		if err != nil {
			continue
		}
		if diff := cmp.Diff(tt.want, r.URL.Query()); diff != "" {
			t.Errorf("%s: -want +got\n%s", tt.query, diff)
		}
	}
}
