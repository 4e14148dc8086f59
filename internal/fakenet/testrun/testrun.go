// Package testrun says what kind of run of the tests this is, and what a test has cost. Tests alone import it.
//
// `make test` must stay quick: what takes longer asks for a long run and is skipped there, with the reason.
// `make test-long` sets VIGIL_TEST_LONG=1 and runs it. No test may judge by the clock on the wall, because the
// machine may be busy with something else: a test that bounds a cost bounds the CPU time of this process.
package testrun

import (
	"os"
	"syscall"
	"testing"
	"time"
)

// Long says whether everything is wanted, however long it takes.
func Long() bool { return os.Getenv("VIGIL_TEST_LONG") == "1" }

// NeedsLong skips a test that takes too long for every run. What it does is told where it is skipped.
func NeedsLong(t testing.TB, does string) {
	t.Helper()
	if !Long() {
		t.Skipf("only in make test-long (VIGIL_TEST_LONG=1): %s", does)
	}
}

// Sample gives all in a long run, and at most n of them, always the same and spread evenly, in another.
func Sample[T any](all []T, n int) []T {
	if Long() || len(all) <= n {
		return all
	}
	some := make([]T, n)
	for i := range some {
		some[i] = all[i*len(all)/n]
	}
	return some
}

// Patience is how long a test waits for something that must happen. It ends a test that hangs and judges none.
const Patience = 2 * time.Minute

// Eventually waits until is holds, and fails the test when that never happens.
func Eventually(t testing.TB, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(Patience); !is(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited %v in vain: %s", Patience, what)
		}
	}
}

// CPU is the processor time of this whole process until now, user and system. Only a test that is not parallel
// may judge by it.
func CPU() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u) // cannot fail for RUSAGE_SELF
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
