package admin

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/kcadm"
)

// compose makes the request's content of --file, --body, what the server has, and --set and --delete.
func (c *call) compose(s *session, q *query, address string) error {
	if err := c.readContent(q); err != nil {
		return err
	}
	if q.method == http.MethodPut && q.merge {
		if err := c.mergeInto(s, q, address); err != nil {
			return err
		}
	}
	if len(q.changes) == 0 {
		return nil
	}
	if q.content != nil && q.document == nil {
		return errors.New("Can't set attributes on content of type other than application/json")
	}
	if q.document == nil {
		q.document = kcadm.NewObject()
	}
	if err := kcadm.Apply(q.document, q.changes); err != nil {
		return err
	}
	q.content = kcadm.Compact(q.document)
	return nil
}

// readContent reads --file, as JSON where nothing else is said, or --body as it is.
func (c *call) readContent(q *query) error {
	if c.has("--body") {
		q.content = []byte(c.text("--body"))
		return nil
	}
	if !c.has("--file") {
		return nil
	}
	text, err := c.readFile(c.text("--file"))
	if err != nil {
		return err
	}
	q.content = text
	if kind := q.headers.Get("Content-Type"); kind != "" && kind != "application/json" {
		return nil
	}
	v, content, err := parseDocument(text)
	if err != nil {
		return err
	}
	q.content = content
	o, ok := v.(*kcadm.Object)
	if !ok && (q.merge || len(q.changes) > 0) {
		return fmt.Errorf("Not a JSON object: %s", kcadm.Compact(v))
	}
	q.document = o
	return nil
}

// parseDocument reads JSON of a file; content is its text without white space around it.
func parseDocument(text []byte) (v any, content []byte, err error) {
	content = []byte(strings.TrimSpace(string(text)))
	if len(content) == 0 {
		return nil, nil, errors.New("Document provided by --file option is empty")
	}
	if v, err = kcadm.Parse(content); err != nil {
		return nil, nil, fmt.Errorf("Not a valid JSON document - %w", err)
	}
	return v, content, nil
}

// readFile reads a file, or standard input where it is called -.
func (c *call) readFile(name string) ([]byte, error) {
	if name == "-" {
		return io.ReadAll(c.program.In)
	}
	text, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, errors.New("File not found: " + name)
	}
	return text, err
}

// mergeInto lays the content over what the server has.
func (c *call) mergeInto(s *session, q *query, address string) error {
	a, err := s.client.Do(c.ctx, http.MethodGet, address, q.headers, nil)
	if err != nil {
		return fmt.Errorf("HTTP request error: %w", err)
	}
	if err := a.Check(address); err != nil {
		return err
	}
	v, err := kcadm.Parse(a.Body)
	if err != nil {
		return fmt.Errorf("HTTP request error: %w", err)
	}
	present, ok := v.(*kcadm.Object)
	if !ok {
		return fmt.Errorf("Not a JSON object: %s", kcadm.Compact(v))
	}
	over := q.document
	if over == nil && q.content != nil && len(q.changes) == 0 {
		given, err := kcadm.Parse(q.content)
		if err != nil {
			return fmt.Errorf("Not a valid JSON document - %w", err)
		}
		if over, ok = given.(*kcadm.Object); !ok {
			return fmt.Errorf("Not a JSON object: %s", q.content)
		}
	}
	if over != nil {
		if err := kcadm.Merge(over, present); err != nil {
			return err
		}
	} else if q.content != nil {
		return nil // a body and attributes: compose refuses them
	}
	q.document, q.content = present, kcadm.Compact(present)
	return nil
}
