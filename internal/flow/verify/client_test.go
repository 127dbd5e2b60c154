package verify_test

import (
	"encoding/base64"
	"errors"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/flow/verify"
)

const notProven = "Invalid client or Invalid client credentials"

var (
	unknownClient  = answer{401, "invalid_client", notProven, "client_not_found"}
	disabledClient = answer{401, "invalid_client", notProven, "client_disabled"}
	wrongSecret    = answer{401, "unauthorized_client", notProven, "invalid_client_credentials"}
	otherwise      = answer{401, "invalid_client", notProven, "invalid_client_credentials"}
)

func basic(name, password string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(url.QueryEscape(name)+":"+url.QueryEscape(password)))
}

func ptr(s string) *string { return &s }

// clients adds clients of every kind to a world.
func clients(w *world) {
	w.edit(func(d *realm.Draft) {
		for _, c := range []realm.Client{
			{ID: "closed", Secret: "closed-secret"},
			{ID: "bearer", Secret: "bearer-secret", BearerOnly: true, Enabled: true},
			{ID: "secretless", Enabled: true},
			{ID: "rotated", Secret: "new", RotatedSecret: "old", RotatedUntil: now.Add(time.Second), Enabled: true},
			{ID: "rotated long ago", Secret: "new", RotatedSecret: "old", RotatedUntil: now, Enabled: true},
			{ID: "x509", Authenticator: "client-x509", Secret: "x", Enabled: true},
			{ID: "odd:name & all", Secret: "100% ä+b", Enabled: true},
			{ID: "saml", Protocol: "saml", Secret: "saml-secret", Enabled: true},
			{ID: "keyholder", Authenticator: "client-jwt", Secret: "x", Enabled: true},
			{ID: "poster", Secret: "s", SecretMethod: "client_secret_post", Enabled: true},
			{ID: "basic", Secret: "s", SecretMethod: "client_secret_basic", Enabled: true},
			{ID: "signer", Authenticator: "client-secret-jwt", Secret: signerSecret, Enabled: true},
		} {
			c.Key = "k-" + c.ID
			d.PutClient(&c)
		}
	})
}

func TestClient(t *testing.T) {
	w := newWorld(t)
	clients(w)
	const noType = "Parameter client_assertion_type is missing"
	otherWay := func(method string) answer {
		return answer{401, "unauthorized_client",
			"Invalid method used to get client secret. Client requires method '" + method + "' to obtain client secret from the request", "invalid_client_credentials"}
	}
	tests := map[string]struct {
		with verify.Credentials
		want answer // zero: proven
		id   string
	}{
		"form, as it is to be":                 {verify.Credentials{ID: ptr("poster"), Secret: ptr("s")}, answer{}, "poster"},
		"header instead of the form":           {verify.Credentials{Authorization: basic("poster", "s")}, otherWay("client_secret_post"), "poster"},
		"header instead of it, wrong secret":   {verify.Credentials{Authorization: basic("poster", "x")}, otherWay("client_secret_post"), "poster"},
		"form, wrong secret":                   {verify.Credentials{ID: ptr("poster"), Secret: ptr("x")}, wrongSecret, "poster"},
		"form, no secret":                      {verify.Credentials{ID: ptr("poster")}, wrongSecret, "poster"},
		"header, as it is to be":               {verify.Credentials{Authorization: basic("basic", "s")}, answer{}, "basic"},
		"form instead of the header":           {verify.Credentials{ID: ptr("basic"), Secret: ptr("s")}, otherWay("client_secret_basic"), "basic"},
		"form beside the header":               {verify.Credentials{Authorization: basic("basic", "s"), Secret: ptr("s")}, otherWay("client_secret_basic"), "basic"},
		"secret in the header":                 {verify.Credentials{Authorization: basic("robot", "robot-secret")}, answer{}, "robot"},
		"secret in the form":                   {verify.Credentials{ID: ptr("robot"), Secret: ptr("robot-secret")}, answer{}, "robot"},
		"secret in both":                       {verify.Credentials{Authorization: basic("robot", "robot-secret"), ID: ptr("robot"), Secret: ptr("robot-secret")}, answer{}, "robot"},
		"right in the header, wrong in form":   {verify.Credentials{Authorization: basic("robot", "robot-secret"), ID: ptr("robot"), Secret: ptr("wrong")}, wrongSecret, "robot"},
		"wrong in the header, right in form":   {verify.Credentials{Authorization: basic("robot", "wrong"), ID: ptr("robot"), Secret: ptr("robot-secret")}, answer{}, "robot"},
		"another client in the form":           {verify.Credentials{Authorization: basic("closed", "closed-secret"), ID: ptr("robot"), Secret: ptr("robot-secret")}, answer{}, "robot"},
		"id in the form, secret in the header": {verify.Credentials{Authorization: basic("closed", "robot-secret"), ID: ptr("robot")}, answer{}, "robot"},
		"scheme in other letters":              {verify.Credentials{Authorization: "bAsIc" + basic("robot", "robot-secret")[5:]}, answer{}, "robot"},
		"characters that are encoded":          {verify.Credentials{Authorization: basic("odd:name & all", "100% ä+b")}, answer{}, "odd:name & all"},

		"wrong secret in the header":   {verify.Credentials{Authorization: basic("robot", "wrong")}, wrongSecret, "robot"},
		"wrong secret in the form":     {verify.Credentials{ID: ptr("robot"), Secret: ptr("wrong")}, wrongSecret, "robot"},
		"longer secret":                {verify.Credentials{ID: ptr("robot"), Secret: ptr("robot-secret ")}, wrongSecret, "robot"},
		"shorter secret":               {verify.Credentials{ID: ptr("robot"), Secret: ptr("robot-secre")}, wrongSecret, "robot"},
		"empty secret":                 {verify.Credentials{ID: ptr("robot"), Secret: ptr("")}, wrongSecret, "robot"},
		"no secret":                    {verify.Credentials{ID: ptr("robot")}, wrongSecret, "robot"},
		"empty secret where none is":   {verify.Credentials{ID: ptr("secretless"), Secret: ptr("")}, wrongSecret, "secretless"},
		"no client":                    {verify.Credentials{}, unknownClient, ""},
		"secret alone":                 {verify.Credentials{Secret: ptr("robot-secret")}, unknownClient, ""},
		"empty id":                     {verify.Credentials{ID: ptr("")}, unknownClient, ""},
		"unknown client":               {verify.Credentials{Authorization: basic("nobody", "x")}, unknownClient, "nobody"},
		"unknown client in the form":   {verify.Credentials{ID: ptr("nobody"), Secret: ptr("x")}, unknownClient, "nobody"},
		"name in other letters":        {verify.Credentials{ID: ptr("Robot"), Secret: ptr("robot-secret")}, unknownClient, "Robot"},
		"disabled client":              {verify.Credentials{Authorization: basic("closed", "closed-secret")}, disabledClient, "closed"},
		"disabled, wrong secret":       {verify.Credentials{Authorization: basic("closed", "wrong")}, disabledClient, "closed"},
		"broken header":                {verify.Credentials{Authorization: "Basic !!!"}, unknownClient, ""},
		"header without padding":       {verify.Credentials{Authorization: strings.TrimRight(basic("robot", "robot-secret"), "=")}, answer{}, "robot"},
		"header without a colon":       {verify.Credentials{Authorization: "Basic dGlsbC1zZXJ2ZXI="}, unknownClient, ""},
		"header with broken encoding":  {verify.Credentials{Authorization: "Basic " + base64.StdEncoding.EncodeToString([]byte("robot:%zz"))}, unknownClient, ""},
		"bearer header":                {verify.Credentials{Authorization: "Bearer abc"}, unknownClient, ""},
		"bearer header, client named":  {verify.Credentials{Authorization: "Bearer abc", ID: ptr("robot"), Secret: ptr("robot-secret")}, answer{}, "robot"},
		"bearer-only, right secret":    {verify.Credentials{Authorization: basic("bearer", "bearer-secret")}, answer{}, "bearer"},
		"bearer-only, no secret":       {verify.Credentials{ID: ptr("bearer")}, wrongSecret, "bearer"},
		"public":                       {verify.Credentials{ID: ptr("spa")}, answer{}, "spa"},
		"public with a secret":         {verify.Credentials{ID: ptr("spa"), Secret: ptr("anything")}, answer{}, "spa"},
		"public in the header":         {verify.Credentials{Authorization: basic("spa", "")}, answer{}, "spa"},
		"rotated, new secret":          {verify.Credentials{ID: ptr("rotated"), Secret: ptr("new")}, answer{}, "rotated"},
		"rotated, old secret":          {verify.Credentials{ID: ptr("rotated"), Secret: ptr("old")}, answer{}, "rotated"},
		"rotated long ago, old secret": {verify.Credentials{ID: ptr("rotated long ago"), Secret: ptr("old")}, wrongSecret, "rotated long ago"},
		"another authenticator":        {verify.Credentials{ID: ptr("x509"), Secret: ptr("x")}, otherwise, "x509"},
		"SAML client":                  {verify.Credentials{ID: ptr("saml"), Secret: ptr("saml-secret")}, answer{400, "invalid_client", "Wrong client protocol.", "invalid_client"}, "saml"},
		"SAML client, wrong secret":    {verify.Credentials{ID: ptr("saml"), Secret: ptr("x")}, wrongSecret, "saml"},
		"secret where a key is due":    {verify.Credentials{Authorization: basic("keyholder", "x")}, answer{400, "invalid_client", noType, "invalid_client_credentials"}, "keyholder"},
		"secret where a MAC is due":    {verify.Credentials{Authorization: basic("signer", signerSecret)}, answer{400, "invalid_client", noType, "invalid_client_credentials"}, "signer"},
		"id alone where a key is due":  {verify.Credentials{ID: ptr("keyholder")}, answer{400, "invalid_client", noType, "invalid_client_credentials"}, "keyholder"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := w.verifier().Client(t.Context(), w.at(), tt.with)
			if diff := cmp.Diff(tt.want, answerOf(t, err)); diff != "" {
				t.Errorf("answer (-want +got):\n%s", diff)
			}
			if got.ID != tt.id {
				t.Errorf("ID = %q, want %q", got.ID, tt.id)
			}
			if proven := err == nil; proven != (got.Client != nil) || proven != (got.Method != "") && tt.want.Description != "Wrong client protocol." {
				t.Errorf("client %v and method %q beside error %v", got.Client, got.Method, err)
			}
			if err == nil && got.Client.ID != tt.id {
				t.Errorf("client %q is proven by the credentials of %q", got.Client.ID, tt.id)
			}
		})
	}
}

// An error's text must not tell an unknown client from a wrong secret.
func TestClientTellsNothing(t *testing.T) {
	w := newWorld(t)
	clients(w)
	for _, id := range []string{"robot", "closed", "nobody", "x509"} {
		_, err := w.verifier().Client(t.Context(), w.at(), verify.Credentials{ID: ptr(id), Secret: ptr("guess")})
		if got := answerOf(t, err); got.Status != 401 || got.Description != notProven {
			t.Errorf("%s: %v", id, got)
		}
	}
}

func TestNote(t *testing.T) {
	w := newWorld(t)
	clients(w)
	note := func(c verify.Credentials) event.Event {
		auth, _ := w.verifier().Client(t.Context(), w.at(), c)
		var ev event.Event
		auth.Note(&ev)
		return ev
	}
	if ev := note(verify.Credentials{ID: ptr("robot"), Secret: ptr("robot-secret")}); ev.Client != "robot" || ev.Get("client_auth_method") != "client-secret" {
		t.Errorf("proven: %+v", ev)
	}
	if ev := note(verify.Credentials{ID: ptr("robot"), Secret: ptr("wrong")}); ev.Client != "robot" || ev.Get("client_auth_method") != "" {
		t.Errorf("not proven: %+v", ev)
	}
	sent := signed(t, w, "HS256", []byte(signerSecret), nil)
	if ev := note(sent); ev.Get("client_assertion_sub") != "signer" || ev.Get("client_assertion_id") == "" || ev.Get("client_assertion_issuer") != "signer" {
		t.Errorf("assertion: %+v", ev)
	}
}

// When the store cannot say whether an assertion was used before, nobody is let in, and nobody is blamed.
func TestClientWhileTheStoreIsDown(t *testing.T) {
	w := newWorld(t)
	clients(w)
	w.down = errors.New("out of order")
	_, err := w.verifier().Client(t.Context(), w.at(), signed(t, w, "HS256", []byte(signerSecret), nil))
	if !errors.Is(err, w.down) {
		t.Errorf("err = %v, want that of the store", err)
	}
}

func FuzzClient(f *testing.F) {
	for _, s := range []string{"", "Basic ", "Basic !!!", "basic " + strings.Repeat("=", 9), basic("robot", "x"), basic("", ""), "Bearer x"} {
		f.Add(s, "robot", "robot-secre")
		f.Add(s, "", "")
	}
	w := newWorld(f)
	v := w.verifier()
	f.Fuzz(func(t *testing.T, header, id, secret string) {
		creds := verify.Credentials{Authorization: header, ID: &id, Secret: &secret}
		if id == "" {
			creds.ID, creds.Secret = nil, nil
		}
		got, err := v.Client(t.Context(), w.at(), creds)
		if err != nil {
			answerOf(t, err)
			return
		}
		known := got.Client.Public || creds.ID != nil && secret == "robot-secret" || strings.Contains(header, basic("robot", "robot-secret")[6:])
		if !known {
			t.Errorf("client %q is proven by %q, %q, %q", got.Client.ID, header, id, secret)
		}
	})
}
