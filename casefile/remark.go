package casefile

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
)

// Remark is one thing that a decision says of itself: a code with values, of which words/ makes a
// sentence. A text that was written as one, by an older version or for outside programs, is a remark of
// the code RemarkText, and a string in JSON.
type Remark struct {
	Code   RemarkCode        `json:"code"`
	Values map[string]string `json:"values,omitempty"` // bounded, in no language
	Parts  []Remark          `json:"parts,omitempty"`  // what the sentence lists
}

// RemarkCode names a sentence.
type RemarkCode string

// RemarkText is a text as it stands.
const RemarkText RemarkCode = "text"

// NewRemark makes a remark of names and values in turn. Shares have two decimals; what is empty is left out.
func NewRemark(code RemarkCode, values ...any) Remark {
	r := Remark{Code: code}
	for i := 0; i+1 < len(values); i += 2 {
		text := fmt.Sprint(values[i+1])
		if share, ok := values[i+1].(float64); ok {
			text = strconv.FormatFloat(share, 'f', 2, 64)
		}
		if r.Values == nil {
			r.Values = make(map[string]string, len(values)/2)
		}
		if text != "" {
			r.Values[fmt.Sprint(values[i])] = text
		}
	}
	return r
}

// TextRemark is a text as it stands; the zero Remark when it is empty.
func TextRemark(text string) Remark {
	if text == "" {
		return Remark{}
	}
	return NewRemark(RemarkText, "text", text)
}

// With is r with what its sentence lists.
func (r Remark) With(parts ...Remark) Remark {
	r.Parts = parts
	return r
}

// IsZero says whether nothing is said.
func (r Remark) IsZero() bool { return r.Code == "" }

// Equal says whether both say the same.
func (r Remark) Equal(o Remark) bool {
	return r.Code == o.Code && maps.Equal(r.Values, o.Values) && slices.EqualFunc(r.Parts, o.Parts, Remark.Equal)
}

// remarkObject is a Remark without its methods.
type remarkObject Remark

// MarshalJSON writes a text as a string, all else as an object. What HTML needs is left to the outer encoder.
func (r Remark) MarshalJSON() ([]byte, error) {
	var form any = remarkObject(r)
	if r.Code == RemarkText {
		form = r.Values["text"]
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(form)
	return b.Bytes(), err
}

// UnmarshalJSON reads both.
func (r *Remark) UnmarshalJSON(data []byte) error {
	if data[0] != '"' {
		return json.Unmarshal(data, (*remarkObject)(r))
	}
	var text string
	err := json.Unmarshal(data, &text)
	*r = TextRemark(text)
	return err
}

// UnmarshalText reads a text. It is also how the description of the API knows that it gives strings.
func (r *Remark) UnmarshalText(text []byte) error {
	*r = TextRemark(string(text))
	return nil
}
