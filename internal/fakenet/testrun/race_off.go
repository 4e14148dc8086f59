//go:build !race

package testrun

// Race says that the race detector is off.
const Race = false
