package judge

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// TextWidth is the width that Text keeps to, in characters; only a word that is longer by itself goes beyond it.
const TextWidth = 100

// Text is the explanation for a terminal: lines of at most TextWidth characters, each
// begun by indent and ended by a newline.
func (e Explanation) Text(indent string) string {
	var b strings.Builder
	lay(&b, indent, e.Sentence)
	lay(&b, indent, e.Counts)
	if len(e.Signals) > 0 {
		b.WriteString(indent + "signals\n")
	}
	for _, s := range e.Signals {
		to := string(s.PointsTo)
		if to == "" {
			to = "neither"
		}
		lay(&b, fmt.Sprintf("%s  %-9s ", indent, to), s.Words)
	}
	if len(e.Dissent) > 0 {
		b.WriteString(indent + "dissent\n")
	}
	for _, d := range e.Dissent {
		lay(&b, indent+"  ", d.Words)
	}
	for _, t := range e.Looks {
		t.text(&b, indent)
	}
	return b.String()
}

// text is the transcript of one look.
func (t Transcript) text(b *strings.Builder, indent string) {
	started := ""
	if !t.Started.IsZero() {
		started = t.Started.Format("2006-01-02 15:04:05") + " UTC: "
	}
	lay(b, indent+"look ", started+t.Words)
	lay(b, indent+"  resolve   ", t.Resolve.Words)
	for i, h := range t.Hops {
		lay(b, fmt.Sprintf("%s  hop %-5d ", indent, i+1), h.Words)
	}
	if t.Body != nil {
		lay(b, indent+"  page      ", t.Body.Words)
	}
	if t.Fault != nil {
		lay(b, indent+"  fault     ", t.Fault.Words)
	}
}

// lay writes text after head, broken between words at TextWidth; further lines stand under the first.
func lay(b *strings.Builder, head, text string) {
	indent := utf8.RuneCountInString(head)
	b.WriteString(head)
	at, empty := indent, true
	for _, word := range strings.Fields(text) {
		long := utf8.RuneCountInString(word)
		switch {
		case empty:
		case at+1+long > TextWidth:
			b.WriteString("\n" + strings.Repeat(" ", indent))
			at = indent
		default:
			b.WriteByte(' ')
			at++
		}
		b.WriteString(word)
		at, empty = at+long, false
	}
	b.WriteByte('\n')
}
