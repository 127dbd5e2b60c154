package resource

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Resource is what is asked of requests for some addresses.
type Resource struct {
	// URI is a path: "{name}" stands for one segment of it, "*" at the end for any rest. "/a/*" of a resource that is
	// not white-listed is "/a" too.
	URI string `yaml:"uri"`
	// Methods that it is about; all where there is none, or "ANY" is among them. GET is HEAD too.
	Methods []string `yaml:"methods"`
	// Roles that the caller must have, as Role spells them.
	Roles []string `yaml:"roles"`
	// RequireAnyRole: one of Roles is enough.
	RequireAnyRole bool `yaml:"require-any-role"`
	// Groups, one of which the caller must be in.
	Groups []string `yaml:"groups"`
	// Scopes that the token must have, all of them.
	Scopes []string `yaml:"scopes"`
	// WhiteListed: nobody is asked who they are.
	WhiteListed bool `yaml:"white-listed"`
	// ExchangeTo is an audience: the upstream gets a token that was exchanged for it, in place of the caller's own.
	ExchangeTo string `yaml:"exchange-to"`
}

// methods are those that a resource can be about.
var methods = []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"}

// Parse reads a resource as it is written on a command line: uri=/admin*|methods=GET,POST|roles=admin,client:operator.
func Parse(text string) (Resource, error) {
	var r Resource
	for part := range strings.SplitSeq(text, "|") {
		key, value, ok := strings.Cut(part, "=")
		if !ok {
			return r, fmt.Errorf("%q is no name=value", part)
		}
		if err := r.set(key, value); err != nil {
			return r, err
		}
	}
	return r, nil
}

func (r *Resource) set(key, value string) (err error) {
	truth := func(into *bool) {
		if *into, err = strconv.ParseBool(value); err != nil {
			err = fmt.Errorf("%s is neither true nor false", key)
		}
	}
	switch key {
	case "uri":
		r.URI = value
	case "methods":
		r.Methods = strings.Split(value, ",")
	case "roles":
		r.Roles = strings.Split(value, ",")
	case "groups":
		r.Groups = strings.Split(value, ",")
	case "scopes":
		r.Scopes = strings.Split(value, ",")
	case "exchange-to":
		r.ExchangeTo = value
	case "require-any-role":
		truth(&r.RequireAnyRole)
	case "white-listed":
		truth(&r.WhiteListed)
	default:
		return fmt.Errorf("%q is none of uri, methods, roles, require-any-role, groups, scopes, white-listed, exchange-to", key)
	}
	return err
}

// check says what is wrong with a resource.
func (r *Resource) check() error {
	switch {
	case !strings.HasPrefix(r.URI, "/"):
		return fmt.Errorf("resource %q: a uri begins with /", r.URI)
	case strings.HasSuffix(r.URI, "/") && !r.WhiteListed && r.URI != "/":
		return fmt.Errorf("resource %s: protects nothing below it; write %s*", r.URI, r.URI)
	case r.WhiteListed && (len(r.Roles) > 0 || len(r.Groups) > 0 || len(r.Scopes) > 0 || r.ExchangeTo != ""):
		return fmt.Errorf("resource %s: white-listed, so that nobody is there to have roles, groups, scopes or a token", r.URI)
	case slices.Contains(slices.Concat(r.Roles, r.Groups, r.Scopes), ""):
		return fmt.Errorf("resource %s: an empty role, group or scope", r.URI)
	}
	for _, role := range r.Roles {
		if !isRole(role) {
			return fmt.Errorf("resource %s: role %q is neither name nor client:name; a colon within a name is written \\: and a backslash \\\\", r.URI, role)
		}
	}
	for _, m := range r.Methods {
		if m != anyMethod && !slices.Contains(methods, m) {
			return fmt.Errorf("resource %s: unknown method %q", r.URI, m)
		}
	}
	return nil
}

const anyMethod = "ANY"

// covers tells whether the resource is about a method. GET and HEAD ask for the same.
func (r *Resource) covers(method string) bool {
	return len(r.Methods) == 0 || slices.Contains(r.Methods, anyMethod) || slices.Contains(r.Methods, method) ||
		method == "HEAD" && slices.Contains(r.Methods, "GET")
}

// String is the resource in the log.
func (r *Resource) String() string {
	if r.WhiteListed {
		return r.URI + " (white-listed)"
	}
	return r.URI
}

// Holder is what a token says about who holds it.
type Holder struct {
	Roles  []string // as Role spells them
	Groups []string
	Scopes []string
}

// Refuse says why a holder may not use the resource; empty where they may.
func (r *Resource) Refuse(h Holder) string {
	has := func(role string) bool { return slices.Contains(h.Roles, role) }
	lacks := func(role string) bool { return !has(role) }
	without := func(scope string) bool { return !slices.Contains(h.Scopes, scope) }
	switch {
	case r.RequireAnyRole && len(r.Roles) > 0 && !slices.ContainsFunc(r.Roles, has):
		return "none of the roles " + strings.Join(r.Roles, ", ") + misspelled(r.Roles, h)
	case !r.RequireAnyRole && slices.ContainsFunc(r.Roles, lacks):
		missing := slices.DeleteFunc(slices.Clone(r.Roles), has)
		return "role " + strings.Join(missing, ", ") + " is missing" + misspelled(missing, h)
	case len(r.Groups) > 0 && !slices.ContainsFunc(r.Groups, func(g string) bool { return slices.Contains(h.Groups, g) }):
		return "in none of the groups " + strings.Join(r.Groups, ", ") + insteadOf(h.Groups)
	case slices.ContainsFunc(r.Scopes, without):
		return "the token lacks one of the scopes " + strings.Join(r.Scopes, ", ")
	}
	return ""
}

// misspelled says which of the missing roles a holder has by the same letters, as one of the realm: Keycloak Gatekeeper spelled a:b what
// is a\:b here.
func misspelled(missing []string, h Holder) string {
	for _, role := range missing {
		if meant := escape(role); meant != role && slices.Contains(h.Roles, meant) {
			return "; the token has one of the realm of these letters, which is spelled " + meant
		}
	}
	return ""
}

// insteadOf says which groups a token names: a missing mapper, or a path in place of a name, is what is wrong more often than the person.
func insteadOf(groups []string) string {
	if len(groups) == 0 {
		return ": the token names no groups"
	}
	return ", but in " + strings.Join(groups, ", ")
}
