package admin

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// parse reads a command line as picocli does, which kcadm reads its own with: an option's value follows it, or an
// equals sign; short options do not cluster. Where the error is not nil, the call is as far as it was understood.
func (p *Program) parse(args []string) (*call, error) {
	c := &call{program: p, command: named(""), values: map[string][]string{}}
	var unmatched []string
	first, onlyArguments := 0, false // first: where the first unmatched one stands
	var expected *command            // the command that it was told
	for i := 0; i < len(args); i++ {
		arg := args[i]
		name, value, attached := strings.Cut(arg, "=")
		o := c.command.option(arg)
		if o != nil {
			attached = false
		} else if attached {
			o = c.command.option(name)
		}
		switch {
		case onlyArguments:
			o = nil
		case arg == "--":
			onlyArguments = true
			continue
		}
		switch {
		case o != nil:
			used, err := c.take(*o, value, attached, args[i+1:])
			if err != nil {
				return c, err
			}
			i += used
		case c.descend(arg):
		case (onlyArguments || !resemblesOption(arg)) && c.command.arguments != 0 && (c.command.arguments < 0 || len(c.arguments) < c.command.arguments):
			c.arguments = append(c.arguments, arg)
		default:
			if unmatched == nil {
				first, expected = i, c.command
			}
			unmatched = append(unmatched, arg)
		}
	}
	if len(unmatched) > 0 {
		c.command = expected
		return c, c.unmatched(unmatched, first)
	}
	return c, nil
}

// option is the option of this name, nil where the command has none.
func (c *command) option(name string) *option {
	for i := range c.options {
		if slices.Contains(c.options[i].names, name) {
			return &c.options[i]
		}
	}
	return nil
}

// descend goes on to the command that the word names below the present one.
func (c *call) descend(word string) bool {
	if !c.command.below {
		return false
	}
	next := named(strings.TrimSpace(c.command.name + " " + word))
	if next == nil || strings.Contains(word, " ") || word == "" {
		return false
	}
	c.command = next
	return true
}

// take notes an option. used is how many of the following words are its value.
func (c *call) take(o option, value string, attached bool, following []string) (used int, err error) {
	name := o.name()
	if o.arity == flag {
		if attached && value != "true" && value != "false" {
			return 0, misusef("Invalid value for option '%s': '%s' is not a boolean", name, value)
		}
		if !attached || value == "true" {
			c.values[name] = []string{""}
		}
		return 0, nil
	}
	if !attached {
		switch {
		case len(following) == 0:
			return 0, misusef("Missing required parameter for option '%s' (<%s>)", name, o.label)
		case c.command.option(following[0]) != nil:
			return 0, misusef("Expected parameter for option '%s' but found '%s'", name, following[0])
		}
		value, used = following[0], 1
	}
	if o.arity == once && c.has(name) {
		return 0, misusef("option '%s' (<%s>) should be specified only once", name, o.label)
	}
	if name == "--set" || name == "--delete" {
		c.changes = append(c.changes, change{name == "--delete", value})
	}
	if value == "" && slices.Contains(naming, name) {
		return 0, misusef("option '%s' (<%s>) is empty", name, o.label)
	}
	c.values[name] = append(c.values[name], value)
	return used, nil
}

// resemblesOption tells whether a word looks as if it were meant as an option: a minus, and no number.
func resemblesOption(word string) bool {
	if len(word) < 2 || word[0] != '-' {
		return false
	}
	_, err := strconv.ParseFloat(word, 64)
	return err != nil
}

// unmatched is the error of words that are neither options nor arguments; first is where they begin.
func (c *call) unmatched(words []string, first int) error {
	quoted := "'" + strings.Join(words, "', '") + "'"
	plural := ""
	if len(words) > 1 {
		plural = "s"
	}
	if resemblesOption(words[0]) {
		m := &misuse{message: fmt.Sprintf("Unknown option%s: %s", plural, quoted)}
		if near := c.command.nearOptions(words[0]); len(near) > 0 {
			m.hint = "Possible solutions: " + strings.Join(near, ", ")
		}
		return m
	}
	at := "at"
	if len(words) > 1 {
		at = "from"
	}
	m := &misuse{message: fmt.Sprintf("Unmatched argument%s %s index %d: %s", plural, at, first, quoted)}
	if near := c.nearCommands(words[0]); len(near) > 0 {
		m.hint = "Did you mean: " + strings.Join(near, " or ") + "?"
	}
	return m
}

// nearOptions are those whose names begin with the same two letters.
func (c *command) nearOptions(word string) []string {
	start := strings.TrimLeft(word, "-")
	start = start[:min(2, len(start))]
	var out []string
	for _, o := range c.options {
		for _, name := range o.names {
			if strings.HasPrefix(strings.TrimLeft(name, "-"), start) {
				out = append(out, name)
			}
		}
	}
	return out
}

// nearCommands are up to three that have most pairs of letters in common with the word.
func (c *call) nearCommands(word string) []string {
	if !c.command.below {
		return nil
	}
	type near struct {
		name  string
		score float64
	}
	var found []near
	for _, other := range commands {
		name, below := strings.CutPrefix(other.name, c.command.name)
		name = strings.TrimPrefix(name, " ")
		if !below || name == "" || strings.Contains(name, " ") {
			continue
		}
		if score := similarity(pairs(word), pairs(name)); score > 0 {
			found = append(found, near{cmp.Or(c.command.name, c.program.Name) + " " + name, score})
		}
	}
	slices.SortStableFunc(found, func(a, b near) int {
		switch {
		case a.score > b.score:
			return -1
		case a.score < b.score:
			return 1
		}
		return 0
	})
	var out []string
	for _, n := range found[:min(3, len(found))] {
		out = append(out, n.name)
	}
	return out
}

// pairs counts the pairs of letters of a word.
func pairs(word string) map[string]int {
	out := map[string]int{}
	word = strings.ToLower(word)
	for i := range max(0, len(word)-1) {
		out[word[i:i+2]]++
	}
	return out
}

// similarity is the cosine of two counts.
func similarity(a, b map[string]int) float64 {
	dot := func(a, b map[string]int) (sum float64) {
		for pair, n := range a {
			sum += float64(n * b[pair])
		}
		return sum
	}
	if len(a) == 0 || len(b) == 0 {
		return 0
	}
	return dot(a, b) / math.Sqrt(dot(a, a)*dot(b, b))
}
