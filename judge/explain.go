package judge

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"vigil/casefile"
)

// Explanation is a verdict in words, with the transcript of each look. The JSON
// names are a contract (docs/verdicts.md): some may be added, none is renamed.
type Explanation struct {
	State  casefile.State  `json:"state"`
	Reason casefile.Reason `json:"reason"`
	// Sentence says what was found, on which evidence, and how many vantages agree.
	Sentence string `json:"sentence"`
	// Counts says what such a verdict counts for.
	Counts  string             `json:"counts"`
	Signals []ExplainedSignal  `json:"signals" nullable:"false"`
	Dissent []ExplainedDissent `json:"dissent" nullable:"false"`
	Looks   []Transcript       `json:"looks" nullable:"false"`
}

// ExplainedSignal is a signal with what was observed, in words.
type ExplainedSignal struct {
	casefile.Signal
	Words string `json:"words"`
}

// ExplainedDissent is what one vantage alone would have said, in words.
type ExplainedDissent struct {
	casefile.Dissent
	Words string `json:"words"`
}

// Reading says whose verdict is explained, and what its reader may see.
type Reading struct {
	// Target tells the hosts of a look apart: the reported one, its site, another
	// site. Without it the first hop of a look counts as the reported host.
	Target casefile.Target
	// Names says that the reader may see names: the hosts of the hops and the CNAMEs.
	// Without it they are told by their role and their number.
	Names bool
	// Shown is put over every address, name server and value of a signal before it is
	// shown (web/mask); nil shows them as they are.
	Shown func(string) string
	both  bool // the visit looked with the recorded referrer and without it
}

func (r Reading) shown(s string) string {
	if r.Shown == nil {
		return s
	}
	return r.Shown(s)
}

// Explain puts a verdict into words. seen are the observations of its visit, in the
// order in which their transcripts are to stand. Nothing is judged anew: what is told
// is what the verdict kept. No list of the result is nil.
func Explain(v casefile.Verdict, seen []casefile.Observation, r Reading) Explanation {
	e := Explanation{
		State: v.State, Reason: v.Reason, Sentence: sentence(v, seen), Counts: stateCounts[v.State],
		Signals: []ExplainedSignal{}, Dissent: []ExplainedDissent{}, Looks: []Transcript{},
	}
	for _, s := range v.Signals {
		s.Value = r.shown(s.Value)
		e.Signals = append(e.Signals, ExplainedSignal{s, signalWords(s)})
	}
	for _, d := range v.Dissent {
		e.Dissent = append(e.Dissent, ExplainedDissent{d, fmt.Sprintf("%s alone would say %s: %s", d.Vantage, d.State, reasonWords(d.Reason, 0))})
	}
	r.both = slices.ContainsFunc(seen, func(o casefile.Observation) bool { return o.Purpose == casefile.PurposeDirect })
	for i := range seen {
		e.Looks = append(e.Looks, transcribe(&seen[i], r))
	}
	return e
}

// sentence is the verdict, its evidence and who agrees.
func sentence(v casefile.Verdict, seen []casefile.Observation) string {
	parts := []string{reasonWords(v.Reason, statusOf(v.Signals))}
	if v.Reason == casefile.ReasonRedirectedElsewhere && slices.ContainsFunc(v.Signals, func(s casefile.Signal) bool { return s.Name == "fault" }) {
		parts[0] = "the server sends the visitor on to a name that does not exist"
	}
	if v.State != casefile.StateFenced { // its signals are of two opinions
		parts = append(parts, evidence(v)...)
	}
	parts = append(parts, agreement(v, vantagesOf(seen)))
	return upper(string(v.State)) + ": " + strings.Join(parts, "; ") + "."
}

// maxEvidence bounds how many signals a sentence names; all are listed below it.
const maxEvidence = 3

// evidence names the signals that bear the verdict out and that its reason does not tell already.
func evidence(v casefile.Verdict) []string {
	var out []string
	for _, s := range v.Signals {
		switch {
		case s.PointsTo != v.State, len(out) == maxEvidence, s.Name == "vantages", s.Name == "fault":
			continue
		case s.Name == "status" && strings.Contains(reasonClauses[v.Reason], "status"):
			continue
		case s.Name == "redirect" && (v.Reason == casefile.ReasonRedirectedHome || v.Reason == casefile.ReasonRedirectedElsewhere):
			continue
		}
		out = append(out, signalWords(s))
	}
	return out
}

// agreement says how many of n vantages say the same.
func agreement(v casefile.Verdict, n int) string {
	live, gone := 0, 0
	for _, d := range v.Dissent {
		switch d.State {
		case casefile.StateLive:
			live++
		case casefile.StateGone:
			gone++
		default: // the list of dissent names them
		}
	}
	switch {
	case n == 0:
		return "no vantage looked"
	case n == 1:
		return "one vantage looked"
	case v.State == casefile.StateFenced:
		return fmt.Sprintf("of %d vantages %d saw it and %d found it gone", n, live, gone)
	case v.State == casefile.StateSilent && gone >= n:
		return fmt.Sprintf("all %d vantages found it gone, but they are in one network and no independent witnesses", n)
	}
	return fmt.Sprintf("%d of %d vantages agree", max(0, n-len(v.Dissent)), n)
}

// vantagesOf counts the vantages that looked at the target.
func vantagesOf(seen []casefile.Observation) int {
	names := make(map[string]bool, len(seen))
	for i := range seen {
		if !seen[i].Purpose.Beside() {
			names[seen[i].Vantage] = true
		}
	}
	return len(names)
}

// statusOf is the status among the signals; 0 when none is.
func statusOf(signals []casefile.Signal) int {
	for _, s := range signals {
		if s.Name == "status" {
			status, _ := strconv.Atoi(s.Value) // 0 when it is no number
			return status
		}
	}
	return 0
}

// reasonWords is the clause of a reason, with the status where it names one.
func reasonWords(r casefile.Reason, status int) string {
	words, known := reasonClauses[r]
	if !known {
		return strings.ReplaceAll(string(r), "_", " ")
	}
	said := "an error"
	if status != 0 {
		said = "status " + statusWords(status)
	}
	return strings.ReplaceAll(words, "{status}", said)
}

// signalWords is what a signal observed; name and value of one that has no words.
func signalWords(s casefile.Signal) string {
	form, known := signalClauses[s.Name]
	if !known {
		return strings.ReplaceAll(s.Name, "_", " ") + ": " + s.Value
	}
	value := s.Value
	switch s.Name {
	case "status":
		if status, err := strconv.Atoi(value); err == nil {
			value = statusWords(status)
		}
	case "fault":
		kind, phase, _ := strings.Cut(value, " in ")
		value = faultClause(casefile.FaultKind(kind), casefile.Phase(phase))
	case withoutReferrer:
		if value != sameAnswer {
			value = reasonWords(casefile.Reason(value), 0)
		}
	default:
		if words, known := valueWords[s.Name][value]; known {
			return words
		}
	}
	return strings.ReplaceAll(form, "{value}", value)
}

// statusWords is a status with its meaning, where it is one that decides (RFC 9110).
func statusWords(status int) string {
	if words, known := statusMeanings[status]; known {
		return strconv.Itoa(status) + " (" + words + ")"
	}
	return strconv.Itoa(status)
}

// faultClause is what went wrong and when.
func faultClause(kind casefile.FaultKind, phase casefile.Phase) string {
	what, known := faultWords[kind]
	if !known {
		what = "an unknown fault"
	}
	if when, known := phaseWords[phase]; known {
		return what + ", " + when
	}
	return what
}

// duration is d for people.
func duration(d time.Duration) string {
	switch {
	case d <= 0:
		return "0 ms"
	case d < time.Millisecond:
		return "under 1 ms"
	case d < time.Second:
		return strconv.FormatInt(d.Milliseconds(), 10) + " ms"
	}
	return strconv.FormatFloat(d.Seconds(), 'f', 1, 64) + " s"
}

func upper(s string) string {
	if s == "" {
		return "Unknown"
	}
	return strings.ToUpper(s[:1]) + s[1:]
}
