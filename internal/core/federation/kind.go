package federation

// preset is what a kind of provider comes with.
type preset struct{}
