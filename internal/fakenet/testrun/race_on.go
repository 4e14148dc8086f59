//go:build race

package testrun

// Race says that the race detector is on: it slows a test down about tenfold and makes pools forget at random.
const Race = true
