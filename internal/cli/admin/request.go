package admin

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/kcadm"
)

// query is a request as the options describe it.
type query struct {
	method     string
	uri        string
	headers    kcadm.Headers
	parameters []kcadm.Parameter
	paging     []kcadm.Parameter
	changes    []kcadm.Change
	document   *kcadm.Object // of --file
	content    []byte        // to send; nil: nothing
	merge      bool
	print      printing
}

// printing is what of the answer is printed, and how.
type printing struct {
	headers, id, result bool
	compressed, csv     bool
	fields              *kcadm.Fields // nil: all
	quoting             kcadm.Quoting
}

func (c *call) create() error { return c.request(http.MethodPost) }
func (c *call) get() error    { return c.request(http.MethodGet) }
func (c *call) update() error { return c.request(http.MethodPut) }
func (c *call) delete() error { return c.request(http.MethodDelete) }

// request does what create, get, update and delete have in common.
func (c *call) request(method string) error {
	q, err := c.query(method)
	if err != nil {
		return err
	}
	s, err := c.connect()
	if err != nil {
		return err
	}
	return c.send(s, q)
}

// query reads the options.
func (c *call) query(method string) (*query, error) {
	q := &query{method: method, uri: c.argument()}
	if err := c.readPairs(q); err != nil {
		return nil, err
	}
	if q.uri == "" {
		return nil, misusef("Resource URI not specified")
	}
	if err := c.readPrinting(q); err != nil {
		return nil, err
	}
	switch {
	case c.has("--merge") && c.has("--no-merge"):
		return nil, misusef("Options --merge and --no-merge are mutually exclusive")
	case c.has("--body") && c.has("--file"):
		return nil, misusef("Options --body and --file are mutually exclusive")
	}
	q.merge = c.has("--merge") || !c.has("--file") && len(q.changes) > 0 && !c.has("--no-merge")
	for _, o := range []struct{ option, parameter string }{{"--offset", "first"}, {"--limit", "max"}} {
		if !c.has(o.option) {
			continue
		}
		n, err := strconv.ParseInt(c.text(o.option), 10, 32)
		if err != nil {
			return nil, misusef("Invalid value for option '%s': '%s' is not an int", o.option, c.text(o.option))
		}
		q.paging = append(q.paging, kcadm.Parameter{Name: o.parameter, Value: strconv.FormatInt(n, 10)})
	}
	return q, nil
}

// readPairs reads the options that say NAME=VALUE.
func (c *call) readPairs(q *query) error {
	for _, ch := range c.changes {
		parse := kcadm.ParseSet
		if ch.delete {
			parse = kcadm.ParseDelete
		}
		parsed, err := parse(ch.text)
		if err != nil {
			return pairError(err)
		}
		q.changes = append(q.changes, parsed)
	}
	for _, text := range c.values["--header"] {
		name, value, err := kcadm.Pair(text)
		if err != nil {
			return pairError(err)
		}
		q.headers.Set(name, value)
	}
	for _, text := range c.values["--query"] {
		name, value, err := kcadm.Pair(text)
		if err != nil {
			return pairError(err)
		}
		q.parameters = append(slices.DeleteFunc(q.parameters, func(p kcadm.Parameter) bool { return p.Name == name }), kcadm.Parameter{Name: name, Value: value})
	}
	return nil
}

// pairError makes what is no NAME=VALUE a mistake of the command line.
func pairError(err error) error {
	if _, ok := errors.AsType[*kcadm.Malformed](err); ok {
		return misusef("%v", err)
	}
	return err
}

func (c *call) readPrinting(q *query) error {
	q.print = printing{headers: c.has("--print-headers"), id: c.has("--id"), result: c.has("--output") || q.method == http.MethodGet,
		compressed: c.has("--compressed")}
	if c.has("--output") && q.print.id {
		return misusef("Options -o and -i are mutually exclusive")
	}
	switch format := c.text("--format"); strings.ToLower(format) {
	case "csv":
		q.print.csv = true
	case "", "json":
	default:
		return misusef("Unsupported output format: %s", format)
	}
	if c.has("--noquotes") {
		q.print.quoting = kcadm.Unquoted
	}
	if !c.has("--fields") {
		return nil
	}
	var err error
	q.print.fields, err = kcadm.ParseFields(c.text("--fields"))
	return err
}

// send sends the request and prints what is asked for of the answer.
func (c *call) send(s *session, q *query) error {
	address, err := kcadm.Resource(s.root, s.target, q.uri)
	if err != nil {
		return err
	}
	noun := kcadm.Noun(address)
	address = kcadm.WithQuery(address, q.parameters...)
	if s.initial != "" && q.method == http.MethodPost && strings.HasPrefix(address, s.server+"/realms/"+s.realm+"/clients-registrations/") {
		q.headers.Default("Authorization", "Bearer "+s.initial)
	}
	s.authorize(&q.headers)
	q.headers.Default("Accept", "application/json")
	if err := c.compose(s, q, address); err != nil {
		return err
	}
	if q.content != nil {
		if q.method == http.MethodGet {
			return errors.New("Request type does not support body: get")
		}
		q.headers.Default("Content-Type", "application/json")
	}
	address = kcadm.WithQuery(address, q.paging...)
	a, err := s.client.Do(c.ctx, q.method, address, q.headers, q.content)
	if err != nil {
		return fmt.Errorf("HTTP request error: %w", err)
	}
	if q.print.headers {
		c.printHeaders(a)
	}
	if err := a.Check(address); err != nil {
		return err
	}
	if q.print.headers {
		fmt.Fprintln(c.program.Out)
	}
	id := kcadm.LastPart(a.Header.Get("Location"))
	switch {
	case id == "" || q.print.result:
	case q.print.id:
		fmt.Fprintln(c.program.Out, id)
	default:
		fmt.Fprintf(c.program.Err, "Created new %s with id '%s'\n", noun, id)
	}
	if !q.print.result {
		return nil
	}
	if a, err = c.result(s, q, a, address, id); err != nil {
		return err
	}
	return c.print(a, q.print)
}

func (c *call) printHeaders(a *kcadm.Answer) {
	fmt.Fprintln(c.program.Out, a.Status)
	for _, line := range a.Lines() {
		fmt.Fprintln(c.program.Out, line)
	}
}

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

// result is the answer to print: after a change, what is there now.
func (c *call) result(s *session, q *query, a *kcadm.Answer, address, id string) (*kcadm.Answer, error) {
	changed := q.method == http.MethodPost || q.method == http.MethodPut
	if !changed || q.uri == "clients-initial-access" || a.Code != http.StatusNoContent && id == "" {
		return a, nil
	}
	if id != "" {
		address += "/" + id
	}
	now, err := s.client.Do(c.ctx, http.MethodGet, address, s.headers(), nil)
	if err != nil {
		return nil, fmt.Errorf("HTTP request error: %w", err)
	}
	return now, nil
}

// print prints a body. JSON ends without a newline, which the error stream gets, so that a terminal's next prompt
// begins a line.
func (c *call) print(a *kcadm.Answer, how printing) error {
	out := a.Body
	switch {
	case a.JSON() && !how.compressed:
		v, err := kcadm.Parse(a.Body)
		if err != nil {
			return fmt.Errorf("Error processing results: %w", err)
		}
		if how.fields != nil {
			v = how.fields.Filter(v)
		}
		if how.csv {
			for _, line := range kcadm.CSV(v, how.fields, how.quoting) {
				fmt.Fprintln(c.program.Out, line)
			}
			return nil
		}
		out = kcadm.Pretty(v)
	case how.csv || how.fields != nil:
		kind := "not json"
		if how.compressed {
			kind = "compressed"
		}
		fmt.Fprintln(c.program.Err, "Cannot create CSV nor filter returned fields because the response is "+kind)
		return nil
	}
	return c.printRaw(out)
}

func (c *call) printRaw(text []byte) error {
	if _, err := c.program.Out.Write(text); err != nil {
		return err
	}
	if len(text) > 0 && !strings.ContainsAny(string(text[len(text)-1:]), "\r\n") {
		fmt.Fprintln(c.program.Err)
	}
	return nil
}

// newObject prints JSON that is composed here, without a server.
func (c *call) newObject() error {
	q := &query{}
	if err := c.readPairs(q); err != nil {
		return err
	}
	if err := c.compose(nil, q, ""); err != nil {
		return err
	}
	if c.has("--compressed") {
		return c.printRaw(q.content)
	}
	v, err := kcadm.Parse(q.content)
	if err != nil {
		return err
	}
	return c.printRaw(kcadm.Pretty(v))
}
