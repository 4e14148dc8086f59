// Package explain puts verdicts, looks and questions into words.
//
// In come the codes, counts and times that were kept, and the language of the reader; out come
// sentences made of the table of words. The same values give the same sentences on a page, on
// the command line and in an answer of the API. Nothing is judged anew, and nothing shown that
// its reader may not see (Reading).
package explain

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"vigil/casefile"
	"vigil/judge"
	"vigil/words"
)

// Explanation is a verdict in words, with the transcript of each look. The JSON
// names are a contract (docs/verdict-reference.md): some may be added, none is renamed.
type Explanation struct {
	State  casefile.State  `json:"state"`
	Reason casefile.Reason `json:"reason"`
	// Sentence says what was found, on which evidence, and how many vantages agree.
	Sentence string `json:"sentence"`
	// Counts says what such a verdict counts for.
	Counts   string             `json:"counts"`
	Signals  []ExplainedSignal  `json:"signals" nullable:"false"`
	Dissent  []ExplainedDissent `json:"dissent" nullable:"false"`
	Looks    []Transcript       `json:"looks" nullable:"false"`
	language string
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
	// Language is an ISO 639-1 code; empty is English.
	Language string
	// Target tells the hosts of a look apart: the reported one, its site, another
	// site. Without it the first hop of a look counts as the reported host.
	Target casefile.Target
	// Names says that the reader may see names: the hosts of the hops and the CNAMEs.
	// Without it they are told by their role and their number.
	Names bool
	// Shown is put over every address, name server and value of a signal before it is
	// shown (web/mask); nil shows them as they are.
	Shown func(string) string
}

func (r Reading) shown(s string) string {
	if r.Shown == nil {
		return s
	}
	return r.Shown(s)
}

// Verdict puts a verdict into words. seen are the observations of its visit, in the
// order in which their transcripts are to stand. No list of the result is nil.
func Verdict(v casefile.Verdict, seen []casefile.Observation, r Reading) Explanation {
	w := words.In(r.Language)
	e := Explanation{
		State: v.State, Reason: v.Reason, Sentence: sentence(w, v, seen), language: r.Language,
		Signals: []ExplainedSignal{}, Dissent: []ExplainedDissent{}, Looks: []Transcript{},
	}
	if v.State.Valid() {
		e.Counts = w.Say("counts", v.State)
	}
	for _, s := range v.Signals {
		s.Value = r.shown(s.Value)
		e.Signals = append(e.Signals, ExplainedSignal{s, Signal(w, s)})
	}
	for _, d := range v.Dissent {
		e.Dissent = append(e.Dissent, ExplainedDissent{d, Dissent(w, d)})
	}
	both := slices.ContainsFunc(seen, func(o casefile.Observation) bool { return o.Purpose == casefile.PurposeWithoutReferrer })
	for i := range seen {
		e.Looks = append(e.Looks, teller{w, r, both}.look(&seen[i]))
	}
	return e
}

// Dissent is what one vantage alone would have said.
func Dissent(w *words.Words, d casefile.Dissent) string {
	state := strings.ToLower(w.Say("state", d.State))
	return w.Say("verdict", "dissent", "vantage", d.Vantage, "state", state, "reason", w.Say("reason", d.Reason))
}

// sentence is the verdict, its evidence and who agrees.
func sentence(w *words.Words, v casefile.Verdict, seen []casefile.Observation) string {
	parts := []string{w.Say("reason", v.Reason)}
	faulted := slices.ContainsFunc(v.Signals, func(s casefile.Signal) bool { return s.Name == "fault" })
	if v.Reason == casefile.ReasonRedirectedElsewhere && faulted {
		parts[0] = w.Say("verdict", "to_no_name")
	}
	if v.State != casefile.StateFenced { // its signals are of two opinions
		for _, s := range evidence(v) {
			parts = append(parts, Signal(w, s))
		}
	}
	parts = append(parts, agreement(w, v, vantagesOf(seen)))
	return w.Say("verdict", "sentence", "state", w.Say("state", v.State), "found", strings.Join(parts, "; "))
}

// maxEvidence bounds how many signals a sentence names; all are listed below it.
const maxEvidence = 3

// evidence are the signals that bear the verdict out and that its reason does not tell already.
func evidence(v casefile.Verdict) []casefile.Signal {
	var out []casefile.Signal
	for _, s := range v.Signals {
		told := map[string]bool{
			"vantages": true, "fault": true,
			"status":   v.Reason == casefile.ReasonHTTP404 || v.Reason == casefile.ReasonHTTP410,
			"redirect": v.Reason == casefile.ReasonRedirectedHome || v.Reason == casefile.ReasonRedirectedElsewhere,
		}
		if s.PointsTo == v.State && !told[s.Name] && len(out) < maxEvidence {
			out = append(out, s)
		}
	}
	return out
}

// agreement says how many of n vantages say the same.
func agreement(w *words.Words, v casefile.Verdict, n int) string {
	says := map[casefile.State]int{}
	for _, d := range v.Dissent {
		says[d.State]++
	}
	code := "some"
	switch {
	case n == 0:
		code = "nobody"
	case n == 1:
		code = "one"
	case v.State == casefile.StateFenced:
		code = "fenced"
	case v.State == casefile.StateSilent && says[casefile.StateGone] >= n:
		code = "one_network"
	}
	live, gone, agree := says[casefile.StateLive], says[casefile.StateGone], max(0, n-len(v.Dissent))
	return w.Say("agreement", code, "n", n, "live", live, "gone", gone, "agree", agree)
}

// vantagesOf counts the vantages that looked at the target.
func vantagesOf(seen []casefile.Observation) int {
	names := make(map[string]bool, len(seen))
	for i := range seen {
		if !seen[i].Purpose.IsProbe() {
			names[seen[i].Vantage] = true
		}
	}
	return len(names)
}

// Signal is what a signal observed; name and value of one that has no words.
func Signal(w *words.Words, s casefile.Signal) string {
	var text string
	switch {
	case s.Name == "status":
		status, _ := strconv.Atoi(s.Value)
		text = statusWords(w, status)
	case s.Name == "without_referrer" && w.Has("reason", s.Value):
		text = w.Say("reason", s.Value)
	case s.Name == "fault":
		kind, phase, _ := strings.Cut(s.Value, " ")
		return Fault(w, casefile.Fault{Kind: casefile.FaultKind(kind), Phase: casefile.Phase(phase)})
	default:
		var said []string
		for part := range strings.SplitSeq(s.Value, " ") {
			code, measure, _ := strings.Cut(part, "=")
			if !w.Has(s.Name, code) {
				return words.Plain(s.Name) + ": " + s.Value
			}
			said = append(said, w.Say(s.Name, code, "value", measured(w, s.Name, measure)))
		}
		if text = strings.Join(said, ", "); !strings.Contains(s.Value, "=") && s.Name != "without_referrer" {
			return text
		}
	}
	return w.Say("signal", s.Name, "value", text, "same", judge.MatchScore, "other", judge.DifferScore)
}

// measured is what stands behind a code of a signal: a number, a share, or the code of what is not known.
func measured(w *words.Words, name, measure string) any {
	if n, err := strconv.Atoi(measure); err == nil {
		return n
	}
	if share, err := strconv.ParseFloat(measure, 64); err == nil {
		return share
	}
	if w.Has(name, measure) {
		return w.Say(name, measure)
	}
	return measure
}

// statusWords is a status with its meaning, where it is one that decides (RFC 9110).
func statusWords(w *words.Words, status int) string {
	if w.Has("status", status) {
		return strconv.Itoa(status) + " (" + w.Say("status", status) + ")"
	}
	return strconv.Itoa(status)
}

// Fault is what went wrong and when.
func Fault(w *words.Words, f casefile.Fault) string {
	text := w.Say("verdict", "unknown_fault")
	if f.Kind.Valid() {
		text = w.Say("reason", f.Kind)
	}
	if f.Phase.Valid() {
		text = w.Say("verdict", "fault", "what", text, "when", w.Say("phase", f.Phase))
	}
	if f.Detail != "" {
		text = w.Say("verdict", "fault_detail", "fault", text, "detail", f.Detail)
	}
	return text
}

// Answer is one way to settle a question.
type Answer struct {
	Action casefile.ActionKind `json:"action" doc:"kind of the action"`
	Text   string              `json:"text" doc:"when to choose it, and what follows"`
}

// Question puts into words what a person must decide, and what each answer does. The text never holds a URL or a
// host of the target's, but may name an edge or a country as its source does: mask it.
func Question(w *words.Words, q casefile.Question) (text string, answers []Answer) {
	for _, a := range q.Answers {
		answers = append(answers, Answer{a, w.Say("settle", string(q.Kind)+"_"+string(a))})
	}
	facts := ""
	if q.Looks.Count > 0 {
		facts += " " + w.Say("asked", "looks", "n", q.Looks.Count, "first", q.Looks.First, "last", q.Looks.Last)
	}
	if q.Page != nil && q.Before == nil {
		facts += " " + w.Say("asked", "page", "page", counts(w, q.Page))
	} else if q.Page != nil {
		facts += " " + w.Say("asked", "pages", "page", counts(w, q.Page), "before", counts(w, q.Before))
	}
	if h := q.Hosting; q.Kind != casefile.AskHosting {
		return w.Say("question", q.Kind, "facts", facts), answers
	} else if h != nil && h.Edge != nil && h.Origin == casefile.OriginUnknown {
		return w.Say("question", "hosting_edge", "edge", h.Edge.Name), answers
	} else if named := h.Countries(); len(named) > 0 {
		return w.Say("question", "hosting", "countries", named, "confidence", h.Confidence), answers
	}
	return w.Say("question", "hosting_unnamed"), answers
}

func counts(w *words.Words, f *casefile.Features) string {
	return w.Say("asked", "counts", "words", f.Words, "links", f.Links, "images", f.Images, "media", f.Media)
}

// kinds are the kinds of the codes that the data of an event hold, by name.
var kinds = map[string]string{
	"from": "standing", "to": "standing", "cause": "cause", "verdict": "state", "reason": "reason", "about": "reason", "answer": "action",
	"classification": "class", "policy": "policy",
}

// Datum is a value of an event's data in words, where it is a code.
func Datum(w *words.Words, name, value string) string {
	if kind := kinds[name]; w.Has(kind, value) {
		return w.Say(kind, value)
	}
	return value
}

// TextWidth is the width that text for a terminal keeps to, in characters; only a word that is longer by itself goes beyond it.
const TextWidth = 100

// Text is the explanation for a terminal: lines of at most TextWidth characters, each
// begun by indent and ended by a newline.
func (e Explanation) Text(indent string) string {
	var b strings.Builder
	w := words.In(e.language)
	Wrap(&b, indent, e.Sentence)
	Wrap(&b, indent, e.Counts)
	if len(e.Signals) > 0 {
		b.WriteString(indent + w.Say("label", "signals") + "\n")
	}
	for _, s := range e.Signals {
		Wrap(&b, fmt.Sprintf("%s  %-9s ", indent, PointsTo(w, s.Signal)), s.Words)
	}
	if len(e.Dissent) > 0 {
		b.WriteString(indent + w.Say("label", "dissent") + "\n")
	}
	for _, d := range e.Dissent {
		Wrap(&b, indent+"  ", d.Words)
	}
	for _, t := range e.Looks {
		t.text(&b, w, indent)
	}
	return b.String()
}

// PointsTo is the state that a signal points to.
func PointsTo(w *words.Words, s casefile.Signal) string {
	if s.PointsTo == "" {
		return w.Say("label", "neither")
	}
	return w.Say("state", s.PointsTo)
}

// text is the transcript of one look.
func (t Transcript) text(b *strings.Builder, w *words.Words, indent string) {
	started := ""
	if !t.Started.IsZero() {
		started = words.Clock(t.Started) + ": "
	}
	Wrap(b, indent+w.Say("label", "look")+" ", started+t.Words)
	step := func(label, text string) { Wrap(b, fmt.Sprintf("%s  %-9s ", indent, label), text) }
	step(w.Say("label", "resolve"), t.Resolve.Words)
	for i, h := range t.Hops {
		step(fmt.Sprint(w.Say("label", "hop"), " ", i+1), h.Words)
	}
	if t.Body != nil {
		step(w.Say("label", "page"), t.Body.Words)
	}
	if t.Fault != nil {
		step(w.Say("label", "fault"), t.Fault.Words)
	}
}

// Wrap writes text after head, broken between words at TextWidth; further lines stand under the first.
func Wrap(out io.Writer, head, text string) {
	indent := strings.Repeat(" ", utf8.RuneCountInString(head))
	_, _ = io.WriteString(out, words.Wrap(text, head, indent, TextWidth)+"\n")
}
