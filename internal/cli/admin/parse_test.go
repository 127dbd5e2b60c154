package admin

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestMistakes holds command lines that make no sense against what kcadm 26.7.3 says to them.
func TestMistakes(t *testing.T) {
	try := func(command string) string {
		return "Try '" + strings.TrimSpace("kcadm.sh "+command) + " --help' for more information on the available options."
	}
	for line, want := range map[string]string{
		"get clients --a":                              "Unknown option: '--a'\nPossible solutions: --alias, -a, --admin-root\n" + try("get"),
		"get clients --e":                              "Unknown option: '--e'\n" + try("get"),
		"get clients --s":                              "Unknown option: '--s'\nPossible solutions: --server, --secret, --storepass, -s, --set\n" + try("get"),
		"get clients --t":                              "Unknown option: '--t'\nPossible solutions: --truststore, --trustpass, --target-realm, --token\n" + try("get"),
		"create clients -sa=b":                         "Unknown option: '-sa=b'\nPossible solutions: \n" + try("create"),
		"get clients -r a -r b":                        "option '--target-realm' (<targetRealm>) should be specified only once\n" + try("get"),
		"create clients -s -d":                         "Expected parameter for option '--set' but found '-d'\n" + try("create"),
		"get -- clients --config x":                    "Unknown options: '--config', 'x'\nPossible solutions: --config, --compressed\n" + try("get"),
		"get clients --config":                         "Missing required parameter for option '--config' (<config>)\n" + try("get"),
		"create clients x y":                           "Unmatched arguments from index 2: 'x', 'y'\n" + try("create"),
		"set-password x":                               "Unmatched argument at index 1: 'x'\n" + try("set-password"),
		"v2":                                           "Unmatched argument at index 0: 'v2'\n" + try(""),
		"nonsense":                                     "Unmatched argument at index 0: 'nonsense'\nDid you mean: kcadm.sh set-password or kcadm.sh config?\n" + try(""),
		"--config foo":                                 "Unknown options: '--config', 'foo'\n" + try(""),
		"get clients -q a":                             "Invalid key=value parameter: [a]\n" + try("get"),
		"get clients -o x":                             "Invalid value for option '--offset': 'x' is not an int\n" + try("get"),
		"get clients --format xml":                     "Unsupported output format: xml\n" + try("get"),
		"create -s=a=b":                                "Resource URI not specified\n" + try("create"),
		"create clients -o -i":                         "Options -o and -i are mutually exclusive\n" + try("create"),
		"update clients -m -n":                         "Options --merge and --no-merge are mutually exclusive\n" + try("update"),
		"create clients -b x -f y":                     "Options --body and --file are mutually exclusive\n" + try("create"),
		"get clients --config x --no-config":           "Options --config and --no-config are mutually exclusive\n" + try("get"),
		"add-roles --rolename x":                       "No user nor group nor composite role specified. Use --uusername / --uid to specify user or --gname / --gid / --gpath to specify group or --rname / --rid to specify a composite role\n" + try("add-roles"),
		"add-roles --uusername x":                      "No role to add specified. Use --rolename or --roleid to specify roles to add\n" + try("add-roles"),
		"add-roles --uid x --gname y --rolename z":     "Incompatible options: --uusername / --uid can't be used at the same time as --gname / --gid / --gpath\n" + try("add-roles"),
		"get-roles --rolename x --roleid y":            "Incompatible options: --roleid and --rolename are mutually exclusive\n" + try("get-roles"),
		"set-password --new-password x":                "No user specified. Use --username or --userid to specify user\n" + try("set-password"),
		"set-password --username a --userid b":         "Options --userid and --username are mutually exclusive\n" + try("set-password"),
		"config foo":                                   "Unmatched argument at index 1: 'foo'\n" + try("config"),
		"config credentials --no-config --server x":    "Unsupported option: --no-config\n" + try("config credentials"),
		"config credentials --realm x":                 "Required option not specified: --server\n" + try("config credentials"),
		"config credentials --server http://127.0.0.1": "Required option not specified: --realm\n" + try("config credentials"),
		"config truststore x -d":                       "Option --delete is mutually exclusive with specifying a TRUSTSTORE\n" + try("config truststore"),
		"--server x get":                               "Unknown options: '--server', 'x'\n" + try(""),
		"get clients -F=":                              "Fields spec is null or empty!\n" + try("get"),
		"get clients --format=":                        "Unsupported output format: \n" + try("get"),
		"get-roles --rid x --available":                "Option --available not supported with composite roles. Try 'kcadm.sh get-roles' for full list of realm roles\n" + try("get-roles"),
		"help nonsense":                                "Unknown command: nonsense\nTry 'kcadm.sh help' for more information on the available options.",
	} {
		want = strings.ReplaceAll(want, "Possible solutions: \n", "")
		code, stdout, stderr := perform(t, line)
		if code != exitUsage || stdout != "" || strings.TrimRight(stderr, "\n") != want {
			t.Errorf("%s: exit code %d, %q\n%s\nwant\n%s", line, code, stdout, stderr, want)
		}
	}
}

// TestEmptyNames: what a variable that is not set leaves empty is not what is there by default. A command of each kind that
// takes the option refuses it before anything is asked.
func TestEmptyNames(t *testing.T) {
	for _, name := range naming {
		tried := 0
		for i := range commands {
			o := commands[i].option(name)
			if o == nil {
				continue
			}
			tried++
			code, stdout, stderr := perform(t, commands[i].name+" "+name+"=")
			if want := "option '" + name + "' (<" + o.label + ">) is empty\n"; code != exitUsage || stdout != "" || !strings.HasPrefix(stderr, want) {
				t.Errorf("%s %s=: exit code %d, %q, %q, want %q", commands[i].name, name, code, stdout, stderr, want)
			}
		}
		if tried == 0 {
			t.Errorf("no command takes %s", name)
		}
	}
}

// TestHelpOfMore: words that follow the name of a command mean nothing.
func TestHelpOfMore(t *testing.T) {
	for line, begin := range map[string]string{"help create get": "Usage: kcadm.sh create", "help config nonsense": "Usage: kcadm.sh config SUB_COMMAND"} {
		if code, stdout, _ := perform(t, line); code != exitOK || !strings.HasPrefix(stdout, begin) {
			t.Errorf("%s: exit code %d, %q, want %q", line, code, stdout, begin)
		}
	}
}

// TestFailures are command lines that make sense and cannot be done.
func TestFailures(t *testing.T) {
	for line, want := range map[string]string{
		"get realms": "No server specified. Use --server, or 'kcadm.sh config credentials'.",
		"get-roles":  "No server specified. Use --server, or 'kcadm.sh config credentials'.",
		"get clients --server http://127.0.0.1:1":                      "No realm or token specified. Use --realm, --token, or 'kcadm.sh config credentials'.",
		"new-object -f nofile":                                         "File not found: nofile",
		"new-object -s .b=1":                                           "Invalid attribute key: .b (at position 1)",
		"config truststore nofile":                                     "Truststore file not found: nofile",
		"config credentials --server foo --realm x":                    "Invalid server endpoint url: foo",
		"get x -F a(b --server http://127.0.0.1:1":                     "Invalid fields specification at position 3: a(b",
		"get x -s a=b --server http://127.0.0.1:1 --token x --realm y": "Request type does not support body: get",
	} {
		code, stdout, stderr := perform(t, line)
		if code != exitFailed || stdout != "" || strings.TrimRight(stderr, "\n") != want {
			t.Errorf("%s: exit code %d, %q\n%s\nwant\n%s", line, code, stdout, stderr, want)
		}
	}
}

// TestIdle: a command that is told nothing prints its help, and ends as misused.
func TestIdle(t *testing.T) {
	for _, line := range []string{"", "create", "get", "update", "delete", "add-roles", "add-roles -r x", "remove-roles", "set-password", "new-object",
		"config", "config credentials", "config truststore", "-x"} {
		code, stdout, stderr := perform(t, line)
		if code != exitUsage || !strings.Contains(stdout, "kcadm.sh") || stderr != "" {
			t.Errorf("%q: exit code %d, %q, %q", line, code, stdout, stderr)
		}
	}
}

func TestComplete(t *testing.T) {
	for line, want := range map[string]string{
		"":                 "add-roles config create delete get get-roles help new-object remove-roles set-password update",
		"se":               "set-password",
		"config ":          "credentials initial-token truststore",
		"get client-":      "client-scopes",
		"get realms --no":  "--no-config --noquotes",
		"help config":      "config",
		"set-password x y": "",
	} {
		words := strings.Split(line, " ")
		got := Complete(words[:len(words)-1], words[len(words)-1])
		for _, word := range strings.Fields(want) {
			if !strings.Contains(" "+strings.Join(got, " ")+" ", " "+word+" ") {
				t.Errorf("%q: %v lacks %s", line, got, word)
			}
		}
		if len(got) != len(strings.Fields(want)) {
			t.Errorf("%q: %v, want %s", line, got, want)
		}
	}
}

// perform runs a command line of words without spaces, with a home of its own.
func perform(t *testing.T, line string) (code int, stdout, stderr string) {
	t.Helper()
	t.Chdir(t.TempDir())
	home := filepath.Join(t.TempDir(), "home")
	var out, err bytes.Buffer
	p := &Program{Name: "kcadm.sh", In: strings.NewReader(""), Out: &out, Err: &err, Now: time.Now, NewID: func() string { return "id" },
		Getenv: func(name string) string { return map[string]string{"HOME": home}[name] }}
	code = p.Run(t.Context(), strings.Fields(line))
	return code, out.String(), err.String()
}
