package pages

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"mime"
	"net/http"
	"path"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/web/render"
)

//go:embed resources
var resourceFiles embed.FS

// resources are the files that pages load, by their path: their names hold a hash of what they say, so
// that browsers keep them for ever.
var resources, hashed = readResources()

func readResources() (byPath map[string][]byte, pathOf map[string]string) {
	byPath, pathOf = map[string][]byte{}, map[string]string{}
	files, err := resourceFiles.ReadDir("resources")
	if err != nil {
		panic(err) // they are part of the program
	}
	for _, f := range files {
		text, err := resourceFiles.ReadFile("resources/" + f.Name())
		if err != nil {
			panic(err)
		}
		sum := sha256.Sum256(text)
		ext := path.Ext(f.Name())
		at := "/resources/" + strings.TrimSuffix(f.Name(), ext) + "-" + hex.EncodeToString(sum[:6]) + ext
		byPath[at], pathOf[f.Name()] = text, at
	}
	return byPath, pathOf
}

// resourcePath is where a file is, below the server's URL.
func resourcePath(name string) string { return hashed[name] }

// Resources serves what pages load, below "/resources/".
func Resources() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text, ok := resources[r.URL.Path]
		if !ok || r.Method != http.MethodGet && r.Method != http.MethodHead {
			render.NoBody(w, http.StatusNotFound)
			return
		}
		w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
		render.Bytes(w, http.StatusOK, mime.TypeByExtension(path.Ext(r.URL.Path)), text)
	})
}
