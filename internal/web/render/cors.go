package render

import "net/http"

// ShareWith lets the pages of an origin read the answer, sent with cookies or without (Fetch standard §3.2). Whether they
// may is the caller's to know.
func ShareWith(h http.Header, origin string) {
	h.Set("Access-Control-Allow-Origin", origin)
	h.Set("Access-Control-Allow-Credentials", "true")
	h.Add("Vary", "Origin")
}

// Preflight tells a browser that asks before it sends that it may send these methods and headers; whoever else sends
// OPTIONS gets an empty answer. Which pages may call is not known before the client is, so every origin is told to go
// ahead.
func Preflight(w http.ResponseWriter, r *http.Request, methods, headers string) {
	h := w.Header()
	if origin := r.Header.Get("Origin"); origin != "" {
		ShareWith(h, origin)
		h.Set("Access-Control-Allow-Methods", methods)
		h.Set("Access-Control-Allow-Headers", headers)
		h.Set("Access-Control-Max-Age", "3600")
	}
	h.Set("Content-Length", "0")
	w.WriteHeader(http.StatusOK)
}
