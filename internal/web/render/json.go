package render

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
)

// JSON answers with v. What cannot be encoded is an error, and nothing has been written then. A
// connection that breaks while the answer is on its way is nobody's error.
func JSON(w http.ResponseWriter, status int, v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("encode the answer: %w", err)
	}
	Bytes(w, status, "application/json", body)
	return nil
}

// Bytes answers with a body that is encoded already. A Content-Type that is set stays.
func Bytes(w http.ResponseWriter, status int, contentType string, body []byte) {
	h := w.Header()
	if h["Content-Type"] == nil {
		h["Content-Type"] = []string{contentType}
	}
	h["Content-Length"] = []string{strconv.Itoa(len(body))}
	w.WriteHeader(status)
	_, _ = w.Write(body) // the caller may be gone; there is nobody left to tell
}

// NoBody answers with a status alone.
func NoBody(w http.ResponseWriter, status int) {
	if status != http.StatusNoContent {
		w.Header().Set("Content-Length", "0")
	}
	w.WriteHeader(status)
}

// Redirect sends the browser elsewhere, by GET (RFC 9110 §15.4.3); never 307, which would send the
// body, with its passwords, along (RFC 9700 §4.12).
func Redirect(w http.ResponseWriter, location string) {
	w.Header().Set("Location", location)
	NoBody(w, http.StatusFound)
}
