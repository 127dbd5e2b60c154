package replay

// Browser is the issue that brings what some steps need.
const Browser = "3 of 5 (browser)"

// Independent names a step that can be taken although an earlier one that changes something waits.
type Independent struct{ Scenario, Step, Why string }

// Waits tells for each step of a scenario which issue it waits for; "" where it can be taken.
//
// Waiting are the steps that use a browser or are answered by a page, those that need a value of one of
// them, and those that follow a change which waits, unless they are known to be independent of it. With
// browse, none waits.
func (s *Scenario) Waits(independent []Independent, browse bool) []string {
	free := map[string]bool{}
	for _, i := range independent {
		free[i.Step] = free[i.Step] || i.Scenario == s.Name
	}
	out := make([]string, len(s.Steps))
	missing := map[string]string{} // variable → what the step that saves it waits for
	changes := ""                  // what the last change waits for
	for i, step := range s.Steps {
		issue, change := step.needs()
		if browse {
			issue = ""
		}
		if change {
			changes = issue
		}
		for _, name := range variables(step) {
			if issue == "" {
				issue = missing[name]
			}
		}
		if issue == "" && !free[step.Name] {
			issue = changes
		}
		out[i] = issue
		for name := range step.Save {
			missing[name] = issue
		}
		if step.Sign != nil {
			missing[step.Sign.Save] = issue
		}
	}
	return out
}

// needs is the issue that brings what a step itself asks for, and whether the step may change what
// the server holds, so that later steps depend on it.
func (s *Step) needs() (issue string, change bool) {
	change = s.method() != "GET" && s.method() != "OPTIONS"
	switch {
	case s.Browser != "":
		return Browser, change
	case s.answeredByPage(): // to somebody without cookies, who has yet to answer it
		return Browser, false
	}
	return "", false
}

func (s *Step) answeredByPage() bool {
	if s.Want == nil {
		return false
	}
	body, _ := s.Want.Body.(map[string]any)
	return body["page"] != nil
}
