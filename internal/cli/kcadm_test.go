package cli

import (
	"bytes"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/tokenhouse/tokenhouse/internal/kcadm"
	"github.com/tokenhouse/tokenhouse/internal/server"
)

// recordedServer is where the recorded commands sent their requests.
const recordedServer = "http://127.0.0.1:8180"

// recordedCommand is a command of the real kcadm, and what came of it.
type recordedCommand struct {
	number         int
	args           []string
	stdin          string
	exit           int
	stdout, stderr string
}

// recordings are files of recorded commands.
var recordings = []recording{
	{
		file: "transcripts.txt", commands: 83,
		names:     []string{"kcadm.sh", "tokenhouse admin"},
		unordered: []int{25, 26, 27, 32, 33, 37, 52, 53},
		deliberate: map[int]string{
			30: `"clientId" : "my-client"`,
			38: `"name" : "good-aud"`,
		},
		service: []int{63, 64, 65, 66},
	},
	{file: "options.txt", commands: 412, names: []string{"kcadm.sh"}},
}

// recording is a file of recorded commands, which are numbered from 1.
type recording struct {
	file       string // below testdata/kcadm
	commands   int
	names      []string       // that the commands are run under
	unordered  []int          // their answers are sets, maps or headers, which Keycloak gives in no order
	deliberate map[int]string // what they print instead: a client is found by its clientId too, so that what is listed in documents works
	service    []int          // what a service account did, which had a file of its own
}

// recordedFiles are the files that recorded commands read.
var recordedFiles = map[string]string{
	"tmpl.json":  `{"publicClient":true,"name":"T"}`,
	"patch.json": `{"description":"from file","attributes":{"a":"1","b":"2"},"redirectUris":["http://127.0.0.1:9/f"]}`,
}

// TestKcadmTranscripts runs what the real kcadm.sh ran, in the same order, against a new server: it prints and
// exits the same.
func TestKcadmTranscripts(t *testing.T) {
	for _, from := range recordings {
		commands := from.read(t)
		for _, name := range from.names {
			t.Run(from.file+"/"+name, func(t *testing.T) {
				t.Chdir(t.TempDir())
				for name, text := range recordedFiles {
					if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
						t.Fatal(err)
					}
				}
				r := &transcript{recording: from, program: name, server: administrated(t), ids: map[string]string{}}
				for _, c := range commands {
					t.Run(strconv.Itoa(c.number), func(t *testing.T) { r.replay(t, c) })
				}
			})
		}
	}
}

// administrated is the address of a server that admin, password admin, administrates.
func administrated(t *testing.T) string {
	t.Helper()
	s, err := server.New(t.Context(), server.Config{Development: true, Log: slog.New(slog.DiscardHandler),
		Bootstrap: server.Bootstrap{Username: "admin", Password: "admin"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() }) // all that mattered was read back
	web := httptest.NewServer(s.Handler())
	t.Cleanup(web.Close)
	return web.URL
}

// transcript is a run through the recorded commands.
type transcript struct {
	recording
	program, server string
	ids             map[string]string // by placeholder
}

func (r *transcript) replay(t *testing.T, c recordedCommand) {
	var stdout, stderr bytes.Buffer
	p := &program{in: strings.NewReader(c.stdin), out: &stdout, err: &stderr, environ: []string{"HOME=" + t.TempDir()}}
	args := slices.Clone(c.args)
	for i := range args {
		args[i] = r.fill(strings.ReplaceAll(args[i], recordedServer, r.server))
		if args[i] == "kcadm.config" && slices.Contains(r.service, c.number) {
			args[i] = "service.config"
		}
	}
	exit := p.kcadm(r.program).Run(t.Context(), args)
	if want, other := r.deliberate[c.number]; other {
		if exit != exitOK || !strings.Contains(stdout.String(), want) {
			t.Errorf("exit code %d, prints %q, want %q; %s", exit, stdout.String(), want, stderr.String())
		}
		return
	}
	if exit != c.exit {
		t.Errorf("exit code %d, want %d", exit, c.exit)
	}
	r.compare(t, "stdout", c.number, c.stdout, stdout.String())
	r.compare(t, "stderr", c.number, c.stderr, stderr.String())
}

var placeholder = regexp.MustCompile(`<id:\d+>`)

// fill puts ids in place of placeholders, making up those that no answer named: of what is not there.
func (r *transcript) fill(text string) string {
	return placeholder.ReplaceAllStringFunc(text, func(name string) string {
		if r.ids[name] == "" {
			r.ids[name] = uuid.NewString()
		}
		return r.ids[name]
	})
}

var lineCount = regexp.MustCompile(`^(\d+) lines$`)

func (r *transcript) compare(t *testing.T, stream string, number int, want, got string) {
	t.Helper()
	want = strings.ReplaceAll(strings.ReplaceAll(want, recordedServer, r.server), "kcadm.sh", r.program)
	if m := lineCount.FindStringSubmatch(want); m != nil {
		if n := strconv.Itoa(strings.Count(got, "\n")); n != m[1] {
			t.Errorf("%s has %s lines, want %s", stream, n, m[1])
		}
		return
	}
	got = strings.TrimRight(got, "\n")
	r.learn(want, got)
	want = strings.ReplaceAll(r.fillKnown(want), "<n>", "59")
	got = regexp.MustCompile(`timeToExpiry: \d+s`).ReplaceAllString(got, "timeToExpiry: 59s")
	if slices.Contains(r.unordered, number) {
		want, got = sorted(want), sorted(got)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", stream, diff)
	}
}

// learn binds placeholders of the expected text to the ids that stand in their places.
func (r *transcript) learn(want, got string) {
	names := placeholder.FindAllString(want, -1)
	if len(names) == 0 {
		return
	}
	pattern := regexp.QuoteMeta(want)
	for _, name := range names {
		pattern = strings.Replace(pattern, regexp.QuoteMeta(name), `([0-9a-f]{8}-[0-9a-f-]{27})`, 1)
	}
	m := regexp.MustCompile("^" + pattern + "$").FindStringSubmatch(got)
	for i, name := range names {
		if m != nil && r.ids[name] == "" {
			r.ids[name] = m[i+1]
		}
	}
}

// fillKnown puts in those ids that are known.
func (r *transcript) fillKnown(text string) string {
	return placeholder.ReplaceAllStringFunc(text, func(name string) string {
		if id := r.ids[name]; id != "" {
			return id
		}
		return name
	})
}

var identifier = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|<id:\d+>`)

// sorted is a text with the items of its lists, and its lines where it is no JSON, in order, and no ids.
func sorted(text string) string {
	text = identifier.ReplaceAllString(text, "<id>")
	if v, err := kcadm.Parse([]byte(text)); err == nil {
		return string(kcadm.Pretty(sortLists(v)))
	}
	lines := strings.Split(strings.ToLower(text), "\n")
	lines = slices.DeleteFunc(lines, func(line string) bool {
		return strings.HasPrefix(line, "date:") || strings.HasPrefix(line, "content-length:")
	})
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

func sortLists(v any) any {
	switch v := v.(type) {
	case []any:
		for i := range v {
			v[i] = sortLists(v[i])
		}
		slices.SortFunc(v, func(a, b any) int { return strings.Compare(string(kcadm.Compact(a)), string(kcadm.Compact(b))) })
	case *kcadm.Object:
		for _, name := range v.Names() {
			item, _ := v.Get(name)
			if config, ok := item.(*kcadm.Object); ok && name == "config" {
				item = sortMembers(config)
			}
			v.Set(name, sortLists(item))
		}
	}
	return v
}

func sortMembers(o *kcadm.Object) *kcadm.Object {
	out := kcadm.NewObject()
	for _, name := range slices.Sorted(slices.Values(o.Names())) {
		item, _ := o.Get(name)
		out.Set(name, item)
	}
	return out
}

// read gives the commands of the file.
func (r recording) read(t *testing.T) []recordedCommand {
	t.Helper()
	text, err := os.ReadFile("testdata/kcadm/" + r.file)
	if err != nil {
		t.Fatal(err)
	}
	sections := regexp.MustCompile(`(?m)^## (\d+).*\n`).Split(string(text), -1)[1:]
	var out []recordedCommand
	for i, section := range sections {
		c, err := readCommand(section)
		if err != nil {
			t.Fatalf("command %d: %v", i+1, err)
		}
		c.number = i + 1
		out = append(out, c)
	}
	if len(out) != r.commands {
		t.Fatalf("%s has %d recorded commands, want %d", r.file, len(out), r.commands)
	}
	return out
}

var commandForm = regexp.MustCompile(`(?s)^\$ kcadm\.sh ([^\n]*)\n(?:stdin:\n(.*?)\n)?exit: (\d)\nstdout:(.*?)\nstderr:(.*)$`)

func readCommand(section string) (recordedCommand, error) {
	m := commandForm.FindStringSubmatch(section)
	if m == nil {
		return recordedCommand{}, fmt.Errorf("not understood:\n%s", section)
	}
	c := recordedCommand{args: shellWords(m[1]), stdin: m[2], stdout: streamText(m[4]), stderr: streamText(m[5])}
	var err error
	c.exit, err = strconv.Atoi(m[3])
	return c, err
}

// streamText is what was printed, without the newlines at its end.
func streamText(text string) string {
	text = strings.Trim(text, "\n ")
	text = strings.TrimSuffix(text, "(no newline at the end)")
	if text == "(empty)" {
		return ""
	}
	return strings.TrimRight(text, "\n")
}

// shellWords splits a command line as a shell does: at spaces that are not in quotes.
func shellWords(line string) []string {
	var out []string
	var word strings.Builder
	begun, quote := false, rune(0)
	escaped := false
	for _, r := range line {
		switch {
		case escaped:
			word.WriteRune(r)
			escaped = false
		case r == '\\' && quote != '\'':
			escaped, begun = true, true
		case quote != 0 && r == quote:
			quote = 0
		case quote == 0 && (r == '\'' || r == '"'):
			quote, begun = r, true
		case quote == 0 && r == ' ':
			if begun {
				out = append(out, word.String())
			}
			word.Reset()
			begun = false
		default:
			word.WriteRune(r)
			begun = true
		}
	}
	if begun {
		out = append(out, word.String())
	}
	return out
}
