package token

// ParseValue reads one JSON value, as Parse reads those of Other.
func ParseValue(text string) (any, error) {
	if len(text) > MaxSize {
		return nil, errSize
	}
	r := reader{text: text}
	return r.whole()
}

// Registered tells whether a claim has a field of its own in Claims.
func Registered(name string) bool { return registered(name) }
