package admin

import (
	"errors"
	"fmt"
	"net/http"
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

// send sends the request and prints what is asked for of the answer.
func (c *call) send(s *session, q *query) error {
	address, err := kcadm.Resource(s.root, s.target, q.uri)
	if err != nil {
		return err
	}
	noun := kcadm.Noun(address)
	address = kcadm.WithQuery(address, q.parameters...)
	if s.initial != "" && q.method == http.MethodPost && strings.HasPrefix(address, kcadm.Base(s.server)+"/realms/"+s.realm+"/clients-registrations/") {
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
		_, err := c.program.Out.Write(q.content)
		return err
	}
	v, err := kcadm.Parse(q.content)
	if err != nil {
		return err
	}
	return c.printRaw(kcadm.Pretty(v))
}
