package explain

// Fix is one change that makes a refusal vanish.
type Fix struct {
	Sentence string `json:"sentence"`
	Command  string `json:"command"` // as typed in a shell
}
