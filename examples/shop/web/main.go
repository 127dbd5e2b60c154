// Web serves the storefront: the files of a folder, which is this one where none is named. It knows of no tokens; those are
// between the page and the issuer.
package main

import (
	"log"
	"net/http"

	"github.com/tokenhouse/tokenhouse/examples/shop"
)

func main() {
	log.Fatal(shop.Serve("127.0.0.1:3000", http.FileServer(http.Dir(shop.Setting("FOLDER", "web")))))
}
