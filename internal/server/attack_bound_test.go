package server_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// most are the bounds of what the endpoints of OAuth read: parameters, bytes of a value that is no token, and of a body.
const (
	mostParameters = 256
	mostValue      = 4000
	mostBody       = 64 << 10
)

// padded adds parameters until there are n, each with a value of so many bytes.
func padded(form url.Values, n, size int) url.Values {
	for i := 0; len(form) < n; i++ {
		form.Set(fmt.Sprintf("x%d", i), strings.Repeat("x", size))
	}
	return form
}

// attackMuch asks each endpoint for something good with as much beside it as may be, and with a little more (T20).
func attackMuch(y *cells, p *pit) {
	held := p.gets("secret", "openid")
	good := map[string]func() url.Values{
		"token":            func() url.Values { return p.by("secret", "grant_type", "client_credentials") },
		"token/introspect": func() url.Values { return p.by("secret", "token", held.get("access_token")) },
		"userinfo":         func() url.Values { return pairs("access_token", held.get("access_token")) },
		"revoke":           func() url.Values { return p.by("secret", "token", p.gets("secret", "").get("access_token")) },
		"logout":           func() url.Values { return p.by("secret", "refresh_token", p.gets("secret", "").get("refresh_token")) },
		"auth/device":      func() url.Values { return p.by("secret") },
		"ext/par/request": func() url.Values {
			return p.by("secret", "redirect_uri", callback("secret"), "response_type", "code", "scope", "openid")
		},
	}
	// body is a form that is so long when it is sent.
	body := func(form url.Values, size int) string {
		const value = 3000
		form = padded(form, len(form)+(size-len(form.Encode()))/(value+len("&x00=")), value)
		text := form.Encode()
		return text + "&last=" + strings.Repeat("x", size-len(text)-len("&last="))
	}
	long := strings.Repeat("x", mostValue)
	for endpoint, form := range good {
		for name, c := range map[string]struct {
			body string
			want bool
		}{
			"nothing more":         {form().Encode(), true},
			"all parameters":       {padded(form(), mostParameters, 1).Encode(), true},
			"one parameter more":   {padded(form(), mostParameters+1, 1).Encode(), false},
			"one many times":       {form().Encode() + strings.Repeat("&x=1", 5000), false},
			"the longest value":    {form().Encode() + "&x=" + long, true},
			"a longer value":       {form().Encode() + "&x=x" + long, false},
			"the longest body":     {body(form(), mostBody), true},
			"a longer body":        {body(form(), mostBody+1), false},
			"a body of many times": {body(form(), 20*mostBody), false},
		} {
			began := time.Now()
			y.cell(p.send(endpoint, c.body, nil).status < http.StatusBadRequest, c.want, endpoint, name)
			if took := time.Since(began); took > 10*time.Second {
				y.Errorf("%s, %s: took %s", endpoint, name, took)
			}
		}
	}
}
