//go:build race

package fetch

// underRace says that the race detector is on: it makes pools forget at random, so
// that allocations count nothing.
const underRace = true
