package keycloak

import (
	"bytes"
	"encoding/json"
	"io"
	"strconv"
)

// ReadRealms reads a realm's representation, or a list of them, and hands over the users one by one:
// with the number of the realm in the file, and the user's own in the realm. What it gives back holds
// no users. What is wrong with the document is a *Problem; an error of each ends the reading, with
// the user's path before it.
func ReadRealms(r io.Reader, each func(realm, index int, user Object) error) ([]Object, error) {
	c := newChecker(r)
	t, err := c.next("")
	if err != nil {
		return nil, err
	}
	switch t {
	case json.Delim('{'):
		o, err := c.realm("", 0, each)
		if err != nil {
			return nil, err
		}
		return []Object{o}, c.end()
	case json.Delim('['):
		return c.realms(each)
	}
	return nil, c.wrong("", t, "a realm")
}

func (c *checker) realms(each func(realm, index int, user Object) error) ([]Object, error) {
	var out []Object
	for i := 0; c.More(); i++ {
		path := "[" + strconv.Itoa(i) + "]"
		t, err := c.next(path)
		if err != nil {
			return nil, err
		}
		if t != json.Delim('{') {
			return nil, c.wrong(path, t, "a realm")
		}
		o, err := c.realm(path, i, each)
		if err != nil {
			return nil, err
		}
		out = append(out, o)
	}
	if _, err := c.next(""); err != nil {
		return nil, err
	}
	return out, c.end()
}

// realm reads a realm whose opening brace has been read.
func (c *checker) realm(path string, number int, each func(realm, index int, user Object) error) (Object, error) {
	known := schema()["Realm"]
	out := Object{}
	for c.More() {
		t, err := c.next(path)
		if err != nil {
			return nil, err
		}
		name := t.(string)
		kind, ok := known.members[name]
		if !ok {
			return nil, c.unknown(known, name, path)
		}
		if name == "users" {
			if err := c.users(join(path, name), func(i int, u Object) error { return each(number, i, u) }); err != nil {
				return nil, err
			}
			continue
		}
		var value bytes.Buffer
		if err := c.value(&value, kind, join(path, name)); err != nil {
			return nil, err
		}
		if value.Len() > 0 {
			out[name] = value.Bytes()
		}
	}
	_, err := c.next(path)
	return out, err
}

func (c *checker) users(path string, each func(i int, u Object) error) error {
	t, err := c.next(path)
	if err != nil || t == nil {
		return err
	}
	if t != json.Delim('[') {
		return c.wrong(path, t, "a list")
	}
	for i := 0; c.More(); i++ {
		var value bytes.Buffer
		at := indexed(path, i)
		if err := c.value(&value, "User", at); err != nil {
			return err
		}
		var u Object
		if value.Len() == 0 {
			continue
		}
		if err := json.Unmarshal(value.Bytes(), &u); err != nil {
			return c.problem(Syntax, at, "%s", err)
		}
		if err := each(i, u); err != nil {
			return At(at, err)
		}
	}
	_, err = c.next(path)
	return err
}
