//go:build race

package web_test

// slower is how much the race detector may slow a page down.
const slower = 10
