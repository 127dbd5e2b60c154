package oidc

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func TestParseForm(t *testing.T) {
	tests := map[string]struct {
		body string
		want form
		bad  bool
	}{
		"empty":                    {"", nil, false},
		"pairs in their order":     {"b=2&a=1", form{{"b", "2"}, {"a", "1"}}, false},
		"escapes":                  {"a%20b=c+d%26%3D", form{{"a b", "c d&="}}, false},
		"a value with a semicolon": {"password=a;b", form{{"password", "a;b"}}, false},
		"a value with an equals":   {"token=YQ==", form{{"token", "YQ=="}}, false},
		"no value":                 {"a&b=", form{{"a", ""}, {"b", ""}}, false},
		"stray separators":         {"&a=1&&", form{{"a", "1"}}, false},
		"half an escape":           {"a=%2", nil, true},
		"no hexadecimal escape":    {"a=%zz", nil, true},
		"broken name":              {"%=1", nil, true},
		"not UTF-8":                {"a=%ff", nil, true},
		"NUL":                      {"a=%00", nil, true},
		"NUL in a name":            {"%00=a", nil, true},
		"as many as are read":      {strings.Repeat("a=1&", maxFields), nil, false},
		"too many":                 {strings.Repeat("a=1&", maxFields+1), nil, true},
		"as long as is read":       {"scope=" + strings.Repeat("x", maxValue), nil, false},
		"too long":                 {"scope=" + strings.Repeat("x", maxValue+1), nil, true},
		"a token as long":          {"subject_token=" + strings.Repeat("x", maxValue+1), nil, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := parseForm(tt.body)
			if (err != nil) != tt.bad {
				t.Fatalf("error %v, want one: %v", err, tt.bad)
			}
			if tt.want == nil {
				return
			}
			if diff := cmp.Diff(tt.want, got, cmp.AllowUnexported(field{})); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestRepeated(t *testing.T) {
	tests := []struct {
		body string
		may  []string
		want bool
	}{
		{"a=1&b=1", nil, false},
		{"a=1&b=2&a=1", nil, true},
		{"unknown=&unknown=", nil, true},
		{"audience=a&audience=b", nil, true},
		{"audience=a&audience=b", []string{"audience", "resource"}, false},
		{"audience=a&audience=b&scope=c&scope=d", []string{"audience", "resource"}, true},
	}
	for _, tt := range tests {
		f, err := parseForm(tt.body)
		if err != nil {
			t.Fatal(err)
		}
		if got := f.repeated(tt.may...); got != tt.want {
			t.Errorf("%s but for %q: repeated is %v", tt.body, tt.may, got)
		}
	}
}

func TestReadForm(t *testing.T) {
	const urlencoded = "application/x-www-form-urlencoded"
	large := "token=" + strings.Repeat("x", maxBody-len("token="))
	tests := map[string]struct {
		contentType, body string
		unknownLength     bool
		fields            int
		tooLarge          bool
	}{
		"form":                       {urlencoded, "a=1&b=2", false, 2, false},
		"form with a charset":        {urlencoded + "; charset=UTF-8", "a=1", false, 1, false},
		"form in capitals":           {"Application/X-WWW-Form-URLEncoded", "a=1", false, 1, false},
		"JSON":                       {"application/json", "a=1", false, 0, false},
		"text":                       {"text/plain", "a=1", false, 0, false},
		"no type":                    {"", "a=1", false, 0, false},
		"as large as is read":        {urlencoded, large, false, 1, false},
		"larger":                     {urlencoded, large + "x", false, 0, true},
		"larger, length not told":    {urlencoded, large + "x", true, 0, true},
		"larger, and no form at all": {"application/json", large + "x", false, 0, true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r := httptest.NewRequest(http.MethodPost, "/?query=1", strings.NewReader(tt.body))
			r.Header.Set("Content-Type", tt.contentType)
			if tt.unknownLength {
				r.ContentLength = -1
			}
			got, err := readForm(httptest.NewRecorder(), r)
			if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge != tt.tooLarge {
				t.Fatalf("error %v, want it too large: %v", err, tt.tooLarge)
			}
			if len(got) != tt.fields {
				t.Errorf("%d fields, want %d", len(got), tt.fields)
			}
		})
	}
}

// FuzzForm compares the decoder with the standard library's where both take a body, and checks that
// what comes out can be stored.
func FuzzForm(f *testing.F) {
	for _, seed := range []string{"grant_type=password&client_id=a", "a=%41&a=+", "=;&%", "a=%ff", "a;b=c"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body string) {
		got, err := parseForm(body)
		if err != nil {
			return
		}
		names := map[string]bool{}
		for _, v := range got {
			if !utf8.ValidString(v.name+v.value) || strings.Contains(v.name+v.value, "\x00") {
				t.Errorf("%q holds what no database stores", v)
			}
			if names[v.name] && !got.repeated() {
				t.Errorf("%q came twice, and nobody says so", v.name)
			}
			names[v.name] = true
		}
		std, err := url.ParseQuery(body)
		if err != nil {
			return // semicolons
		}
		for name, values := range std {
			if diff := cmp.Diff(values, got.all(name)); diff != "" {
				t.Errorf("%q (-net/url +ours):\n%s", name, diff)
			}
		}
	})
}
