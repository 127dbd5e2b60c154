package events

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/web/admin/rest"
	"github.com/tokenhouse/tokenhouse/internal/web/render"
)

// query reads which events are asked for.
func query(r *rest.Request) (event.Query, error) {
	p := r.URL.Query()
	q := event.Query{Client: p.Get("client"), UserID: p.Get("user"), Address: p.Get("ipAddress")}
	for _, text := range given(p["type"]) {
		kind := event.Kind(text)
		if !kind.Known() {
			return q, rest.BadRequest(fmt.Sprintf("Unknown event type %q", text))
		}
		q.Kinds = append(q.Kinds, kind)
	}
	var err error
	q.Window, err = window(r)
	return q, err
}

// adminQuery reads which admin events are asked for.
func adminQuery(r *rest.Request) (event.AdminQuery, error) {
	p := r.URL.Query()
	q := event.AdminQuery{
		Operations:    given(p["operationTypes"]),
		ResourceTypes: given(p["resourceTypes"]),
		Path:          p.Get("resourcePath"),
		Actor: event.Actor{
			Realm: p.Get("authRealm"), Client: p.Get("authClient"), UserID: p.Get("authUser"), Address: p.Get("authIpAddress"),
		},
	}
	for _, text := range q.Operations {
		if !slices.Contains(event.Operations, text) {
			return q, rest.BadRequest(fmt.Sprintf("Unknown operation type %q", text))
		}
	}
	for _, text := range q.ResourceTypes {
		if !event.KnownResource(text) {
			return q, rest.BadRequest(fmt.Sprintf("Unknown resource type %q", text))
		}
	}
	var err error
	q.Window, err = window(r)
	return q, err
}

// given are the values of a parameter that say something.
func given(values []string) (out []string) {
	for _, value := range values {
		if value != "" {
			out = append(out, value)
		}
	}
	return out
}

func window(r *rest.Request) (w event.Window, err error) {
	p := r.URL.Query()
	if w.Since, err = moment("dateFrom", p.Get("dateFrom"), 0); err != nil {
		return w, err
	}
	if w.Until, err = moment("dateTo", p.Get("dateTo"), 1); err != nil {
		return w, err
	}
	switch p.Get("direction") {
	case "", "desc":
	case "asc":
		w.OldestFirst = true
	default:
		return w, refused("Invalid value for sortDirection, expected value is asc or desc")
	}
	return w, nil
}

func refused(text string) error { return &render.Status{Code: http.StatusBadRequest, Text: text} }

// moment reads a day, or Unix milliseconds. Where the day, or the millisecond, is to be included in what
// comes before, it is the one after it. Days are those of UTC.
func moment(name, text string, after int) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if day, err := time.Parse(time.DateOnly, text); err == nil {
		return day.AddDate(0, 0, after), nil
	}
	ms, err := strconv.ParseInt(text, 10, 64)
	if err != nil || ms < 0 || ms > latest {
		return time.Time{}, refused("Invalid value for '" + name + "', expected format is yyyy-MM-dd or an Epoch timestamp")
	}
	return time.UnixMilli(ms + int64(after)), nil
}

// latest is the last millisecond of the year 9999: what comes after has no place in a column.
const latest = 253402300799999
