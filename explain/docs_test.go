package explain

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"vigil/casefile"
	"vigil/words"
)

var update = flag.Bool("update", false, "write the table of signals in docs/verdict-reference.md anew")

// TestSignalsInTheReference keeps the table of docs/verdict-reference.md the same as the codes and their words.
func TestSignalsInTheReference(t *testing.T) {
	const page, from, until = "../docs/verdict-reference.md", "<!-- signals -->\n", "<!-- end of signals -->"
	elsewhere := map[string]string{
		"status": "the number of the last answer", "marker": "a marker of the page, with its words on the page of a visit",
		"fault": "kind and phase of the fault, with a space between", "without_referrer": "`same_page`, or the reason that the look without the referrer would give",
	}
	w := words.In(words.English)
	var b strings.Builder
	b.WriteString("| signal | value | in words |\n|---|---|---|\n")
	for _, name := range slices.Sorted(maps.Keys(casefile.SignalCodes)) {
		if said := elsewhere[name]; said != "" {
			fmt.Fprintf(&b, "| `%s` | %s | |\n", name, said)
			continue
		}
		for _, code := range casefile.SignalCodes[name] {
			value, said := code, w.Say(name, code)
			if n := w.Say(name, code, "value", "N"); n != said {
				value, said = code+"=N", n
			}
			fmt.Fprintf(&b, "| `%s` | `%s` | %s |\n", name, value, said)
		}
	}
	doc, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, begins := strings.Cut(string(doc), from)
	shown, after, ends := strings.Cut(rest, until)
	if !begins || !ends {
		t.Fatalf("%s has no place for the table", page)
	}
	if *update {
		if err := os.WriteFile(page, []byte(before+from+b.String()+until+after), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if shown != b.String() {
		t.Errorf("%s shows another table; go test ./explain -update writes it anew", page)
	}
}
