package pages

import (
	"cmp"
	"embed"
	"net/http"
	"regexp"
	"strconv"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/locale"
	"github.com/tokenhouse/tokenhouse/internal/core/page"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
)

//go:embed messages
var messageFiles embed.FS

// texts are ours, by locale and message key.
var texts = map[string]map[string]string{"en": readTexts("en"), "de": readTexts("de")}

// readTexts reads lines of key=text.
func readTexts(tag string) map[string]string {
	file, err := messageFiles.ReadFile("messages/" + tag + ".properties")
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

// languageOf is the language of a page.
func languageOf(r *http.Request, v View, look *realm.Look) string {
	if !v.Realm.Internationalize {
		return locale.English
	}
	w := v.Wishes
	w.Chosen = cmp.Or(r.URL.Query().Get(localeParameter), w.Chosen)
	w.Browser = r.Header.Get("Accept-Language")
	if c, err := r.Cookie(localeCookie); err == nil {
		w.Kept = c.Value
	}
	return locale.Choose(look.Locales, v.Realm.DefaultLocale, w)
}

// words says message keys in a language.
type words struct {
	Locale string
	realm  map[string]map[string]string
}

// lookup finds the text of a key: the realm's before ours, the language's before English.
func (w words) lookup(key string) (string, bool) {
	for _, tag := range []string{w.Locale, locale.Primary(w.Locale), locale.English} {
		for _, all := range []map[string]map[string]string{w.realm, texts} {
			if text, ok := all[tag][key]; ok {
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
