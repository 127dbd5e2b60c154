package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/tokenhouse/tokenhouse/internal/core/explain"
	"github.com/tokenhouse/tokenhouse/internal/flow/rehearse"
)

// TestFixesOfAudiencesFix runs every command that explains how an audience could be reached, as a shell would read
// it, against a server that has the realm anew: the audience is reached then.
func TestFixesOfAudiencesFix(t *testing.T) {
	o := newBench(t)
	files, err := filepath.Glob("../core/audience/testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		realmFile, q, lightweight := golden(t, file)
		for _, want := range q.Want {
			q := q
			q.Want = []string{want}
			for i := 0; ; i++ {
				o.restore(realmFile)
				if lightweight {
					o.run(`tokenhouse admin update clients/client-` + q.Client + ` -r shop -s 'attributes."client.use.lightweight.access.token.enabled"=true'`)
				}
				var before rehearse.AudienceAnswer
				o.explain("audience", q, &before)
				if i == len(before.Wanted[0].Fixes) {
					break
				}
				fix := before.Wanted[0].Fixes[i]
				o.run(fix.Command)
				after := o.reached(asked(q, fix))
				if !after.Wanted[0].Reached {
					t.Errorf("%s: %s\n%s\nand still %s is not reached", filepath.Base(file), fix.Sentence, fix.Command, want)
				}
				o.note(fix)
			}
		}
	}
	o.ran("ask for optional client scope", "let mapper", "give client ", "give client scope", "make client scope",
		"give alice role", "let client", "enable client")
}

// TestFixesOfExchangesFix does likewise for what an exchange is refused for: another rule may refuse then, but
// not this one.
func TestFixesOfExchangesFix(t *testing.T) {
	o := newBench(t)
	shop, err := os.ReadFile("../core/exchange/testdata/shop.json")
	if err != nil {
		t.Fatal(err)
	}
	set := func(client, attribute, value string) string {
		return fmt.Sprintf(`tokenhouse admin update clients/%s -r shop -s 'attributes."%s"=%s'`, client, attribute, value)
	}
	const permitted, accepts = "tokenhouse.exchange.permitted", "tokenhouse.exchange.accepts"
	text := func(s string) *string { return &s }
	for _, tt := range []struct {
		rule  explain.Rule
		setup string
		q     rehearse.Question
	}{
		{explain.ExchangeEnabled, "", rehearse.Question{Client: "plain"}},
		{explain.ExchangeType, "", rehearse.Question{Client: "gateway", Type: "refresh"}},
		{explain.ExchangeType, set("refresher", "use.refresh.tokens", "false"), rehearse.Question{Client: "refresher", Type: "refresh"}},
		{explain.ExchangeTarget, "", rehearse.Question{Client: "gateway", Audience: []string{"orders", "warehouse", "bakery"}}},
		{explain.ExchangeTarget, "", rehearse.Question{Client: "gateway", Audience: []string{"orders", "closed"}}},
		{explain.ExchangePublic, "", rehearse.Question{Client: "kiosk"}},
		{explain.ExchangeHolder, "", rehearse.Question{Client: "outsider"}},
		{explain.ExchangeScope, "", rehearse.Question{Client: "gateway", Scope: text("callers")}},
		{explain.ExchangeSession, "tokenhouse admin delete clients/refresher/optional-client-scopes/offline_access -r shop && " +
			"tokenhouse admin update clients/refresher/default-client-scopes/offline_access -r shop", rehearse.Question{Client: "refresher", Type: "refresh"}},
		{explain.ExchangeConsent, "", rehearse.Question{Client: "consenting", Scope: text("profile")}},
		{explain.ExchangePermitted, set("gateway", permitted, "orders"), rehearse.Question{Client: "gateway", Audience: []string{"orders", "billing"}}},
		{explain.ExchangePermitted, set("gateway", permitted, "##"), rehearse.Question{Client: "gateway"}},
		{explain.ExchangePermitted, "", rehearse.Question{Client: "app", SubjectClient: "app", Audience: []string{"billing"}}},
		{explain.ExchangeAccepts, set("billing", accepts, "refresher"), rehearse.Question{Client: "gateway", Audience: []string{"billing"}}},
		{explain.ExchangeAccepts, set("billing", accepts, "##") + " && " + set("orders", accepts, "##"), rehearse.Question{Client: "gateway"}},
		{explain.ExchangeDelegation, "", rehearse.Question{Client: "gateway", ActorUser: "bob"}},
		{explain.AudienceRequested, "", rehearse.Question{Client: "gateway", Audience: []string{"crm"}}},
		{explain.AudienceRequested, "", rehearse.Question{Client: "gateway", Audience: []string{"outsider", "crm"}}},
	} {
		if tt.q.SubjectClient == "" {
			tt.q.SubjectClient = "spa"
		}
		tt.q.User = "alice"
		for i := 0; ; i++ {
			o.restore(shop)
			o.run(tt.setup)
			var before, after rehearse.ExchangeAnswer
			o.explain("exchange", tt.q, &before)
			if rule := denied(before); before.Granted || rule != tt.rule || len(before.Fixes) == 0 {
				t.Errorf("%+v: %s refuses: %+v", tt.q, rule, before)
				break
			}
			if i == len(before.Fixes) {
				break
			}
			fix := before.Fixes[i]
			if fix.Command == "" {
				continue
			}
			o.run(fix.Command)
			o.explain("exchange", tt.q, &after)
			if after.Description == before.Description && !after.Granted {
				t.Errorf("%s\n%s\nand still: %s", fix.Sentence, fix.Command, after.Description)
			}
		}
	}
}

// denied is the rule that refused.
func denied(a rehearse.ExchangeAnswer) explain.Rule {
	for _, s := range slices.Backward(a.Trace) {
		if s.Outcome == explain.Denied {
			return s.Rule
		}
	}
	return ""
}

// golden reads a realm file and a question about it, and whether that is about a lightweight token. What no
// sign-in leads to is left out.
func golden(t *testing.T, file string) (realmFile []byte, q rehearse.Question, lightweight bool) {
	t.Helper()
	archive, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var play struct {
		Client, User, Scope, Use string
		Audiences, Want          []string
	}
	for _, f := range archive.Files {
		switch f.Name {
		case "realm.json":
			realmFile = f.Data
		case "request.json":
			if err := json.Unmarshal(f.Data, &play); err != nil {
				t.Fatal(err)
			}
		}
	}
	q = rehearse.Question{Client: play.Client, User: play.User, Scope: &play.Scope, Want: play.Want}
	if play.Audiences != nil || play.User == "" {
		q.Want = nil
	}
	return realmFile, q, play.Use == "lightweight"
}

// asked is the question as a fix wants it asked, whose sentence ends with a parameter in parentheses.
func asked(q rehearse.Question, fix explain.Fix) rehearse.Question {
	if _, rest, ok := strings.Cut(fix.Sentence, "(scope="); ok {
		scope, _, _ := strings.Cut(rest, ")")
		q.Scope = &scope
	}
	return q
}

// bench is a server with an administrator who is signed in by the command line.
type bench struct {
	*testing.T
	base, home string
	sentences  []string
}

func newBench(t *testing.T) *bench {
	o := &bench{T: t, base: administrated(t), home: t.TempDir()}
	o.admin("config", "credentials", "--server", o.base, "--realm", "master", "--user", "admin", "--password", "admin")
	return o
}

// admin runs one command.
func (o *bench) admin(args ...string) []byte {
	o.Helper()
	var stdout, stderr bytes.Buffer
	p := &program{in: strings.NewReader(""), out: &stdout, err: &stderr, environ: []string{"HOME=" + o.home}}
	if exit := p.kcadm("tokenhouse admin").Run(o.Context(), args); exit != exitOK {
		o.Fatalf("tokenhouse admin %q: exit code %d: %s", args, exit, stderr.String())
	}
	return stdout.Bytes()
}

// run runs commands with && between them, in the words that a shell makes of them.
func (o *bench) run(commands string) {
	o.Helper()
	if commands == "" {
		return
	}
	const reader = `tokenhouse() { for word; do printf '%s\000' "$word"; done; printf '\n'; }; `
	out, err := exec.CommandContext(o.Context(), "sh", "-c", reader+commands).Output()
	if err != nil {
		o.Fatalf("%s: %v", commands, err)
	}
	for command := range strings.SplitSeq(strings.TrimSuffix(string(out), "\n"), "\n") {
		words := strings.Split(strings.TrimSuffix(command, "\x00"), "\x00")
		if words[0] != "admin" {
			o.Fatalf("%s: is no command of administrators", commands)
		}
		o.admin(words[1:]...)
	}
}

// restore makes the realm anew.
func (o *bench) restore(realmFile []byte) {
	o.Helper()
	var realm map[string]any
	if err := json.Unmarshal(realmFile, &realm); err != nil {
		o.Fatal(err)
	}
	realm["components"] = map[string]any{"org.keycloak.keys.KeyProvider": []map[string]string{{"name": "hmac", "providerId": "hmac-generated"}}} // made faster than others
	text, err := json.Marshal(realm)
	if err != nil {
		o.Fatal(err)
	}
	file := filepath.Join(o.home, "realm.json")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		o.Fatal(err)
	}
	if bytes.Contains(o.admin("get", "realms", "--fields", "realm"), []byte(`"shop"`)) {
		o.admin("delete", "realms/shop")
	}
	o.admin("create", "realms", "-f", file)
}

// explain asks the server.
func (o *bench) explain(what string, q rehearse.Question, into any) {
	o.Helper()
	text, err := json.Marshal(q)
	if err != nil {
		o.Fatal(err)
	}
	out := o.admin("create", "tokenhouse/explain/"+what, "-r", "shop", "-b", string(text), "-o")
	if err := json.Unmarshal(out, into); err != nil {
		o.Fatalf("%s: %v", out, err)
	}
}

func (o *bench) reached(q rehearse.Question) (a rehearse.AudienceAnswer) {
	o.Helper()
	o.explain("audience", q, &a)
	return a
}

func (o *bench) note(fix explain.Fix) { o.sentences = append(o.sentences, fix.Sentence) }

// ran sees that a fix of each kind was run.
func (o *bench) ran(kinds ...string) {
	for _, kind := range kinds {
		if !slices.ContainsFunc(o.sentences, func(s string) bool { return strings.HasPrefix(s, kind) }) {
			o.Errorf("no fix was run that says %q", kind)
		}
	}
}
