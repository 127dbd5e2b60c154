package device_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/login"
	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/core/page"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/session"
	"github.com/tokenhouse/tokenhouse/internal/flow/authorize"
	"github.com/tokenhouse/tokenhouse/internal/flow/device"
	"github.com/tokenhouse/tokenhouse/internal/flow/limit"
	"github.com/tokenhouse/tokenhouse/internal/flow/verify"
	"github.com/tokenhouse/tokenhouse/internal/store"
	"github.com/tokenhouse/tokenhouse/internal/store/storetest"
)

// lounge is a realm with devices. It proves its clients by their names alone, and its sign-in leads nowhere.
type lounge struct {
	*device.Authority
	store *store.Store
	now   time.Time
	codes int
	begun []authorize.DeviceRequest
}

func (l *lounge) Record(context.Context, event.Event) {}

func (l *lounge) Client(_ context.Context, at verify.At, c verify.Credentials) (verify.ClientAuth, error) {
	return verify.ClientAuth{Client: at.Realm.Client(*c.ID), ID: *c.ID}, nil
}

func (l *lounge) BeginDevice(_ context.Context, q authorize.DeviceRequest) (*authorize.Outcome, error) {
	l.begun = append(l.begun, q)
	return &authorize.Outcome{Redirect: "sign in"}, nil
}

func newLounge(t *testing.T) *lounge {
	t.Helper()
	l := &lounge{store: storetest.SQLite(t), now: time.Unix(1_800_000_000, 0)}
	d := realm.New("shop-key", realm.Settings{Name: "shop", Enabled: true,
		Lifespans: realm.Lifespans{DeviceCode: 10 * time.Minute, DevicePolling: 5 * time.Second}})
	on := realm.ClientDevice{Enabled: true}
	d.PutClient(&realm.Client{Key: "tv-key", ID: "tv", Enabled: true, Public: true, Device: on})
	d.PutClient(&realm.Client{Key: "pkce-key", ID: "pkce", Enabled: true, Public: true, Device: on, SignIn: realm.ClientSignIn{PKCE: "S256"}})
	d.PutClient(&realm.Client{Key: "site-key", ID: "site", Enabled: true, Public: true})
	if err := l.store.CreateRealm(t.Context(), d, nil, nil, nil); err != nil {
		t.Fatal(err)
	}
	clock := func() time.Time { return l.now }
	l.Authority = &device.Authority{Realms: l.store, Clients: l, Devices: l.store, Browsers: l, Events: l,
		Attempts: &limit.Guesses{Most: 10, Span: time.Minute, Now: clock}, Now: clock,
		NewID: func() string { return "id" }, NewCode: func() string { l.codes++; return fmt.Sprint("code-", l.codes) }, UserCode: device.NewUserCode}
	return l
}

func request(client string) device.Request {
	return device.Request{Realm: "shop", Base: "https://id.example", Credentials: verify.Credentials{ID: &client}}
}

// enter types a code at a browser of an address.
func (l *lounge) enter(t *testing.T, address, code string) *authorize.Outcome {
	t.Helper()
	o, err := l.Enter(t.Context(), device.EnterRequest{UserCode: code,
		Call: authorize.Call{Realm: "shop", Base: "https://id.example", Address: address}})
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// notice is what the page says that asks for a code.
func notice(t *testing.T, o *authorize.Outcome) string {
	t.Helper()
	p, ok := o.Page.(page.DeviceCode)
	if !ok {
		t.Fatalf("shows %+v", o)
	}
	return p.Notice.Text.Key
}

func TestDevice(t *testing.T) {
	l := newLounge(t)
	got, err := l.Authorize(t.Context(), request("tv"))
	if err != nil {
		t.Fatal(err)
	}
	if got.ExpiresIn != 600 || got.Interval != 5 || got.VerificationURI != "https://id.example/realms/shop/device" ||
		got.VerificationURIComplete != got.VerificationURI+"?user_code="+got.UserCode {
		t.Errorf("answered %+v", got)
	}
	for _, typed := range []string{got.UserCode, strings.ReplaceAll(got.UserCode, "-", ""), strings.ToLower(got.UserCode)} {
		if o := l.enter(t, "192.0.2.1", typed); o.Redirect != "sign in" || l.begun[len(l.begun)-1].Client != "tv" {
			t.Errorf("%q: %+v", typed, o)
		}
	}
	if key := notice(t, l.enter(t, "192.0.2.1", " "+got.UserCode)); key != "oauth2DeviceInvalidUserCodeMessage" {
		t.Errorf("with a space: %q", key)
	}
	if key := notice(t, l.enter(t, "192.0.2.1", "")); key != "" {
		t.Errorf("without a code it says %q", key)
	}
	l.now = l.now.Add(10 * time.Minute)
	if key := notice(t, l.enter(t, "192.0.2.1", got.UserCode)); key != "oauth2DeviceExpiredUserCodeMessage" {
		t.Errorf("expired: %q", key)
	}
}

// A user code works until somebody decided, and not for another decision.
func TestAUserCodeIsDecidedOnce(t *testing.T) {
	l := newLounge(t)
	got, err := l.Authorize(t.Context(), request("tv"))
	if err != nil {
		t.Fatal(err)
	}
	l.enter(t, "192.0.2.1", got.UserCode)
	at := verify.At{Realm: &realm.Realm{Key: "shop-key"}, Now: l.now}
	turn := &authorize.Turn{At: at, Attempt: attempt(l.begun[0].Device)}
	d := &device.Decisions{Devices: l.store}
	if late, err := d.Approve(t.Context(), turn, session.Session{ID: "s1"}); late || err != nil {
		t.Fatalf("late %v, %v", late, err)
	}
	if late, err := d.Approve(t.Context(), turn, session.Session{ID: "mallory"}); !late || err != nil {
		t.Errorf("a second time: late %v, %v", late, err)
	}
	if found, err := l.store.Device(t.Context(), "shop-key", got.DeviceCode); err != nil || found.Session != "s1" {
		t.Errorf("found %+v, %v", found, err)
	}
	if key := notice(t, l.enter(t, "192.0.2.1", got.UserCode)); key != "oauth2DeviceInvalidUserCodeMessage" {
		t.Errorf("afterwards: %q", key)
	}
}

// Nobody finds a code by trying: not from one address, and not from the many of one network.
func TestUserCodesCannotBeGuessed(t *testing.T) {
	l := newLounge(t)
	got, err := l.Authorize(t.Context(), request("tv"))
	if err != nil {
		t.Fatal(err)
	}
	for i := range 10 {
		address := fmt.Sprintf("2001:db8::%x", i+1)
		if key := notice(t, l.enter(t, address, "BBBB-BBBB")); key != "oauth2DeviceInvalidUserCodeMessage" {
			t.Fatalf("guess %d: %q", i+1, key)
		}
	}
	o := l.enter(t, "2001:db8::ffff", got.UserCode)
	if notice(t, o) != "deviceTooManyAttempts" || o.Status != 429 {
		t.Errorf("the right one after ten wrong ones: %+v", o)
	}
	if o := l.enter(t, "2001:db8:1::1", got.UserCode); o.Redirect == "" {
		t.Errorf("from elsewhere: %+v", o)
	}
}

func TestUserCodes(t *testing.T) {
	seen, letters := map[string]bool{}, map[rune]int{}
	const codes = 2000
	for range codes {
		code := device.NewUserCode()
		if len(code) != 8 || seen[code] {
			t.Fatalf("code %q, seen before: %v", code, seen[code])
		}
		seen[code] = true
		for _, r := range code {
			letters[r]++
		}
	}
	for r, n := range letters { // 800 of each are expected
		if !strings.ContainsRune("BCDFGHJKLMNPQRSTVWXZ", r) || n < 600 || n > 1000 {
			t.Errorf("%c came %d times", r, n)
		}
	}
}

func TestDeviceRefuses(t *testing.T) {
	l := newLounge(t)
	challenge, plain := strings.Repeat("a", 43), "plain"
	short, s256, unknown := "abc", "S256", "S512"
	tests := map[string]struct {
		client string
		edit   func(*device.Request)
		code   oauth.Code
		text   string
	}{
		"no device grant":      {"site", func(*device.Request) {}, oauth.UnauthorizedClient, "Client is not allowed to initiate OAuth 2.0 Device Authorization Grant. The flow is disabled for the client."},
		"a parameter twice":    {"tv", func(q *device.Request) { q.Repeated = true }, oauth.InvalidGrant, "duplicated parameter"},
		"another page":         {"tv", func(q *device.Request) { q.Origin = "https://evil.example" }, oauth.InvalidOrigin, ""},
		"PKCE missing":         {"pkce", func(*device.Request) {}, oauth.InvalidRequest, "Missing parameter: code_challenge_method"},
		"PKCE by a lesser way": {"pkce", func(q *device.Request) { q.Challenge, q.ChallengeMethod = &challenge, &plain }, oauth.InvalidRequest, "Invalid parameter: code challenge method is not matching the configured one"},
		"no challenge":         {"pkce", func(q *device.Request) { q.ChallengeMethod = &s256 }, oauth.InvalidRequest, "Missing parameter: code_challenge"},
		"short challenge":      {"tv", func(q *device.Request) { q.Challenge = &short }, oauth.InvalidRequest, "Invalid parameter: code_challenge"},
		"unknown method":       {"tv", func(q *device.Request) { q.Challenge, q.ChallengeMethod = &challenge, &unknown }, oauth.InvalidRequest, "Invalid parameter: code_challenge_method"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			q := request(tt.client)
			tt.edit(&q)
			_, err := l.Authorize(t.Context(), q)
			refused, ok := errors.AsType[*oauth.Error](err)
			if !ok || refused.Code != tt.code || refused.Description != tt.text {
				t.Errorf("answered %v", err)
			}
		})
	}
}

// attempt is one that is for a device.
func attempt(ref string) *login.Attempt {
	return &login.Attempt{Request: login.Request{Device: ref}}
}
