package explain

import (
	"vigil/casefile"
	"vigil/words"
)

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
