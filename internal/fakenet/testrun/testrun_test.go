package testrun

import (
	"runtime"
	"slices"
	"testing"
	"time"
)

func TestSample(t *testing.T) {
	all := []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}
	for _, tt := range []struct {
		long string
		n    int
		want []int
	}{
		{"", 4, []int{0, 2, 5, 7}},
		{"", 10, all},
		{"", 99, all},
		{"1", 4, all},
	} {
		t.Setenv("VIGIL_TEST_LONG", tt.long)
		if got := Sample(all, tt.n); !slices.Equal(got, tt.want) {
			t.Errorf("VIGIL_TEST_LONG=%q: %d of 10 are %v, want %v", tt.long, tt.n, got, tt.want)
		}
	}
}

// A skipped test would tell nothing here: what runs inside says whether it was reached.
func TestNeedsLong(t *testing.T) {
	for _, tt := range []struct {
		long string
		runs bool
	}{{"", false}, {"0", false}, {"1", true}} {
		ran := false
		t.Setenv("VIGIL_TEST_LONG", tt.long)
		done := make(chan struct{})
		go func() {
			defer close(done)
			NeedsLong(skipper{t}, "nothing")
			ran = true
		}()
		<-done
		if ran != tt.runs {
			t.Errorf("VIGIL_TEST_LONG=%q: ran %v", tt.long, ran)
		}
	}
}

// skipper ends its goroutine instead of the test.
type skipper struct{ testing.TB }

func (skipper) Skipf(string, ...any) { runtime.Goexit() }

func TestCPUGoesOnWithWork(t *testing.T) {
	before, end := CPU(), time.Now().Add(Patience)
	for n := 0; CPU()-before < 20*time.Millisecond; n++ {
		if time.Now().After(end) {
			t.Fatal("the processor time stands still")
		}
	}
	before = CPU()
	time.Sleep(300 * time.Millisecond)
	if slept := CPU() - before; slept > 200*time.Millisecond {
		t.Errorf("sleeping cost %v", slept)
	}
}
