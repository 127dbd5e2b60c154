package brokerclient_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/tokenhouse/tokenhouse/bearer"
	"github.com/tokenhouse/tokenhouse/bearer/bearertest"
	"github.com/tokenhouse/tokenhouse/brokerclient"
)

// idp stands for https://id.example/realms/shop in the examples.
var idp = bearertest.NewIssuer(exampleTB{})

// exampleTB is what bearertest needs of a test, which an example has none of.
type exampleTB struct{ testing.TB }

func (exampleTB) Helper()                      {}
func (exampleTB) Cleanup(func())               {}
func (exampleTB) Fatalf(text string, a ...any) { log.Fatalf(text, a...) }

func ExampleClient_Exchange() {
	alice := idp.Token(bearertest.Claims{"aud": "gateway", "azp": "storefront"}) // came with a request

	c, err := brokerclient.New(idp.URL, brokerclient.SecretBasic("gateway", "gateway-secret"))
	if err != nil {
		log.Fatal(err)
	}
	token, err := c.Exchange(context.Background(), brokerclient.Request{SubjectToken: alice, Audience: []string{"orders"}})
	if err != nil {
		log.Fatal(err)
	}

	v, err := bearer.NewVerifier(context.Background(), idp.URL)
	if err != nil {
		log.Fatal(err)
	}
	says, err := v.Verify(context.Background(), token.Access, "orders")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(says.Subject, says.Audience, says.Client, "exchanged from a token of", says.Path[0].Client)
	// Output: alice [orders] gateway exchanged from a token of storefront
}

// What the server refuses is told in its words, by a code that can be asked for.
func ExampleError() {
	idp.Deny("payment")
	alice := idp.Token(bearertest.Claims{"aud": "gateway"})
	c, err := brokerclient.New(idp.URL, brokerclient.SecretBasic("gateway", "gateway-secret"))
	if err != nil {
		log.Fatal(err)
	}

	_, err = c.Exchange(context.Background(), brokerclient.Request{SubjectToken: alice, Audience: []string{"payment"}})
	if errors.Is(err, brokerclient.AccessDenied) {
		fmt.Println(err)
	}
	// Output: brokerclient: access_denied: Token exchange not permitted: client gateway may not exchange to payment (HTTP 403 Forbidden)
}

// A gateway takes tokens that are for it, and calls another service by tokens that are for that one.
func ExampleTransport() {
	ctx := context.Background()
	v, err := bearer.Config{Issuer: idp.URL, Log: slog.New(slog.DiscardHandler)}.NewVerifier(ctx)
	if err != nil {
		log.Fatal(err)
	}
	orders := httptest.NewServer(v.Require("orders")(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		caller, _ := bearer.FromContext(r.Context())
		fmt.Fprintf(w, "orders of %s, asked by %s", caller.Subject, caller.Client)
	})))
	defer orders.Close()

	c, err := brokerclient.New(idp.URL, brokerclient.SecretBasic("gateway", "gateway-secret"))
	if err != nil {
		log.Fatal(err)
	}
	toOrders := &http.Client{Transport: &brokerclient.Transport{
		Origin:   orders.URL, // "https://orders.example"
		Source:   c.NewSource(),
		Subject:  bearer.TokenFromContext,
		Audience: []string{"orders"},
	}}
	gateway := v.Require("gateway")(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		q, err := http.NewRequestWithContext(r.Context(), "GET", orders.URL+"/orders", nil)
		if err != nil {
			log.Fatal(err)
		}
		answer, err := toOrders.Do(q)
		if err != nil {
			http.Error(w, "orders cannot be asked", http.StatusBadGateway)
			return
		}
		defer answer.Body.Close()
		_, _ = io.Copy(w, answer.Body)
	}))

	r := httptest.NewRequest("GET", "https://gateway.example/", nil)
	r.Header.Set("Authorization", "Bearer "+idp.Token(bearertest.Claims{"aud": "gateway", "azp": "storefront"}))
	w := httptest.NewRecorder()
	gateway.ServeHTTP(w, r)
	fmt.Println(w.Code, w.Body)
	// Output: 200 orders of alice, asked by gateway
}

// A program that acts for nobody but itself.
func ExampleClient_ClientCredentials() {
	c, err := brokerclient.New(idp.URL, brokerclient.SecretBasic("nightly", "nightly-secret"))
	if err != nil {
		log.Fatal(err)
	}
	token, err := c.ClientCredentials(context.Background(), brokerclient.Own{Scope: []string{"orders-api"}})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(token.Scheme, token.Scopes)
	// Output: Bearer [orders-api]
}

// In Kubernetes the token of the pod's service account proves which client it is; there is no secret.
func ExampleAssertionFile() {
	c, err := brokerclient.New("https://id.example/realms/shop",
		brokerclient.AssertionFile("/var/run/secrets/tokens/tokenhouse"))
	if err != nil {
		log.Fatal(err)
	}
	_ = c.NewSource()
}

// Tokens that are bound to a key serve nobody who does not have it.
func ExampleConfig() {
	key, err := brokerclient.NewKey()
	if err != nil {
		log.Fatal(err)
	}
	c, err := brokerclient.Config{
		Issuer: "https://id.example/realms/shop",
		Auth:   brokerclient.SecretBasic("gateway", "gateway-secret"),
		Key:    key,
	}.NewClient()
	if err != nil {
		log.Fatal(err)
	}
	_ = c.NewSource()
}
