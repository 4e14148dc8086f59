package judge

import (
	"cmp"
	"fmt"
	"slices"

	"vigil/casefile"
)

// rank orders what one vantage said in several looks: the first is counted. A
// sighting beats all; what could hide the content beats absence; silence is last.
var rank = map[casefile.State]int{
	casefile.StateLive: 0, casefile.StateChanged: 1, casefile.StateWithheld: 2, casefile.StateGone: 3, casefile.StateSilent: 4,
}

// opinions judges each look of the target and keeps one opinion a vantage, sorted by vantage. Looks
// without the recorded referrer speak to the opinion of their vantage.
func opinions(in Input) []opinion {
	all := make([]opinion, 0, len(in.Observations))
	for i := range in.Observations {
		o := &in.Observations[i]
		if !o.Purpose.IsProbe() {
			all = append(all, judgeLook(o, &in))
		}
	}
	slices.SortFunc(all, func(a, b opinion) int {
		return cmp.Or(cmp.Compare(a.vantage, b.vantage), cmp.Compare(rank[a.state], rank[b.state]),
			cmp.Compare(a.reason, b.reason), compareSignals(a.signals, b.signals))
	})
	all = slices.CompactFunc(all, func(a, b opinion) bool { return a.vantage == b.vantage })
	in.weighDirect(all)
	return all
}

func compareSignals(a, b []casefile.Signal) int {
	return slices.CompareFunc(a, b, func(x, y casefile.Signal) int {
		return cmp.Or(cmp.Compare(x.Name, y.Name), cmp.Compare(x.Value, y.Value), cmp.Compare(x.PointsTo, y.PointsTo))
	})
}

// Faults is how many of n vantages may fail to see what the others see: 0 up to 2
// vantages, 1 for 3 to 5, 2 from 6 on.
func Faults(n int) int { return min(2, n/3) }

// quorum makes one verdict of the opinions, one of each vantage:
//   - one sighting is live; together with an absence elsewhere it is fenced;
//   - gone needs all vantages but Faults(n), in at least two networks from three vantages on;
//   - else the most frequent opinion that is not gone; silence never becomes gone.
func quorum(all []opinion, vantages []casefile.Vantage) casefile.Verdict {
	switch len(all) {
	case 0:
		return verdict(opinion{state: casefile.StateSilent, reason: casefile.ReasonInterrupted,
			signals: []casefile.Signal{{Name: "vantages", Value: "looked=0", PointsTo: casefile.StateSilent}}}, nil)
	case 1:
		return verdict(all[0], nil)
	}
	live, gone := count(all, casefile.StateLive), count(all, casefile.StateGone)
	networks := goneNetworks(all, vantages)
	tally := casefile.Signal{Name: "vantages", Value: fmt.Sprintf("looked=%d live=%d gone=%d networks=%d", len(all), live, gone, networks)}
	enough := gone > 0 && gone >= len(all)-Faults(len(all))
	var chosen opinion
	switch {
	case live > 0 && gone > 0:
		chosen = opinion{state: casefile.StateFenced, reason: casefile.ReasonFenced, signals: fencedSignals(all)}
	case live > 0:
		chosen = frequent(all, casefile.StateLive)
	case enough && (len(all) < 3 || networks >= 2):
		chosen = frequent(all, casefile.StateGone)
	case gone == len(all): // no two independent witnesses: the fault is ours
		chosen = opinion{state: casefile.StateSilent, reason: casefile.ReasonInterrupted}
	default:
		chosen = frequent(all, "")
	}
	tally.PointsTo = chosen.state
	return verdict(chosen, all, tally)
}

// verdict makes a verdict of the chosen opinion; all are listed in it that say another state.
func verdict(chosen opinion, all []opinion, more ...casefile.Signal) casefile.Verdict {
	v := casefile.Verdict{State: chosen.state, Reason: chosen.reason, Signals: append(more, chosen.signals...)}
	if len(v.Signals) > casefile.MaxSignals {
		v.Signals = v.Signals[:casefile.MaxSignals]
	}
	for _, o := range all {
		if o.state != v.State && len(v.Dissent) < maxDissent {
			v.Dissent = append(v.Dissent, casefile.Dissent{Vantage: o.vantage, State: o.state, Reason: o.reason})
		}
	}
	return v
}

// maxDissent bounds the list of dissenting vantages.
const maxDissent = 64

func count(all []opinion, s casefile.State) int {
	n := 0
	for _, o := range all {
		if o.state == s {
			n++
		}
	}
	return n
}

// goneNetworks counts the networks of the vantages that found the target gone.
func goneNetworks(all []opinion, vantages []casefile.Vantage) int {
	seen := make(map[string]bool, len(all))
	for _, o := range all {
		if o.state != casefile.StateGone {
			continue
		}
		network := ""
		for _, v := range vantages {
			if v.Name == o.vantage {
				network = v.Network
			}
		}
		seen[network] = true
	}
	return len(seen)
}

// frequent is the most frequent opinion of a state: the first vantage's with the
// most frequent reason. Without a state it is taken from the most frequent state that is not gone;
// of equals the one comes first that hides more.
func frequent(all []opinion, s casefile.State) opinion {
	if s == "" {
		s = casefile.StateSilent
		for _, t := range []casefile.State{casefile.StateWithheld, casefile.StateChanged} {
			if n := count(all, t); n > 0 && n >= count(all, s) {
				s = t
			}
		}
	}
	reasons := make(map[casefile.Reason]int, len(all))
	of := slices.DeleteFunc(slices.Clone(all), func(o opinion) bool { return o.state != s })
	for _, o := range of {
		reasons[o.reason]++
	}
	return slices.MinFunc(of, func(a, b opinion) int {
		return cmp.Or(cmp.Compare(reasons[b.reason], reasons[a.reason]), cmp.Compare(a.reason, b.reason))
	})
}

// fencedSignals names what one vantage that sees it and one that does not have seen.
func fencedSignals(all []opinion) []casefile.Signal {
	here, there := frequent(all, casefile.StateLive), frequent(all, casefile.StateGone)
	half := casefile.MaxSignals/2 - 1
	signals := slices.Clone(here.signals[:min(half, len(here.signals))])
	return append(signals, there.signals[:min(half, len(there.signals))]...)
}
