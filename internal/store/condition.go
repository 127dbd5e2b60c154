package store

import (
	"fmt"
	"slices"
	"strings"
)

// conditions collects what rows must fulfil, and the arguments of it.
type conditions struct {
	where []string
	args  []any
}

// arg is the placeholder of another argument.
func (c *conditions) arg(value any) string {
	c.args = append(c.args, value)
	return fmt.Sprintf("$%d", len(c.args))
}

// add adds a condition in which each ? stands for the next of the values.
func (c *conditions) add(condition string, values ...any) {
	for _, v := range values {
		condition = strings.Replace(condition, "?", c.arg(v), 1)
	}
	c.where = append(c.where, condition)
}

// equal adds that a column has a value, unless the value is empty.
func (c *conditions) equal(column, value string) {
	if value != "" {
		c.add(column+" = ?", value)
	}
}

// among adds that a column has one of the values, unless there are none.
func among[T ~string](c *conditions, column string, values []T) {
	if len(values) == 0 {
		return
	}
	list, args := places(len(c.args)+1, values)
	c.args = append(c.args, args...)
	c.where = append(c.where, column+" IN ("+list+")")
}

// places are as many placeholders as values, the first with this number, and the values as arguments.
func places[T ~string](first int, values []T) (string, []any) {
	list, args := make([]string, len(values)), make([]any, len(values))
	for i, v := range values {
		list[i], args[i] = fmt.Sprintf("$%d", first+i), string(v)
	}
	return strings.Join(list, ", "), args
}

// clone is a copy that more can be added to.
func (c *conditions) clone() *conditions {
	return &conditions{slices.Clone(c.where), slices.Clone(c.args)}
}

// String is what follows WHERE.
func (c *conditions) String() string { return strings.Join(c.where, " AND ") }

// page is the end of a query for max rows, or all where it is negative, after the first ones. It comes
// last, as it adds arguments.
func (c *conditions) page(first, max int) string {
	limit := int64(max)
	if max < 0 {
		limit = 1 << 62
	}
	return " LIMIT " + c.arg(limit) + " OFFSET " + c.arg(int64(first))
}

// like is a pattern for LIKE … ESCAPE '!' in which the asterisks of a text stand for anything.
func like(text string) string { return strings.ReplaceAll(literally(text), "*", "%") }

// literally is a pattern for LIKE … ESCAPE '!' that only the text itself matches.
func literally(text string) string {
	return strings.NewReplacer("!", "!!", "%", "!%", "_", "!_").Replace(text)
}
