package explain

import (
	"strconv"
	"strings"

	"vigil/casefile"
	"vigil/words"
)

// Remark is a remark in words. Its places are its values, its parts by number, and all parts as a list,
// with why any of them is out of reach.
func Remark(w *words.Words, r casefile.Remark) string {
	var values []any
	for name, value := range r.Values {
		values = append(values, name, value)
	}
	parts, beyond := make([]string, len(r.Parts)), ""
	for i, p := range r.Parts {
		parts[i] = Remark(w, p)
		values = append(values, strconv.Itoa(i+1), parts[i])
		if p.Values["away"] != "" {
			beyond += " " + Remark(w, casefile.Remark{Code: "out_of_reach", Values: p.Values})
		}
	}
	values = append(values, "parts", strings.Join(parts, ", "), "out_of_reach", beyond)
	return strings.TrimSpace(w.Say("remark", r.Code, values...))
}

// Remarks are remarks in words.
func Remarks(w *words.Words, list []casefile.Remark) []string {
	said := make([]string, len(list))
	for i, r := range list {
		said[i] = Remark(w, r)
	}
	return said
}
