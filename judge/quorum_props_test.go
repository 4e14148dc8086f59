package judge_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"vigil/casefile"
	"vigil/judge"
)

// saying are looks at a target with a baseline, by the state that one vantage alone makes of them.
var saying = map[casefile.State][]*casefile.Observation{
	casefile.StateLive:     {answer(200, article())},
	casefile.StateGone:     {answer(404, bare()), answer(410, bare()), fault(casefile.FaultNXDomain, casefile.PhaseResolve)},
	casefile.StateChanged:  {answer(200, another(), "https://elsewhere.test/"), answer(200, another())},
	casefile.StateWithheld: {answer(403, bare()), answer(401, bare()), answer(451, bare())},
	casefile.StateSilent:   {fault(casefile.FaultTimeout, casefile.PhaseConnect), fault(casefile.FaultInterrupted, casefile.PhaseConnect), answer(503, bare())},
}

// TestTheLooksOfTheQuorumSayWhatTheyAreFor keeps the properties below from being empty.
func TestTheLooksOfTheQuorumSayWhatTheyAreFor(t *testing.T) {
	t.Parallel()
	for state, looks := range saying {
		for i, o := range looks {
			if v := judge.Decide(judge.Input{Target: asked, Observations: []casefile.Observation{*o}, Baseline: article()}); v.State != state {
				t.Errorf("look %d of %s is %s, %s", i, state, v.State, v.Reason)
			}
		}
	}
}

// jury are up to nine vantages in up to four networks, each with one look of any state.
type jury struct {
	in     judge.Input
	states []casefile.State
}

var anyJury = rapid.Custom(func(t *rapid.T) jury {
	j := jury{in: judge.Input{Target: asked, Baseline: article()}}
	mix := rapid.SliceOfNDistinct(rapid.SampledFrom(casefile.States[:5]), 1, 5, rapid.ID).Draw(t, "states that occur")
	for i := range rapid.IntRange(0, 9).Draw(t, "vantages") {
		state := rapid.SampledFrom(mix).Draw(t, "state")
		name := string(rune('a' + i))
		j.states = append(j.states, state)
		j.in.Observations = append(j.in.Observations, from(name, rapid.SampledFrom(saying[state]).Draw(t, "look")))
		j.in.Vantages = append(j.in.Vantages, casefile.Vantage{Name: name, Network: fmt.Sprint("AS", 64500+rapid.IntRange(0, 3).Draw(t, "network"))})
	}
	return j
})

func (j jury) count(s casefile.State) int {
	n := 0
	for _, x := range j.states {
		if x == s {
			n++
		}
	}
	return n
}

// networks counts the networks of those that found it gone.
func (j jury) networks() int {
	seen := map[string]bool{}
	for i, s := range j.states {
		if s == casefile.StateGone {
			seen[j.in.Vantages[i].Network] = true
		}
	}
	return len(seen)
}

// written is the rule of docs/verdict-reference.md ("Several vantages"), told another way than in the code.
func (j jury) written() casefile.State {
	n, live, gone := len(j.states), j.count(casefile.StateLive), j.count(casefile.StateGone)
	spared := []int{0, 0, 0, 1, 1, 1, 2, 2, 2, 2}[n]
	switch {
	case n == 0:
		return casefile.StateSilent
	case live > 0 && gone > 0:
		return casefile.StateFenced
	case live > 0:
		return casefile.StateLive
	case gone > 0 && n-gone <= spared && (n < 3 || j.networks() > 1):
		return casefile.StateGone
	}
	verdict, most := casefile.StateSilent, 0 // silent too when all found it gone and no two are independent
	for _, s := range []casefile.State{casefile.StateChanged, casefile.StateWithheld, casefile.StateSilent} {
		if c := j.count(s); c > most {
			verdict, most = s, c
		}
	}
	return verdict
}

// TestQuorumOfUpToNineVantages goes through every number of vantages that say each state, in
// one network, in two by turns, and in one each.
func TestQuorumOfUpToNineVantages(t *testing.T) {
	t.Parallel()
	tried := 0
	var all func(states []casefile.State, next int)
	all = func(states []casefile.State, next int) {
		for networks := 1; networks <= 3; networks++ {
			j := jury{in: judge.Input{Target: asked, Baseline: article()}, states: states}
			for i, s := range states {
				name := string(rune('a' + i))
				j.in.Observations = append(j.in.Observations, from(name, saying[s][0]))
				j.in.Vantages = append(j.in.Vantages, casefile.Vantage{Name: name, Network: fmt.Sprint("AS", 64500+map[int]int{1: 0, 2: i % 2, 3: i}[networks])})
			}
			if v := judge.Decide(j.in); v.State != j.written() {
				t.Errorf("%v in %d networks: %s, want %s", states, j.networks(), v.State, j.written())
			}
			tried++
		}
		if len(states) == 9 {
			return
		}
		for i := next; i < 5; i++ {
			all(append(slices.Clone(states), casefile.States[i]), i)
		}
	}
	all(nil, 0)
	if tried != 3*2002 { // the multisets of up to nine of five: C(14, 5)
		t.Errorf("%d juries", tried)
	}
}

// TestQuorumFollowsTheWrittenRule: for any vantages, networks and states.
func TestQuorumFollowsTheWrittenRule(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		j := anyJury.Draw(t, "jury")
		v := judge.Decide(j.in)
		soundVerdict(t, v)
		if want := j.written(); v.State != want {
			t.Fatalf("%v in %d networks: %s, want %v", j.states, j.networks(), v.State, want)
		}
		if v.State == casefile.StateSilent && j.count(casefile.StateSilent) == 0 && v.Reason != casefile.ReasonInterrupted {
			t.Fatalf("nobody was silent, and the reason is %s", v.Reason)
		}
		for i, s := range j.states { // who differs is named, and nobody else
			named := slices.ContainsFunc(v.Dissent, func(d casefile.Dissent) bool { return d.Vantage == j.in.Vantages[i].Name && d.State == s })
			if named != (s != v.State) && len(j.states) > 1 {
				t.Fatalf("vantage %d says %s of a verdict %s, named as dissent: %v", i, s, v.State, named)
			}
		}
	})
}

// TestQuorumDoesNotDependOnOrder: neither on that of the looks nor on that of the vantages.
func TestQuorumDoesNotDependOnOrder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		j := anyJury.Draw(t, "jury")
		other := j.in
		other.Observations = rapid.Permutation(j.in.Observations).Draw(t, "looks")
		other.Vantages = rapid.Permutation(j.in.Vantages).Draw(t, "vantages")
		if diff := cmp.Diff(judge.Decide(j.in), judge.Decide(other)); diff != "" {
			t.Fatal(diff)
		}
	})
}

// goneness orders verdicts by how much they take a target for gone.
var goneness = map[casefile.State]int{
	casefile.StateLive: 0, casefile.StateFenced: 1, casefile.StateChanged: 1, casefile.StateWithheld: 1, casefile.StateSilent: 1, casefile.StateGone: 2,
}

// TestMoreSightingsAreNeverMoreGone: whichever vantages see it that did not, and however many
// vantages come that do, the verdict is live or fenced, and less gone than before or as little.
func TestMoreSightingsAreNeverMoreGone(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		j := anyJury.Draw(t, "jury")
		more := j.in
		more.Observations, more.Vantages = slices.Clone(j.in.Observations), slices.Clone(j.in.Vantages)
		sightings := 0
		for i := range more.Observations {
			if rapid.Bool().Draw(t, "sees it now") {
				more.Observations[i] = from(more.Observations[i].Vantage, answer(200, article()))
				sightings++
			}
		}
		for i := range rapid.IntRange(0, 3).Draw(t, "new vantages") {
			name := fmt.Sprint("new-", i)
			more.Observations = append(more.Observations, from(name, answer(200, article())))
			more.Vantages = append(more.Vantages, casefile.Vantage{Name: name, Network: "AS64500"})
			sightings++
		}
		if sightings == 0 {
			return
		}
		before, after := judge.Decide(j.in), judge.Decide(more)
		if after.State != casefile.StateLive && after.State != casefile.StateFenced {
			t.Fatalf("%d more sightings: %s", sightings, after.State)
		}
		if before.State == casefile.StateLive && after.State != casefile.StateLive || goneness[after.State] > max(goneness[before.State], 1) {
			t.Fatalf("%d more sightings: %s from %s", sightings, after.State, before.State)
		}
	})
}

// TestSilenceIsNeverMoreGone: a vantage that falls silent makes no verdict gone that was
// not, unless it was the only one that saw the target: that is what Faults allows.
func TestSilenceIsNeverMoreGone(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		j := anyJury.Draw(t, "jury")
		if len(j.states) == 0 {
			return
		}
		i := rapid.IntRange(0, len(j.states)-1).Draw(t, "silenced")
		quieter := j.in
		quieter.Observations = slices.Clone(j.in.Observations)
		quieter.Observations[i] = from(quieter.Observations[i].Vantage, fault(casefile.FaultTimeout, casefile.PhaseConnect))
		before, after := judge.Decide(j.in), judge.Decide(quieter)
		if after.State == casefile.StateGone && before.State != casefile.StateGone && j.states[i] != casefile.StateLive {
			t.Fatalf("%v: silence of vantage %d (%s) made it gone", j.states, i, j.states[i])
		}
	})
}
