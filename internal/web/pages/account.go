package pages

import "time"

// moment is a time for programs and for people.
type moment struct{ Machine, Human string }

// When is a time as people of the language write it. It is in UTC: where the reader is, nobody told.
func (s *sheet) When(t time.Time) moment {
	t = t.UTC()
	return moment{t.Format(time.RFC3339), t.Format(s.T("timeLayout"))}
}
