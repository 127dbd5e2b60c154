package store

// digest is what the users of a range are searched by, in a form that is quickly looked through: a thousand users in
// some hundredths of a millisecond, which takes the database a hundred times as long. What is asked for is looked for in
// the digests of those ranges whose marks have it.
//
// A digest is made beside the changes of users, not with them: creating a user would have to write the whole of it. It
// says of which changes it knows, and is not looked at once there are more: see digests.go.
type digest struct {
	marks marks
	users []byte // packed
}

// newDigest is that of users in the order of the list.
func newDigest(users []searched) digest {
	has := map[mark]struct{}{}
	seen := map[string]struct{}{}
	for i := range users {
		u := &users[i]
		for _, name := range u.names() {
			if _, done := seen[name]; !done {
				seen[name] = struct{}{}
				for m := range marksOfName(name) {
					has[m] = struct{}{}
				}
			}
		}
		for _, m := range u.linkMarks() {
			has[m] = struct{}{}
		}
		has[either(u.enabled, markEnabled, markDisabled)] = struct{}{}
		has[either(u.verified, markVerified, markUnverified)] = struct{}{}
	}
	return digest{newMarks(has), pack(users)}
}

// linkMarks are those of a user's attributes, links and roles.
func (u *searched) linkMarks() []mark {
	out := make([]mark, 0, len(u.facets)+len(u.roles))
	for _, f := range u.facets {
		out = append(out, markOfFacet(f))
	}
	for _, key := range u.roles {
		out = append(out, markOfRole(key))
	}
	return out
}
