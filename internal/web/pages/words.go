package pages

import (
	"embed"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/page"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
)

//go:embed messages
var messageFiles embed.FS

// english is the language of every realm that is not international.
const english = "en"

// texts are ours, by locale and message key.
var texts = map[string]map[string]string{"en": readTexts("en"), "de": readTexts("de")}

// readTexts reads lines of key=text.
func readTexts(locale string) map[string]string {
	file, err := messageFiles.ReadFile("messages/" + locale + ".properties")
	if err != nil {
		panic(err) // it is part of the program
	}
	out := map[string]string{}
	for line := range strings.Lines(string(file)) {
		if key, text, ok := strings.Cut(strings.TrimSpace(line), "="); ok && key[0] != '#' {
			out[key] = text
		}
	}
	return out
}

// locale is the language of a page: the first of those asked for that the realm offers.
func locale(r *http.Request, v View, look *realm.Look) string {
	if !v.Realm.Internationalize {
		return english
	}
	asked := []string{r.URL.Query().Get("kc_locale")}
	asked = append(asked, strings.Fields(v.Locale)...)
	if c, err := r.Cookie("KEYCLOAK_LOCALE"); err == nil {
		asked = append(asked, c.Value)
	}
	for _, language := range strings.Split(r.Header.Get("Accept-Language"), ",") { // browsers send the best first
		tag, _, _ := strings.Cut(language, ";")
		asked = append(asked, strings.TrimSpace(tag))
	}
	for _, tag := range append(asked, v.Realm.DefaultLocale) {
		for _, tag := range []string{tag, primary(tag)} {
			if tag != "" && slices.Contains(look.Locales, tag) {
				return tag
			}
		}
	}
	return english
}

// primary is a language without its region.
func primary(tag string) string {
	language, _, _ := strings.Cut(tag, "-")
	return language
}

// words says message keys in a language.
type words struct {
	Locale string
	realm  map[string]map[string]string
}

// lookup finds the text of a key: the realm's before ours, the language's before English.
func (w words) lookup(key string) (string, bool) {
	for _, locale := range []string{w.Locale, primary(w.Locale), english} {
		for _, all := range []map[string]map[string]string{w.realm, texts} {
			if text, ok := all[locale][key]; ok {
				return text, true
			}
		}
	}
	return "", false
}

// T is the text of a key.
func (w words) T(key string, args ...string) string { return w.Say(page.T(key, args...)) }

var reference = regexp.MustCompile(`\$\{([^}]+)\}`)

// Say is a text. What no language knows is shown itself, with its references resolved.
func (w words) Say(t page.Text) string {
	text, ok := w.lookup(t.Key)
	if !ok {
		return w.resolve(t.Key)
	}
	args := make([]string, len(t.Args))
	for i := range args {
		args[i] = w.resolve(t.Args[i])
	}
	return format(text, args)
}

// resolve replaces each ${key} by its text; one without a text stays as its key.
func (w words) resolve(text string) string {
	return reference.ReplaceAllStringFunc(text, func(r string) string {
		key := r[2 : len(r)-1]
		if text, ok := w.lookup(key); ok {
			return format(text, nil)
		}
		return key
	})
}

var slot = regexp.MustCompile(`''|\{(\d+)\}`)

// format puts arguments into a text as Java's MessageFormat does, as far as messages use it: {0} is an
// argument, two quotes are one.
func format(text string, args []string) string {
	return slot.ReplaceAllStringFunc(text, func(s string) string {
		if s == "''" {
			return "'"
		}
		if i, err := strconv.Atoi(s[1 : len(s)-1]); err == nil && i < len(args) {
			return args[i]
		}
		return ""
	})
}
