// Orders knows what people ordered, and asks billing what they owe. It takes tokens that are for it and have the scope
// orders-api, of users with its role read.
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
	billing := shop.Setting("BILLING_URL", "http://localhost:8083")
	toBilling, err := shop.Client("orders", "billing", billing, "dues")
	if err != nil {
		log.Fatal(err)
	}
	list := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if caller, _ := bearer.FromContext(r.Context()); !caller.HasClientRole("orders", "read") {
			http.Error(w, "orders are for users with the role read", http.StatusForbidden)
			return
		}
		a, err := shop.Ask(r.Context(), toBilling, billing+"/due")
		a.Orders = []shop.Order{{Item: "teapot", Price: 4200}}
		a.Trail = append([]shop.Stop{shop.Here("orders", r)}, a.Trail...)
		shop.Reply(w, r, a, err)
	})
	mux := http.NewServeMux()
	mux.Handle("GET /orders", v.Require("orders", "orders-api")(list))
	log.Fatal(shop.Serve("127.0.0.1:8082", mux))
}
