package rest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/tokenhouse/tokenhouse/internal/keycloak"
	"github.com/tokenhouse/tokenhouse/internal/web/render"
)

// Body reads a JSON body of this representation, as "Client"; see keycloak.Check. None, and null, is
// refused.
func (r *Request) Body(representation string) (keycloak.Object, error) {
	o, err := r.read(representation)
	if err == nil && o == nil {
		return nil, errSyntax
	}
	if err != nil {
		return nil, err
	}
	return decode[keycloak.Object](o)
}

// Bodies reads a JSON body that is a list of this representation. None, and null, is nil; a list without
// elements is not.
func (r *Request) Bodies(representation string) ([]keycloak.Object, error) {
	list, err := r.read(representation + "[]")
	if err != nil || list == nil {
		return nil, err
	}
	return decode[[]keycloak.Object](list)
}

// Texts reads a JSON body that is a list of texts, as Bodies does.
func (r *Request) Texts() ([]string, error) {
	list, err := r.read("str[]")
	if err != nil || list == nil {
		return nil, err
	}
	return decode[[]string](list)
}

// Decode reads a JSON body that is none of Keycloak's representations. It has to be an object, and its
// members have to be known.
func (r *Request) Decode(into any) error {
	if err := r.accepts("application/json"); err != nil {
		return err
	}
	d := json.NewDecoder(r.Request.Body)
	d.DisallowUnknownFields()
	err := d.Decode(into)
	if err == nil {
		if _, err = d.Token(); err == io.EOF {
			return nil
		}
		return errSyntax
	}
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return err
	}
	if text, unknown := strings.CutPrefix(err.Error(), "json: unknown field "); unknown {
		return BadRequest("unknown member " + text)
	}
	return errSyntax
}

// Text reads a body that is text/plain.
func (r *Request) Text() (string, error) {
	if err := r.accepts("text/plain"); err != nil {
		return "", err
	}
	data, err := io.ReadAll(r.Request.Body)
	if err == nil && !plain(string(data)) {
		err = BadRequest("the text is not UTF-8")
	}
	return string(data), err
}

func decode[T any](checked json.RawMessage) (T, error) {
	var v T
	err := json.Unmarshal(checked, &v)
	return v, err
}

// read reads a JSON body; nil where there is none or null.
func (r *Request) read(kind string) (json.RawMessage, error) {
	data, err := io.ReadAll(r.Request.Body)
	if err != nil || len(data) == 0 && r.Header.Get("Content-Type") == "" {
		return nil, err
	}
	if err := r.accepts("application/json"); err != nil || len(bytes.TrimSpace(data)) == 0 {
		return nil, err
	}
	return Check(kind, data)
}

// accepts refuses a body that says that it is of another type. One that says nothing is what is wanted.
func (r *Request) accepts(want string) error {
	if len(r.Header["Content-Type"]) == 0 {
		return nil
	}
	if got, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err == nil && got == want {
		return nil
	}
	return errMediaType
}

var (
	errMediaType = &render.Status{Code: http.StatusUnsupportedMediaType, Text: "The content-type header value did not match the value in @Consumes"}
	errForm      = &render.Status{Code: http.StatusBadRequest, Text: "HTTP 400 Bad Request"}
	errFile      = &render.Status{Code: http.StatusBadRequest, Text: "Could not read file."}
	errSyntax    = &render.Status{Code: http.StatusBadRequest, Text: "invalid_request", Description: "Cannot parse the JSON"}
)

// Check is keycloak.Check with errors that answer as Keycloak does; nil for null.
func Check(kind string, data []byte) (json.RawMessage, error) {
	if !utf8.Valid(data) {
		return nil, errSyntax
	}
	checked, err := keycloak.Check(kind, data)
	if err != nil {
		return nil, refusal(err, data)
	}
	if len(checked) == 0 {
		return nil, nil
	}
	return checked, nil
}

// refusal is what Keycloak answers to a document with a problem.
func refusal(err error, data []byte) error {
	p, ok := errors.AsType[*keycloak.Problem](err)
	if !ok {
		return err
	}
	switch p.Kind {
	case keycloak.Unknown:
		line, column := place(data, p.Offset)
		return &render.Status{Code: http.StatusBadRequest, Text: fmt.Sprintf("Invalid json representation for %s. Unrecognized field \"%s\" at line %d column %d.",
			p.Representation, p.Member, line, column)}
	case keycloak.Type:
		return WrongType
	case keycloak.Range:
		return &render.Status{Code: http.StatusBadRequest, Text: "HTTP 400 Bad Request", Description: WrongType.Description}
	}
	return errSyntax
}

// place is where Keycloak's reader stands when it complains of a member: behind its value, or in a text
// behind the quote that opens it. end is the offset behind the value. The column counts bytes.
func place(data []byte, end int64) (line, column int) {
	at := end
	for d, before := json.NewDecoder(bytes.NewReader(data)), int64(0); ; before = d.InputOffset() {
		t, err := d.Token()
		if err != nil {
			break
		}
		if _, text := t.(string); d.InputOffset() == end && text {
			at = before + int64(bytes.IndexByte(data[before:], '"')) + 1
		}
		if d.InputOffset() >= end {
			break
		}
	}
	read := data[:at]
	return bytes.Count(read, []byte("\n")) + 1, len(read) - bytes.LastIndexByte(read, '\n')
}
