package judge

import (
	"slices"

	"vigil/casefile"
)

// The numbers of Agreements (ADR-0034).
const (
	// agreementWindow is over how many of its newest visits a vantage is compared: at 50
	// a share is sure to some 6 points (one standard error at 80 %), and a mended uplink
	// is seen as mended after 10 visits.
	agreementWindow = 50
	// agreementLeast is from how many on something is said: 17 of 20 no chance
	// for a vantage that differs in every third visit (1 in 350,000 were visits independent).
	agreementLeast = 20
	// agreementShare is the share above which a vantage always dissents. Geographic
	// blocks and bot walls make honest vantages differ too; four of five is more than those explain.
	agreementShare = 0.8
	// agreementPerHost is how many visits of one host count: a host that turns one country
	// away says something of the host, not of the vantage. So a note needs four hosts at least.
	agreementPerHost = 5
)

// VantageAgreement is how one vantage gets on with the others.
type VantageAgreement struct {
	Vantage string
	Visits  int // that it is compared over, 0 to 50
	Dissent int // of them, those in which it said something else than the verdict
	// Mostly is the state that it said most often in its dissent; empty when there is none.
	Mostly casefile.State
}

// Ratio is the share of dissent, 0 to 1; 0 without visits.
func (w VantageAgreement) Ratio() float64 {
	return float64(w.Dissent) / float64(max(w.Visits, 1))
}

// Known says whether there are visits enough to say anything.
func (w VantageAgreement) Known() bool { return w.Visits >= agreementLeast }

// Always says whether the vantage practically always dissents, so that a person must
// look at it: as it is, it can hold up removals and add nothing.
func (w VantageAgreement) Always() bool { return w.Known() && w.Ratio() > agreementShare }

// Agreements compares the vantages over counted visits, the newest first, and gives
// one VantageAgreement a vantage in the order given. A visit with fewer than two opinions
// says nothing; see dissented.
func Agreements(vantages []casefile.Vantage, votes []casefile.VisitVote) []VantageAgreement {
	all := make([]VantageAgreement, len(vantages))
	for i, v := range vantages {
		all[i] = agreementOf(v.Name, votes)
	}
	return all
}

func agreementOf(vantage string, votes []casefile.VisitVote) VantageAgreement {
	w := VantageAgreement{Vantage: vantage}
	hosts, said := map[casefile.HostKey]int{}, map[casefile.State]int{}
	for _, t := range votes {
		if w.Visits == agreementWindow {
			break
		}
		if len(t.Looked) < 2 || hosts[t.Host] == agreementPerHost || !slices.Contains(t.Looked, vantage) {
			continue
		}
		hosts[t.Host]++
		w.Visits++
		if state := saidBy(vantage, t); dissented(state, t) {
			w.Dissent++
			said[state]++
		}
	}
	for _, s := range casefile.States {
		if said[s] > said[w.Mostly] {
			w.Mostly = s
		}
	}
	return w
}

// saidBy is the state that a vantage would have given alone.
func saidBy(vantage string, t casefile.VisitVote) casefile.State {
	for _, d := range t.Dissent {
		if d.Vantage == vantage {
			return d.State
		}
	}
	return t.State
}

// dissented says whether a vantage that says a state stands against the others:
//   - a sighting never does: one that is trustworthy makes the verdict;
//   - where the verdict is that nothing could be seen, and some did get an answer
//     (gone or changed), those do that got none: they are why nothing is decided;
//   - else whoever says another state than the verdict; where some see the target and
//     some do not (fenced), those that do not.
func dissented(state casefile.State, t casefile.VisitVote) bool {
	if state == casefile.StateLive {
		return false
	}
	if blind(t.State) && slices.ContainsFunc(t.Dissent, func(d casefile.Dissent) bool { return !blind(d.State) }) {
		return blind(state)
	}
	return state != t.State
}

// blind says whether a state tells nothing about the target itself.
func blind(s casefile.State) bool { return s == casefile.StateSilent || s == casefile.StateWithheld }
