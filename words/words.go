// Package words holds the text for people: one table of words per language, which pages,
// answers of the API, letters, the command line and documents share.
//
// In goes a code with its kind, and typed values; out comes the text. The rest of Vigil keeps
// and compares codes, and never looks anything up by a text. Nothing here knows what a code
// means: a test holds the tables against the codes of the whole program.
package words

import (
	"cmp"
	"embed"
	"fmt"
	"io/fs"
	"strings"
	"sync"
)

// Each table has a line for each code: kind, code and text, with tabs between. A text may have places:
// {name} is the value of that name, {name:one|many} a form of a word by the number of that name.
//
//go:embed *.tsv
var files embed.FS

// English is the language that every other one falls back to.
const English = "en"

// Words are the words of one language. It is safe for concurrent use.
type Words struct{ own, english map[key]string }

type key struct{ kind, code string }

// In gives the words of a language by its ISO 639-1 code; English for what it lacks, and for a language without a table.
func In(language string) *Words {
	return cmp.Or(tables()[language], tables()[English])
}

// tables are all languages, read at their first use. Nobody writes to them afterwards.
var tables = sync.OnceValue(func() map[string]*Words {
	all, english := map[string]*Words{}, map[key]string{}
	names, err := fs.Glob(files, "*.tsv")
	for _, name := range names {
		var file []byte
		if file, err = files.ReadFile(name); err != nil {
			break
		}
		w := &Words{own: map[key]string{}, english: english}
		if name == English+".tsv" {
			w.own = english
		}
		if err = read(string(file), w.own); err != nil {
			break
		}
		all[strings.TrimSuffix(name, ".tsv")] = w
	}
	if err != nil {
		panic(fmt.Sprintf("words: %v", err)) // embedded files that a test has read
	}
	return all
})

func read(file string, table map[key]string) error {
	for i, line := range strings.Split(strings.TrimSuffix(file, "\n"), "\n") {
		parts := strings.Split(line, "\t")
		if len(parts) != 3 || parts[0] == "" || parts[1] == "" || strings.TrimSpace(parts[2]) == "" {
			return fmt.Errorf("line %d is not kind, code and text", i+1)
		}
		k := key{parts[0], parts[1]}
		if _, twice := table[k]; twice {
			return fmt.Errorf("line %d has %s %s a second time", i+1, k.kind, k.code)
		}
		table[k] = parts[2]
	}
	return nil
}

// Has says whether a code has a text.
func (w *Words) Has(kind string, code any) bool {
	_, known := w.text(kind, code)
	return known
}

func (w *Words) text(kind string, code any) (string, bool) {
	plain, ok := code.(string)
	if !ok {
		plain = fmt.Sprint(code)
	}
	k := key{kind, plain}
	text, known := w.own[k]
	if !known {
		text, known = w.english[k]
	}
	return text, known
}

// Say is the text of a code, its places filled from values: names and values in turn. A code without a text is
// shown with its underscores as spaces, and a place without a value is left empty.
func (w *Words) Say(kind string, code any, values ...any) string {
	text, known := w.text(kind, code)
	if !known {
		return Plain(code)
	}
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(text, "{")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		place, after, _ := strings.Cut(rest, "}")
		name, forms, plural := strings.Cut(place, ":")
		value := valueOf(values, name)
		if one, many, _ := strings.Cut(forms, "|"); !plural {
			b.WriteString(w.show(value))
		} else if fmt.Sprint(value) == "1" {
			b.WriteString(one)
		} else {
			b.WriteString(many)
		}
		text = after
	}
}

// Plain is a code with its underscores as spaces: how one is shown that has no text.
func Plain(code any) string { return strings.ReplaceAll(fmt.Sprint(code), "_", " ") }

func valueOf(values []any, name string) any {
	for i := 0; i+1 < len(values); i += 2 {
		if values[i] == name {
			return values[i+1]
		}
	}
	return ""
}

// Country is the name of a country with its code: Netherlands (NL). The names are those
// of the tz database (iso3166.tab, public domain).
func (w *Words) Country(code string) string {
	if !w.Has("country", code) {
		return code
	}
	return w.Say("country", code) + " (" + code + ")"
}
