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
	"os"
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
	file := mounted(idp.Token(bearertest.Claims{"sub": "system:serviceaccount:shop:fulfilment"})) // "/var/run/secrets/tokens/tokenhouse"
	defer os.Remove(file)
	c, err := brokerclient.New(idp.URL, brokerclient.AssertionFile(file))
	if err != nil {
		log.Fatal(err)
	}
	token, err := c.ClientCredentials(context.Background(), brokerclient.Own{Scope: []string{"stock"}})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(token.Scheme, token.Scopes)
	// Output: Bearer [stock]
}

// mounted is a file as a platform gives it to programs.
func mounted(text string) string {
	f, err := os.CreateTemp("", "brokerclient")
	if err != nil {
		log.Fatal(err)
	}
	if _, err := f.WriteString(text); err != nil {
		log.Fatal(err)
	}
	if err := f.Close(); err != nil {
		log.Fatal(err)
	}
	return f.Name()
}

// Tokens that are bound to a key serve nobody who does not have it.
func ExampleConfig() {
	key, err := brokerclient.NewKey()
	if err != nil {
		log.Fatal(err)
	}
	c, err := brokerclient.Config{
		Issuer: idp.URL, // "https://id.example/realms/shop"
		Auth:   brokerclient.SecretBasic("gateway", "gateway-secret"),
		Key:    key,
	}.NewClient()
	if err != nil {
		log.Fatal(err)
	}
	token, err := c.ClientCredentials(context.Background(), brokerclient.Own{})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(token.Scheme, token.Bound())
	// Output: DPoP true
}

// A Source asks once for what is wanted many times, until 30 seconds before the token expires.
func ExampleSource() {
	alice := idp.Token(bearertest.Claims{"aud": "gateway"})
	c, err := brokerclient.New(idp.URL, brokerclient.SecretBasic("gateway", "gateway-secret"))
	if err != nil {
		log.Fatal(err)
	}
	source, before := c.NewSource(), idp.Asked("/token")
	var token *brokerclient.Token
	for range 100 {
		if token, err = source.Exchange(context.Background(), brokerclient.Request{SubjectToken: alice, Audience: []string{"orders"}}); err != nil {
			log.Fatal(err)
		}
	}
	fmt.Println("asked", idp.Asked("/token")-before, "time")

	source.Drop(token) // a service did not accept it
	if _, err = source.Exchange(context.Background(), brokerclient.Request{SubjectToken: alice, Audience: []string{"orders"}}); err != nil {
		log.Fatal(err)
	}
	fmt.Println("asked", idp.Asked("/token")-before, "times")
	// Output:
	// asked 1 time
	// asked 2 times
}

// An operator's tool, which may look at the realm, is told what would turn a refusal by Tokenhouse into a grant.
func ExampleError_fixes() {
	c, err := brokerclient.Config{
		Issuer:     "https://id.example/realms/shop",
		Auth:       brokerclient.SecretBasic("gateway", "gateway-secret"),
		Explain:    func(context.Context) (string, error) { return "an operator's access token", nil },
		HTTPClient: &http.Client{Transport: tokenhouse{}}, // stands for a server
	}.NewClient()
	if err != nil {
		log.Fatal(err)
	}
	alice := idp.Token(bearertest.Claims{"aud": "gateway", "azp": "storefront", "preferred_username": "alice"})
	_, err = c.Exchange(context.Background(), brokerclient.Request{SubjectToken: alice, Audience: []string{"payment"}})
	if refused, ok := errors.AsType[*brokerclient.Error](err); ok {
		fmt.Println(refused.Code, refused.Status)
		for _, fix := range refused.Fixes {
			fmt.Println(fix.Sentence)
			fmt.Println("  " + fix.Command)
		}
	}
	// Output:
	// access_denied 403
	// let gateway exchange to payment
	//   tokenhouse admin update clients/… -r shop -s 'attributes."tokenhouse.exchange.permitted"=orders##payment'
}

// tokenhouse answers as a server does that refuses an exchange, and explains it.
type tokenhouse struct{}

func (tokenhouse) RoundTrip(q *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	switch q.URL.Path {
	case "/realms/shop/.well-known/openid-configuration":
		fmt.Fprint(w, `{"issuer": "https://id.example/realms/shop", "token_endpoint": "https://id.example/realms/shop/protocol/openid-connect/token"}`)
	case "/realms/shop/protocol/openid-connect/token":
		w.WriteHeader(http.StatusForbidden)
		fmt.Fprint(w, `{"error": "access_denied", "error_description": "Token exchange not permitted: client gateway may not exchange to payment"}`)
	case "/admin/realms/shop/tokenhouse/explain/exchange":
		fmt.Fprint(w, `{"fixes": [{"sentence": "let gateway exchange to payment",
			"command": "tokenhouse admin update clients/… -r shop -s 'attributes.\"tokenhouse.exchange.permitted\"=orders##payment'"}]}`)
	}
	return w.Result(), nil
}
