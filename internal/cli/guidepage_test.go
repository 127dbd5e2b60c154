package cli

import (
	"regexp"
	"slices"
	"strconv"
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

// fences are the blocks of a page: ```LANGUAGE, text, ```.
var fences = regexp.MustCompile("(?ms)^```([a-z]*)\n(.*?)^```$")

// languages are what blocks may be written in. Commands are in two of them, and in no other: sh is to be pasted, console
// has commands behind "$ " with what they print below.
var languages = []string{"sh", "console", "dot", "go", "http", "ini", "js", "json", "nginx", "text", "yaml"}

// stray finds commands in blocks where nobody would run them.
var stray = regexp.MustCompile(`(?m)^(\$ |(\./)?tokenhouse |curl |kcadm|openssl )`)

// indented are blocks that fences does not find.
var indented = regexp.MustCompile("(?m)^[ \t>]+```")

// steps are the commands of a page in their order, and what is wrong with its blocks.
func steps(page string) (found []step, faults []string) {
	for _, m := range indented.FindAllStringIndex(page, -1) {
		faults = append(faults, "line "+strconv.Itoa(1+strings.Count(page[:m[0]], "\n"))+": an indented block, which nobody would run")
	}
	for _, m := range fences.FindAllStringSubmatchIndex(page, -1) {
		language, text := page[m[2]:m[3]], page[m[4]:m[5]]
		line := 1 + strings.Count(page[:m[4]], "\n")
		switch {
		case !slices.Contains(languages, language):
			faults = append(faults, "line "+strconv.Itoa(line-1)+": a block of language \""+language+"\"; it is one of "+strings.Join(languages, ", "))
		case language == "sh":
			found = append(found, step{line: line, command: text})
		case language == "console":
			found = append(found, typed(text, line, m[4])...)
		case stray.MatchString(text):
			faults = append(faults, "line "+strconv.Itoa(line-1)+": commands in a block that is neither sh nor console")
		}
	}
	return found, faults
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
			return append(found, step{line: line, command: "false # a console block begins with \"$ \"\n"})
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
