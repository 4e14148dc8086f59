package registry

import (
	"regexp"
	"sync"
)

// pattern is a regular expression that is compiled when it is first used: all of them
// take 3 ms and 1.4 MB, which a command that asks no registry need not spend. One that
// cannot be compiled panics then; the corpus of answers uses each.
func pattern(expression string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expression) })
}
