package pages

import (
	"fmt"
	"net/http"
)

// Said is a text that somebody configured, in the language of whoever asks: its references ${key} are message keys.
// It is for answers that are no pages.
func (s *Site) Said(r *http.Request, v View, text string) (string, error) {
	look, err := s.looks.Look(r.Context(), v.Realm)
	if err != nil {
		return "", fmt.Errorf("look of realm %q: %w", v.Realm.Name, err)
	}
	return words{languageOf(r, v, look), look.Texts}.resolve(text), nil
}
