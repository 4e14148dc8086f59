package store

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"vigil/casefile"
)

func FuzzClip(f *testing.F) {
	f.Add("plain", 3)
	f.Add("\xff\x00é", 2)
	f.Add(strings.Repeat("é", 100), 7)
	f.Fuzz(func(t *testing.T, text string, limit int) {
		limit = min(max(limit, 0), 10_000)
		got := clip(text, limit)
		if len(got) > limit || !utf8.ValidString(got) || strings.Contains(got, "\x00") {
			t.Errorf("clip(%q, %d) = %q", text, limit, got)
		}
		if utf8.ValidString(text) && !strings.Contains(text, "\x00") && len(text) <= limit && got != text {
			t.Errorf("clip(%q, %d) changed it to %q", text, limit, got)
		}
	})
}

// What is hashed must read back the same, whatever it was.
func FuzzClipData(f *testing.F) {
	f.Add("reason", "text", "other", strings.Repeat("\x01", 5000))
	f.Add("\xff", "\xff\xfe", "", "\x00")
	f.Fuzz(func(t *testing.T, k1, v1, k2, v2 string) {
		e := casefile.Event{At: time.Unix(1, 0), Kind: casefile.EventNoted, Data: clipData(map[string]string{k1: v1, k2: v2})}
		hash := e.ChainHash()
		data, err := json.Marshal(e.Data)
		if err != nil || len(data) > casefile.MaxEventData {
			t.Fatalf("%d bytes, %v", len(data), err)
		}
		e.Data = nil
		if err := json.Unmarshal(data, &e.Data); err != nil || e.ChainHash() != hash {
			t.Errorf("the hash changed on the way (%v)", err)
		}
	})
}

func TestFitJSONKeepsTheBeginning(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		list        []string
		limit, want int
	}{
		"fits":       {[]string{"a", "b"}, 100, 2},
		"cut":        {[]string{"aaaa", "bbbb", "cccc"}, 16, 2},
		"none fits":  {[]string{strings.Repeat("a", 50)}, 10, 0},
		"empty list": {[]string{}, 10, 0},
	} {
		text := fitJSON(test.list, test.limit)
		var got []string
		err := json.Unmarshal([]byte(text), &got)
		if err != nil || len(text) > test.limit || len(got) != test.want {
			t.Errorf("%s: %s (%v)", name, text, err)
		}
	}
}

func TestOriginCutsAURLBack(t *testing.T) {
	t.Parallel()
	for url, want := range map[string]string{
		"https://site-1.example/a/b?c":     "https://site-1.example/",
		"http://[2001:db8::1]:8080/x":      "http://[2001:db8::1]:8080/",
		"https://site-1.example:8443/long": "https://site-1.example:8443/",
		"":                                 "",
	} {
		if got := origin(url); got != want {
			t.Errorf("origin(%q) = %q, want %q", url, got, want)
		}
	}
}
