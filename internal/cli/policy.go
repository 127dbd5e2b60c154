package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"

	"gopkg.in/yaml.v3"

	"github.com/tokenhouse/tokenhouse/internal/core/graph"
)

// policyRule is one of a policy's rules.
type policyRule struct {
	graph.Ban
	because string // why it is forbidden
	line    int    // in the file, from 1
}

// readPolicy reads the YAML of a policy. Whatever it does not know is a mistake, since a rule that says something else than
// was meant forbids nothing and nobody notices.
func readPolicy(file string, text []byte) ([]policyRule, error) {
	var doc, second yaml.Node
	r, d := policyReader{file}, yaml.NewDecoder(bytes.NewReader(text))
	switch err := d.Decode(&doc); {
	case errors.Is(err, io.EOF):
		return nil, usagef("%s: forbids nothing", file)
	case err != nil:
		return nil, usagef("%s: %v", file, err)
	}
	if err := d.Decode(&second); !errors.Is(err, io.EOF) {
		return nil, r.wrong(&second, "a policy is one document")
	}
	members, err := r.members(doc.Content[0], "forbid")
	if err != nil {
		return nil, err
	}
	list := members["forbid"]
	if list == nil || list.Kind != yaml.SequenceNode || len(list.Content) == 0 {
		return nil, r.wrong(doc.Content[0], "forbid has to be a list of rules")
	}
	var out []policyRule
	for _, node := range list.Content {
		rule, err := r.rule(node)
		if err != nil {
			return nil, err
		}
		out = append(out, rule)
	}
	return out, nil
}

type policyReader struct{ file string }

func (r policyReader) rule(node *yaml.Node) (rule policyRule, err error) {
	members, err := r.members(node, "from", "to", "except", "because")
	if err != nil {
		return rule, err
	}
	rule.line = node.Line
	for name, into := range map[string]*[]string{"from": &rule.From, "to": &rule.To, "except": &rule.Except} {
		if member := members[name]; member != nil {
			if *into, err = r.names(member, name); err != nil {
				return rule, err
			}
		}
	}
	if because := members["because"]; because != nil {
		if because.Kind != yaml.ScalarNode {
			return rule, r.wrong(because, "because has to be a text")
		}
		rule.because = because.Value
	}
	switch {
	case rule.From == nil:
		return rule, r.wrong(node, "a rule needs from")
	case rule.To == nil:
		return rule, r.wrong(node, "a rule needs to")
	case slices.Contains(rule.Except, graph.All):
		return rule, r.wrong(node, `except "*" would forbid nothing`)
	}
	return rule, nil
}

// members are those of a mapping, which may have only these.
func (r policyReader) members(node *yaml.Node, known ...string) (map[string]*yaml.Node, error) {
	if node.Kind != yaml.MappingNode {
		return nil, r.wrong(node, "want members %v here", known)
	}
	out := map[string]*yaml.Node{}
	for i := 0; i+1 < len(node.Content); i += 2 {
		name, value := node.Content[i], node.Content[i+1]
		switch {
		case !slices.Contains(known, name.Value):
			return nil, r.wrong(name, "unknown member %q; there are %v", name.Value, known)
		case out[name.Value] != nil:
			return nil, r.wrong(name, "%s is there twice", name.Value)
		}
		out[name.Value] = value
	}
	return out, nil
}

// names are one name, or a list of them.
func (r policyReader) names(node *yaml.Node, member string) ([]string, error) {
	nodes := []*yaml.Node{node}
	if node.Kind == yaml.SequenceNode {
		nodes = node.Content
	}
	var out []string
	for _, n := range nodes {
		if n.Kind != yaml.ScalarNode || n.Tag == "!!null" || n.Value == "" {
			return nil, r.wrong(n, `%s has to be a name, "*" or a list of names`, member)
		}
		out = append(out, n.Value)
	}
	if len(out) == 0 {
		return nil, r.wrong(node, "%s names nobody", member)
	}
	return out, nil
}

func (r policyReader) wrong(at *yaml.Node, format string, args ...any) error {
	return usagef("%s:%d: %s", r.file, at.Line, fmt.Sprintf(format, args...))
}
