package pages

import (
	"html/template"
	"math"
	"strconv"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/realm"
)

// The cards that links stand on, as in page.css.
const (
	lightCard = "#ffffff"
	darkCard  = "#1b2029"
)

// style is a realm's colours as a style sheet; empty where it has none.
func style(look *realm.Look) template.CSS {
	light := properties(look.Accent, look.Background, lightCard)
	dark := properties(look.AccentDark, look.BackgroundDark, darkCard)
	var out strings.Builder
	if light != "" {
		// Only where light is asked for: in the dark, ours are easier to read.
		out.WriteString("@media (prefers-color-scheme: light) { :root {" + light + "} }")
	}
	if dark != "" {
		out.WriteString("@media (prefers-color-scheme: dark) { :root {" + dark + "} }")
	}
	return template.CSS(out.String()) // the colours are numbers in hexadecimal
}

// readable is the least contrast of text (WCAG 2.2 §1.4.3).
const readable = 4.5

// properties sets colours. Text on the accent is black or white, whichever can be read; links take the
// accent only where it can be read on the card.
func properties(accent, background, card string) string {
	var out strings.Builder
	if accent != "" {
		on := "#ffffff"
		if contrast(accent, "#000000") > contrast(accent, on) {
			on = "#000000"
		}
		out.WriteString(" --accent: " + accent + "; --on-accent: " + on + ";")
		if contrast(accent, card) < readable {
			out.WriteString(" --link: var(--text);")
		}
	}
	if background != "" {
		out.WriteString(" --page: " + background + ";")
	}
	return out.String()
}

// contrast of two colours, from 1 to 21.
func contrast(a, b string) float64 {
	x, y := luminance(a), luminance(b)
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

// luminance of a colour such as "#0b57d0", from 0 to 1.
func luminance(colour string) float64 {
	n, err := strconv.ParseUint(strings.TrimPrefix(colour, "#"), 16, 32)
	if err != nil {
		return 0
	}
	part := func(shift uint) float64 {
		v := float64(n>>shift&255) / 255
		if v <= 0.04045 {
			return v / 12.92
		}
		return math.Pow((v+0.055)/1.055, 2.4)
	}
	return 0.2126*part(16) + 0.7152*part(8) + 0.0722*part(0)
}
