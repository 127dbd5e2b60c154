package realm

// Look is how a realm's pages look and speak. The zero value looks as a new realm does.
type Look struct {
	Name    string                       // for people; empty: the realm's name
	Locales []string                     // languages to choose from, where the realm is international
	Texts   map[string]map[string]string // locale → message key → text, in place of ours

	// Headers are the values of the headers that tell browsers what pages may do, by their HTTP names. An
	// empty value removes the header; one that is not there has its default.
	Headers map[string]string

	Accent, AccentDark         string // colours as "#0b57d0", of buttons and links; empty: ours
	Background, BackgroundDark string
	Logo                       string // address of an image, https: or data:image/; empty: the realm's name
}
