package audience

import "github.com/tokenhouse/tokenhouse/internal/core/explain"

// Fixes are the changes of configuration each of which makes want an audience of what q asks for; none
// where it is one already.
func Fixes(q Request, want string) []explain.Fix { return nil }
