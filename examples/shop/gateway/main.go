// Gateway is what the storefront calls. It takes tokens that are for it, and exchanges each for one that orders accepts: the
// storefront's own token leads no further than here.
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
	orders := shop.Setting("ORDERS_URL", "http://localhost:8082")
	toOrders, err := shop.Client("gateway", "orders", orders)
	if err != nil {
		log.Fatal(err)
	}
	list := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a, err := shop.Ask(r.Context(), toOrders, orders+"/orders")
		a.Trail = append([]shop.Stop{shop.Here("gateway", r)}, a.Trail...)
		shop.Reply(w, r, a, err)
	})
	mux := http.NewServeMux()
	mux.Handle("GET /orders", v.Require("gateway")(list))
	page := shop.Setting("PAGE_ORIGIN", "http://localhost:3000")
	log.Fatal(shop.Serve("127.0.0.1:8081", allow(page, mux)))
}

// allow lets pages of an origin call. Browsers ask by OPTIONS first, without a token, so this stands before bearer.
func allow(origin string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Access-Control-Allow-Origin", origin)
		h.Set("Vary", "Origin")
		if r.Method == http.MethodOptions {
			h.Set("Access-Control-Allow-Headers", "Authorization")
			w.WriteHeader(http.StatusNoContent)
			return
		}
		next.ServeHTTP(w, r)
	})
}
