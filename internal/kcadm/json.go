package kcadm

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// A value of JSON is one of nil, bool, string, json.Number, []any and *Object.

// Object is a JSON object whose members stay in order.
type Object struct {
	names  []string
	values map[string]any
}

// NewObject is an object without members.
func NewObject() *Object { return &Object{values: map[string]any{}} }

// Names are the names of the members, in order.
func (o *Object) Names() []string { return o.names }

// Get is a member; ok is false where there is none.
func (o *Object) Get(name string) (value any, ok bool) {
	value, ok = o.values[name]
	return value, ok
}

// Text is a member as text: a string's content, another scalar as JSON has it, and nothing where there is none.
func (o *Object) Text(name string) string {
	switch v := o.values[name].(type) {
	case nil:
		return ""
	case string:
		return v
	default:
		return string(Compact(v))
	}
}

// Set adds a member at the end, or changes the one of this name where it stands.
func (o *Object) Set(name string, value any) {
	if _, ok := o.values[name]; !ok {
		o.names = append(o.names, name)
	}
	o.values[name] = value
}

// Delete removes a member, if there is one of this name.
func (o *Object) Delete(name string) {
	if _, ok := o.values[name]; !ok {
		return
	}
	delete(o.values, name)
	o.names = slices.DeleteFunc(o.names, func(n string) bool { return n == name })
}

// Parse reads one JSON value, and nothing after it.
func Parse(text []byte) (any, error) {
	d := json.NewDecoder(strings.NewReader(string(text)))
	d.UseNumber()
	v, err := parse(d)
	if err != nil {
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("something follows the value")
	}
	return v, nil
}

func parse(d *json.Decoder) (any, error) {
	t, err := d.Token()
	if errors.Is(err, io.EOF) {
		return nil, io.ErrUnexpectedEOF
	}
	if err != nil {
		return nil, err
	}
	switch t {
	case json.Delim('{'):
		return parseObject(d)
	case json.Delim('['):
		return parseList(d)
	}
	return t, nil
}

func parseObject(d *json.Decoder) (any, error) {
	o := NewObject()
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return nil, err
		}
		text, ok := name.(string)
		if !ok {
			return nil, fmt.Errorf("%v is no name of a member", name)
		}
		v, err := parse(d)
		if err != nil {
			return nil, err
		}
		o.Set(text, v)
	}
	_, err := d.Token()
	return o, ended(err)
}

func parseList(d *json.Decoder) (any, error) {
	list := []any{}
	for d.More() {
		v, err := parse(d)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	_, err := d.Token()
	return list, ended(err)
}

// ended is the error at the end of an object or a list, where the end of the text is one too.
func ended(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
