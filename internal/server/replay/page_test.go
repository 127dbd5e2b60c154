package replay

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const loginPage = `<!DOCTYPE html><html><head><title>Sign in</title></head>
<body data-page-id="login-login"><h1 id="kc-page-title"> Sign in to
 <b>web</b> </h1>
<!-- <p class="instruction">not this</p> -->
<div class="alert kc-feedback-text"><span class="kc-feedback-text">Wrong &amp; void.</span></div>
<form id="kc-form-login" action="/login?session_code=a&amp;tab_id=b" method="POST">
<input type="text" name="username" value="al&quot;ice"><input name="password" type="password">
<input type="submit" name="login" value="Sign In"><button name="cancel" value="1">No</button>
<span id="input-error-username">No.</span><p class="instruction"><span>*</span> Required</p></form>
<ul><li>One <a href="/other?x=1">Other</a><ul><li>Inner</li></ul></li><li></li></ul>
<a href="#top">Top</a><a href="/other?y=2">Again</a><iframe src="https://app/out"></iframe></body></html>`

func TestPage(t *testing.T) {
	want := map[string]any{"page": map[string]any{
		"id": "login-login", "heading": "Sign in to web",
		"messages": []any{"Wrong & void.", "No.", "*"},
		"items":    []any{"One Other", "Inner"},
		"links":    []any{"/other", "https://app/out"},
		"forms": []any{map[string]any{"id": "kc-form-login", "method": "post", "action": "/login",
			"inputs": []any{"cancel", "login", "password", "username"}, "values": map[string]any{"username": `al"ice`, "cancel": "1"}}},
	}}
	if d := cmp.Diff(want, any(Page(loginPage))); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(map[string]any{"page": map[string]any{"forms": []any{}}}, Page("<p>Nothing</p>")); d != "" {
		t.Error(d)
	}
}

func TestSaved(t *testing.T) {
	resp := &http.Response{Header: http.Header{"Location": {"https://app/cb/9?code=c&x=eyJhbGciOiJub25lIn0.eyJzaWQiOiI3In0.#state=s"}}}
	for where, want := range map[string]string{
		"@query:code": "c", "@fragment:state": "s", "@fragment:code": "", "@last": "9", "@header:X": "",
		"@claim:@query:x:sid": "7", "@claim:@query:code:sid": "",
		"@form:password": "/login?session_code=a&tab_id=b", "@formid:kc-form-login": "/login?session_code=a&tab_id=b", "@form:email": "",
		"@input:username": `al"ice`, "@link:y=2": "/other?y=2", "@link:z": "",
	} {
		if got := saved(resp, []byte(loginPage), where); got != want {
			t.Errorf("%s is %q, want %q", where, got, want)
		}
	}
	if got := saved(resp, []byte("text"), "@body"); got != "text" {
		t.Errorf("body %q", got)
	}
}

func TestJar(t *testing.T) {
	j := jar{}
	j.take([]*http.Cookie{{Name: "A", Value: "1", Path: "/realms/web/", Secure: true}, {Name: "B", Value: "2", Path: "/realms/web/"}, {Name: "C", Value: "3", Path: "/realms/we"}})
	j.take([]*http.Cookie{{Name: "B", Path: "/realms/web/", MaxAge: -1}})
	request := &http.Request{URL: &url.URL{Path: "/realms/web/x"}, Header: http.Header{}}
	j.give(request)
	if got := request.Header.Get("Cookie"); got != "A=1" {
		t.Errorf("sends %q", got)
	}
}

func TestExpand(t *testing.T) {
	p := NewPlayer("http://127.0.0.1:1", nil, Administrator{})
	p.variables["secret"] = "12345678901234567890"
	if got := oneTimeCode(p.variables["secret"], 1111111109); got != "081804" { // RFC 6238 appendix B
		t.Errorf("one-time code %s", got)
	}
	if now, later := p.expand("${now}"), p.expand("${now+60}"); len(now) != 10 || len(later) != 10 || now >= later {
		t.Errorf("now %s, later %s", now, later)
	}
	for reference, length := range map[string]int{"${totp.secret}": 6, "${totp+30.secret}": 6, "${totp.other}": len("${totp.other}"), "${nowhere}": len("${nowhere}")} {
		if got := p.expand(reference); len(got) != length {
			t.Errorf("%s is %s", reference, got)
		}
	}
}

func TestOnlyThisMachineIsAsked(t *testing.T) {
	p := NewPlayer("http://127.0.0.1:1", nil, Administrator{})
	for path, want := range map[string]string{"/realms": "http://127.0.0.1:1/realms", "http://127.0.0.1:2/a": "http://127.0.0.1:2/a",
		"http://localhost:3/": "http://localhost:3/", "https://example.test/": "", "http://10.0.0.1/": "", "http://127.0.0.1.example.test/": ""} {
		if got, err := p.address(&Step{Path: path}); got != want || (err != nil) != (want == "") {
			t.Errorf("%s: %q, %v", path, got, err)
		}
	}
}
