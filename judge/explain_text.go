package judge

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// TextWidth is the width that Text keeps to, in characters; only a word that is longer by itself goes beyond it.
const TextWidth = 100

// Text is the explanation for a terminal: lines of at most TextWidth characters, each
// ended by a newline.
func (e Explanation) Text() string {
	var b strings.Builder
	lay(&b, "", e.Sentence)
	lay(&b, "", e.Counts)
	if len(e.Signals) > 0 {
		b.WriteString("signals\n")
	}
	for _, s := range e.Signals {
		to := string(s.PointsTo)
		if to == "" {
			to = "neither"
		}
		lay(&b, fmt.Sprintf("  %-9s ", to), s.Words)
	}
	if len(e.Dissent) > 0 {
		b.WriteString("dissent\n")
	}
	for _, d := range e.Dissent {
		lay(&b, "  ", d.Words)
	}
	for _, t := range e.Looks {
		t.text(&b)
	}
	return b.String()
}

// text is the transcript of one look.
func (t Transcript) text(b *strings.Builder) {
	started := ""
	if !t.Started.IsZero() {
		started = t.Started.Format("2006-01-02 15:04:05") + " UTC: "
	}
	lay(b, "look ", started+t.Words)
	lay(b, "  resolve   ", t.Resolve.Words)
	for i, h := range t.Hops {
		lay(b, fmt.Sprintf("  hop %-5d ", i+1), h.Words)
	}
	if t.Body != nil {
		lay(b, "  page      ", t.Body.Words)
	}
	if t.Fault != nil {
		lay(b, "  fault     ", t.Fault.Words)
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
