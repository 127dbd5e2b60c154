// Billing knows what people owe. It takes tokens that are for it and have the scope dues, and calls nobody.
package main

import (
	"context"
	"log"
	"net/http"

	"github.com/tokenhouse/tokenhouse/bearer"
	"github.com/tokenhouse/tokenhouse/examples/shop"
)

func main() {
	v, err := bearer.NewVerifier(context.Background(), shop.Issuer())
	if err != nil {
		log.Fatal(err)
	}
	due := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		shop.Reply(w, r, shop.Answer{Due: 4200, Trail: []shop.Stop{shop.Here("billing", r)}}, nil)
	})
	mux := http.NewServeMux()
	mux.Handle("GET /due", v.Require("billing", "dues")(due))
	log.Fatal(shop.Serve("127.0.0.1:8083", mux))
}
