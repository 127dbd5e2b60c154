package server_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strings"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/realm"
)

// attackRequests smuggles parameters past those who check them.
func attackRequests(d *desk) {
	d.run("T02 doubled", doubledParameters)
	d.run("pushed requests", pushedRequests)
	d.run("request objects", requestObjects)
	d.run("T24 devices", stolenDevices)
}

// doubledParameters sends parameters twice: which one counts is not left to chance.
func doubledParameters(d *desk) {
	b := d.browser()
	b.login("web", "alice")
	for _, p := range []string{"state=2", "scope=openid", "response_type=token", "nonce=1&nonce=2", "prompt=login&prompt=none", "code_challenge=x&code_challenge=y", "unknown=1&unknown=2", "response_mode=query&response_mode=fragment"} {
		if s := b.open(d.request("web") + "&" + p); s.query("error") != "invalid_request" || s.query("code") != "" {
			d.Errorf("%s: %d %v", p, s.status, s.location)
		}
	}
	for _, p := range []string{"client_id=other", "client_id=web", "redirect_uri=http%3A%2F%2Fevil.example%2F", "request=x&request=y", "request_uri=x&request_uri=y", "request=x&request_uri=y"} {
		s := b.open(d.request("web") + "&" + p)
		if s.query("code") != "" || s.location != nil && !strings.HasPrefix(s.location.String(), callback("web")) {
			d.Errorf("%s: %d %v", p, s.status, s.location)
		}
	}
}

// push pushes a request of a client, and gives its URI.
func (d *desk) push(client string, p ...string) answer {
	d.Helper()
	form := pairs("redirect_uri", callback(client), "response_type", "code", "scope", "openid", "state", "pushed", "client_id", client, "client_secret", client+"-secret")
	for i := 0; i < len(p); i += 2 {
		form.Set(p[i], p[i+1])
	}
	return d.post("ext/par/request", form)
}

// pushedRequests uses pushed requests twice, at other clients, and with parameters beside them.
func pushedRequests(d *desk) {
	b := d.browser()
	b.login("web", "alice")
	push := func(client string) string {
		q := d.push(client)
		if q.status != http.StatusCreated {
			d.Fatalf("%v", q)
		}
		return q.get("request_uri")
	}
	if s := b.open(d.request("pushing")); s.query("error") != "invalid_request" || s.query("code") != "" {
		d.Errorf("a client that must push did not: %v", s.location)
	}
	at := func(client, uri string, p ...string) string {
		q := pairs(append(p, "client_id", client, "request_uri", uri)...)
		return d.below("/protocol/openid-connect/auth?" + q.Encode())
	}
	uri := push("pushing")
	for name, s := range map[string]*shown{
		"another client":    b.open(at("web", uri)),
		"another realm":     b.open(strings.Replace(at("pushing", uri), "/desk/", "/annex/", 1)),
		"not its whole URI": b.open(at("pushing", uri[:len(uri)-1])),
		"not its prefix":    b.open(at("pushing", strings.TrimPrefix(uri, "urn:ietf:params:oauth:request_uri:"))),
		"web address":       b.open(at("pushing", d.base+"/realms/desk")),
		"file":              b.open(at("pushing", "file:///etc/passwd")),
		"with an object":    b.open(at("pushing", uri, "request", "x")),
	} {
		if s.status != http.StatusBadRequest && s.query("error") != "request_uri_not_supported" || s.query("code") != "" {
			d.Errorf("%s: %d %v", name, s.status, s.location)
		}
	}
	s := b.open(at("pushing", uri, "redirect_uri", "http://evil.example/", "scope", "openid offline_access", "state", "beside", "response_mode", "fragment", "prompt", "none"))
	if s.granted("pushing"); s.query("state") != "pushed" {
		d.Errorf("parameters beside the pushed request count: %v", s.location)
	}
	if s := b.open(at("pushing", uri)); s.status != http.StatusBadRequest {
		d.Errorf("a second time: %d %v", s.status, s.location)
	}
	for name, q := range map[string]answer{
		"no secret":      d.post("ext/par/request", pairs("client_id", "pushing", "redirect_uri", callback("pushing"), "response_type", "code")),
		"another's name": d.push("pushing", "client_secret", "web-secret"),
		"nested":         d.push("pushing", "request_uri", uri),
		"other address":  d.push("pushing", "redirect_uri", "http://evil.example/"),
		"doubled":        d.send("ext/par/request", d.pushBody()+"&scope=openid", nil),
	} {
		if q.status < 400 || q.get("request_uri") != "" {
			d.Errorf("%s: %v", name, q)
		}
	}
	if s := b.open(at("pushing", push("pushing"), "client_secret", "x")); s.query("code") == "" {
		d.Errorf("what is pushed is good: %v", s.location)
	}
}

func (d *desk) pushBody() string {
	return pairs("redirect_uri", callback("pushing"), "response_type", "code", "scope", "openid", "client_id", "pushing", "client_secret", "pushing-secret").Encode()
}

// requestObjects brings request objects that are not the client's, not for this realm, or not of now.
func requestObjects(d *desk) {
	b := d.browser()
	b.login("web", "alice")
	now := time.Now().Unix()
	object := func(key string, p map[string]any) string {
		c := map[string]any{"iss": "signing", "aud": d.below(""), "exp": now + 60, "client_id": "signing", "redirect_uri": callback("signing"),
			"response_type": "code", "scope": "openid", "state": "inside"}
		for name, v := range p {
			if c[name] = v; v == nil {
				delete(c, name)
			}
		}
		signed := jwsPart(map[string]any{"alg": "HS256", "typ": "JWT"}) + "." + jwsPart(c)
		mac := hmac.New(sha256.New, []byte(key))
		mac.Write([]byte(signed))
		return signed + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
	}
	at := func(request string, p ...string) string {
		return d.below("/protocol/openid-connect/auth?" + pairs(append(p, "client_id", "signing", "response_type", "code", "request", request)...).Encode())
	}
	const key = "signing-secret"
	good := object(key, nil)
	s := b.open(at(good, "state", "outside", "redirect_uri", "http://evil.example/"))
	if s.granted("signing"); s.query("state") != "inside" {
		d.Errorf("parameters beside the object win: %v", s.location)
	}
	parts := strings.Split(good, ".")
	for name, request := range map[string]string{
		"unsigned":          jwsPart(map[string]any{"alg": "none"}) + "." + parts[1] + ".",
		"signature left":    parts[0] + "." + parts[1] + ".",
		"other key":         object("guess", nil),
		"other client":      object(key, map[string]any{"client_id": "web"}),
		"other issuer":      object(key, map[string]any{"iss": "web"}),
		"other realm":       object(key, map[string]any{"aud": strings.Replace(d.below(""), "desk", "annex", 1)}),
		"expired":           object(key, map[string]any{"exp": now - 60}),
		"of the future":     object(key, map[string]any{"nbf": now + 600}),
		"other address":     object(key, map[string]any{"redirect_uri": "http://evil.example/"}),
		"no JSON":           parts[0] + "." + base64.RawURLEncoding.EncodeToString([]byte("x")) + "." + parts[2],
		"nothing":           "",
		"longer than any":   strings.Repeat("a", 70_000),
		"realm's own token": d.want(d.redeem("web", b.open(d.request("web")).granted("web"))).get("id_token"),
	} {
		s := b.ask("POST", d.below("/protocol/openid-connect/auth"), pairs("client_id", "signing", "response_type", "code", "request", request))
		if s.status < 400 || s.location != nil {
			d.Errorf("%s: %d %v", name, s.status, s.location)
		}
	}
	if s := b.open(at(good, "response_type", "code")); s.query("code") != "" {
		d.Errorf("a parameter beside the object came twice: %v", s.location)
	}
}

// device asks for codes for a device.
func (d *desk) device(client string, p ...string) answer {
	d.Helper()
	return d.want(d.post("auth/device", pairs(append(p, "client_id", client, "client_secret", client+"-secret", "scope", "openid")...)))
}

func (d *desk) poll(client, code string) answer {
	d.Helper()
	return d.post("token", pairs("grant_type", "urn:ietf:params:oauth:grant-type:device_code", "device_code", code, "client_id", client, "client_secret", client+"-secret"))
}

// stolenDevices has others redeem what a user allowed a device, or allow it for them.
func stolenDevices(d *desk) {
	d.client("tv", func(c *realm.Client) { c.Device.Polling = realm.Override{Set: true, Value: time.Nanosecond} })
	b := d.browser()
	b.login("web", "bob")
	q := d.device("tv")
	code := q.get("device_code")
	d.refused(d.poll("tv", code), "authorization_pending")
	d.refused(d.poll("tv", q.get("user_code")), "invalid_grant")
	page := b.open(q.get("verification_uri_complete")).expect("login-login-oauth-grant") // who is signed in is asked all the same
	page.jumps()
	if got := d.poll("tv", code); got.status == http.StatusOK {
		d.Errorf("a device is in that nobody let in: %v", got)
	}
	b.open(q.get("verification_uri_complete")).expect("login-login-oauth-grant").submit("accept", "Yes").settle()
	d.refused(d.poll("radio", code), "invalid_grant")
	d.refused(d.post("token", pairs("grant_type", "authorization_code", "code", code, "redirect_uri", callback("tv"), "client_id", "tv", "client_secret", "tv-secret")), "invalid_grant")
	d.changeUser("bob", off)
	if got := d.poll("tv", code); got.status == http.StatusOK {
		d.Errorf("a device of a user who is switched off: %v", got)
	}
	d.changeUser("bob", on)
	d.want(d.poll("tv", code))
	d.refused(d.poll("tv", code), "invalid_grant")
	if s := d.browser().open(q.get("verification_uri_complete")); s.page() == "login-login" {
		d.Error("a user code works a second time")
	}
	denied := d.device("tv")
	b.open(denied.get("verification_uri_complete")).expect("login-login-oauth-grant").submit("cancel", "No").settle()
	d.refused(d.poll("tv", denied.get("device_code")), "access_denied")
	late := d.device("tv")
	form := b.open(late.get("verification_uri_complete")).expect("login-login-oauth-grant")
	d.client("tv", func(c *realm.Client) { c.Device.Enabled = false })
	form.submit("accept", "Yes").settle()
	d.refused(d.poll("tv", late.get("device_code")), "invalid_grant")
}
