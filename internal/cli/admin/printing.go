package admin

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/kcadm"
)

// printing is what of the answer is printed, and how.
type printing struct {
	headers, id, result bool
	compressed, csv     bool
	fields              *kcadm.Fields // nil: all
	quoting             kcadm.Quoting
}

func (c *call) readPrinting(q *query) error {
	q.print = printing{headers: c.has("--print-headers"), id: c.has("--id"), result: c.has("--output") || q.method == http.MethodGet,
		compressed: c.has("--compressed")}
	if c.has("--output") && q.print.id {
		return misusef("Options -o and -i are mutually exclusive")
	}
	switch format := c.text("--format"); {
	case strings.EqualFold(format, "csv"):
		q.print.csv = true
	case c.has("--format") && !strings.EqualFold(format, "json"):
		return misusef("Unsupported output format: %s", format)
	}
	if c.has("--noquotes") {
		q.print.quoting = kcadm.Unquoted
	}
	switch {
	case !c.has("--fields"):
		return nil
	case c.text("--fields") == "":
		return misusef("Fields spec is null or empty!")
	}
	var err error
	q.print.fields, err = kcadm.ParseFields(c.text("--fields"))
	return err
}

func (c *call) printHeaders(a *kcadm.Answer) {
	fmt.Fprintln(c.program.Out, a.Status)
	for _, line := range a.Lines() {
		fmt.Fprintln(c.program.Out, line)
	}
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
