package rest

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
	"github.com/tokenhouse/tokenhouse/internal/web/render"
)

// Forbidden refuses a caller who lacks the role.
var Forbidden error = &render.Status{Code: http.StatusForbidden, Text: "HTTP 403 Forbidden"}

// Unauthorized refuses a caller whose token is not for the address.
var Unauthorized error = errNoToken

// Duplicate refuses what would be there twice.
var Duplicate = Taken("Duplicate resource error")

// Taken answers 409 with {"error": "conflict", "error_description": text}.
func Taken(text string) error {
	return &render.Status{Code: http.StatusConflict, Text: "conflict", Description: text}
}

// TakenOf answers a *fault.Conflict as Taken does; other errors stay as they are.
func TakenOf(err error) error {
	if conflict, ok := errors.AsType[*fault.Conflict](err); ok {
		return Taken(conflict.Message)
	}
	return err
}

// WrongType refuses a body in which something is of another kind than it should be.
var WrongType = &render.Status{Code: http.StatusBadRequest, Text: "unknown_error", Description: "Cannot parse the JSON"}

// FeatureOff answers for what is part of a feature that Keycloak has off by default.
var FeatureOff error = &render.Status{Code: http.StatusNotImplemented, Text: "Feature not enabled", Description: "For more on this error consult the server log."}

// NotFound answers 404 with {"error": text}.
func NotFound(text string) error { return &render.Status{Code: http.StatusNotFound, Text: text} }

// BadRequest answers 400 with {"errorMessage": text}.
func BadRequest(text string) error { return &render.Message{Code: http.StatusBadRequest, Text: text} }

// Conflict answers 409 with {"errorMessage": text}.
func Conflict(text string) error { return &render.Message{Code: http.StatusConflict, Text: text} }

// JSON answers 200 with v; the members of representations stand in Keycloak's order.
func JSON(w http.ResponseWriter, v any) error {
	w.Header().Set("Content-Type", "application/json;charset=UTF-8")
	return render.JSON(w, http.StatusOK, keycloak.InOrder(v))
}

// NoContent answers 204.
func NoContent(w http.ResponseWriter) error {
	render.NoBody(w, http.StatusNoContent)
	return nil
}

// Done answers a change that shows nothing: 204, or how it failed.
func Done(w http.ResponseWriter, err error) error {
	if err != nil {
		return err
	}
	return NoContent(w)
}

// Created answers 201 with the address of what was made: that of the request with one more segment.
func Created(w http.ResponseWriter, r *Request, segment string) error {
	return CreatedAt(w, r, strings.TrimSuffix(r.URL.EscapedPath(), "/")+"/"+url.PathEscape(segment))
}

// CreatedAt answers 201 with an address below the server's base, escaped and with a slash before it.
func CreatedAt(w http.ResponseWriter, r *Request, path string) error {
	w.Header().Set("Location", r.Base+path)
	render.NoBody(w, http.StatusCreated)
	return nil
}
