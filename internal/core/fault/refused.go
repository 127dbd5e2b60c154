package fault

// Refused says why a request cannot be met as things stand, where no field of the caller's input is to
// blame: a built-in flow does not change, say.
type Refused struct{ Message string }

func (e *Refused) Error() string { return e.Message }
