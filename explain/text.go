package explain

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"vigil/casefile"
	"vigil/words"
)

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
