package rest

// IsJSON refuses a request whose body says that it is of another type.
func (r *Request) IsJSON() error { return r.accepts("application/json") }

// TextMap reads a JSON body that is an object of texts. None, and null, is refused.
func (r *Request) TextMap() (map[string]string, error) {
	o, err := r.read("map<str>")
	if err == nil && o == nil {
		return nil, errSyntax
	}
	if err != nil {
		return nil, err
	}
	return decode[map[string]string](o)
}
