// Package locale chooses the language that somebody is spoken to in.
package locale

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// English is the language of every realm that does not offer others, and of what no other language has a text for.
const English = "en"

// Wishes are what is known of the language that somebody wants. All of it may be empty.
type Wishes struct {
	Chosen  string   // by themselves, for this sign-in or page (kc_locale)
	Own     string   // in their account
	Client  []string // by the application (ui_locales), the best first
	Kept    string   // by the browser (cookie KEYCLOAK_LOCALE)
	Browser string   // header Accept-Language, as it came
}

// Choose is the first of the offered languages that somebody wishes, in the order of Wishes as Keycloak has it; else the
// fallback where it is offered, and English where it is not. A wish for a region is content with the language.
func Choose(offered []string, fallback string, w Wishes) string {
	wished := append([]string{w.Chosen, w.Own}, w.Client...)
	wished = append(wished, w.Kept)
	wished = append(wished, accepted(w.Browser)...)
	for _, tag := range append(wished, fallback) {
		for _, tag := range []string{tag, Primary(tag)} {
			if tag != "" && slices.Contains(offered, tag) {
				return tag
			}
		}
	}
	return English
}

// Primary is a language without its region.
func Primary(tag string) string {
	language, _, _ := strings.Cut(tag, "-")
	return language
}

// accepted are the languages of a header Accept-Language, the best first (RFC 9110 §12.5.4).
func accepted(header string) []string {
	type weighed struct {
		tag    string
		weight float64
	}
	var all []weighed
	for item := range strings.SplitSeq(header, ",") {
		tag, parameter, _ := strings.Cut(item, ";")
		w := weighed{strings.TrimSpace(tag), 1}
		if q, ok := strings.CutPrefix(strings.TrimSpace(parameter), "q="); ok {
			weight, err := strconv.ParseFloat(q, 64)
			if err != nil {
				continue
			}
			w.weight = weight
		}
		if w.weight > 0 {
			all = append(all, w)
		}
	}
	slices.SortStableFunc(all, func(a, b weighed) int { return cmp.Compare(b.weight, a.weight) })
	tags := make([]string, len(all))
	for i := range all {
		tags[i] = all[i].tag
	}
	return tags
}
