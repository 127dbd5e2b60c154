package cli

import (
	"regexp"
	"strings"
)

// step is a command of a page, or several that a reader pastes at once, and what the page says they print.
type step struct {
	line       int // of the page
	command    string
	compared   bool // the page says what is printed: then that counts, and not the exit code
	want       string
	start, end int // where want stands in the page
}

// fences are the blocks with commands: sh is to be pasted, console has commands behind "$ " with what they print below. That
// there are none in others TestBlocksOfDocsSayWhatTheyAre of the whole project looks for.
var fences = regexp.MustCompile("(?ms)^```(sh|console)\n(.*?)^```$")

// steps are the commands of a page in their order.
func steps(page string) (found []step) {
	for _, m := range fences.FindAllStringSubmatchIndex(page, -1) {
		language, text := page[m[2]:m[3]], page[m[4]:m[5]]
		line := 1 + strings.Count(page[:m[4]], "\n")
		if language == "sh" {
			found = append(found, step{line: line, command: text})
		} else {
			found = append(found, typed(text, line, m[4])...)
		}
	}
	return found
}

// unfinished tells whether a command goes on in the next line.
func unfinished(line string) bool {
	return strings.HasSuffix(line, "\\\n") || strings.HasSuffix(line, "|\n")
}

// typed reads what a terminal shows: "$ command", which may go on in the next line, and what it prints.
func typed(text string, line, offset int) (found []step) {
	continued := false
	for l := range strings.Lines(text) {
		switch {
		case strings.HasPrefix(l, "$ "):
			found = append(found, step{line: line, command: l[2:], start: offset + len(l), end: offset + len(l)})
			continued = unfinished(l)
		case len(found) == 0: // nobody typed anything yet
		case continued:
			last := &found[len(found)-1]
			last.command += l
			last.start, last.end = offset+len(l), offset+len(l)
			continued = unfinished(l)
		default:
			last := &found[len(found)-1]
			last.compared, last.want, last.end = true, last.want+l, offset+len(l)
		}
		line++
		offset += len(l)
	}
	return found
}

// uuids are ids that are made up for what has none in the file.
var uuids = regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`)

// elided is what a page leaves out: a line with nothing else stands for any lines, and within a line it stands for any
// text, which ends with the quotation where it is in one.
const elided = "…"

// elidedValue is what is left out at the end of a quotation.
var elidedValue = regexp.MustCompile(`(["\w:])…"`)

// prints tells whether what was printed is what the page says.
func prints(got, want string) bool {
	var pattern strings.Builder
	pattern.WriteString(`\A`)
	for l := range strings.Lines(strings.TrimRight(want, "\n") + "\n") {
		if strings.TrimSpace(l) == elided {
			pattern.WriteString(`(?:.*\n)*?`)
			continue
		}
		pattern.WriteString(strings.ReplaceAll(elidedValue.ReplaceAllString(regexp.QuoteMeta(l), `$1[^"]*"`), elided, `.*`))
	}
	pattern.WriteString(`\z`)
	return regexp.MustCompile(pattern.String()).MatchString(strings.TrimRight(got, "\n") + "\n")
}
