package register_test

import "testing"

// TestPagesThatMayRegister are those of the origins that the token names, or its client, or a policy where there is no
// token. Others are refused, and do not read the answer.
func TestPagesThatMayRegister(t *testing.T) {
	each(t, func(w *world) {
		_, paged := w.initial(`{"count": 9, "webOrigins": ["https://app.example"]}`)
		_, plain := w.initial(`{"count": 9}`)
		_, own, err := w.register(paged, `{"clientId": "paged"}`)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			name, token, origin string
			refused             bool
		}{
			{"a page that a policy names", "", "https://public.example", false},
			{"no browser", plain, "", false},
			{"a page of the server", plain, base, false},
			{"a page that the token names", paged, "https://app.example", false},
			{"another page", paged, "https://evil.example", true},
			{"a page, and a token that names none", plain, "https://app.example", true},
			{"a page of the administrator's client", w.by("manage-clients"), "https://console.example", false},
			{"another page with an administrator's token", w.by("manage-clients"), "https://evil.example", true},
			{"a page that no policy names", "", "https://app.example", true},
		} {
			w.from = "192.0.2.1"
			call := w.call(c.token)
			shared := false
			call.Origin, call.Share = c.origin, func() { shared = true }
			_, err := w.Create(t.Context(), call, object(t, `{}`), nil)
			if got := err != nil; got != c.refused {
				t.Errorf("%s: %v", c.name, err)
			}
			if want := !c.refused && c.origin != "" && c.origin != base; shared != want {
				t.Errorf("%s: the page reads the answer: %t, want %t", c.name, shared, want)
			}
		}
		for origin, refused := range map[string]bool{"https://app.example": false, "https://evil.example": true} {
			call := w.call(own)
			call.Origin, call.Share = origin, func() {}
			if _, err := w.View(t.Context(), call, "paged"); err != nil != refused {
				t.Errorf("a client looks at itself from %s: %v", origin, err)
			}
		}
	})
}
