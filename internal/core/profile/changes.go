package profile

// Changes are details of the event of a change, names and values in turn: what was, and what is.
func Changes(before, after Attributes) (pairs []string) {
	for _, field := range []struct{ name, detail string }{{Email, "email"}, {FirstName, "first_name"}, {LastName, "last_name"}} {
		was, is := before.First(field.name), after.First(field.name)
		if was != is {
			pairs = append(pairs, "previous_"+field.detail, was, "updated_"+field.detail, is)
		}
	}
	return pairs
}
