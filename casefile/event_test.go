package casefile_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"vigil/casefile"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// history is a sound chain of five events.
func history() []casefile.Event {
	events := []casefile.Event{
		{ID: 11, At: noon, Kind: casefile.EventReported, Actor: casefile.ActorVigil, Data: map[string]string{"source": "public", "received": "2026-03-01T12:00:00Z"}},
		{ID: 12, At: noon.Add(time.Minute), Kind: casefile.EventFirstSeen, Actor: casefile.ActorVigil, Data: map[string]string{"episode": "1"}},
		{ID: 13, At: noon.Add(time.Hour), Kind: casefile.EventHeld, Actor: "analyst one", Data: map[string]string{"reason": "police first"}},
		{ID: 14, At: noon.Add(2 * time.Hour), Kind: casefile.EventReleased, Actor: "analyst one", Data: map[string]string{"reason": "done"}},
		{ID: 15, At: noon.Add(3 * time.Hour), Kind: casefile.EventNoted, Actor: "analyst two"},
	}
	casefile.Chain(7, 0, "", events[:2])
	casefile.Chain(7, 2, events[1].Hash, events[2:])
	return events
}

func TestSoundChain(t *testing.T) {
	t.Parallel()
	events := history()
	if err := casefile.VerifyChain(events); err != nil {
		t.Fatal(err)
	}
	if err := casefile.VerifyChain(nil); err != nil {
		t.Errorf("no history: %v", err)
	}
	for i, e := range events {
		if e.Seq != int64(i+1) || e.CaseID != 7 || len(e.Hash) != 64 || e.At.Location() != time.UTC {
			t.Errorf("%+v", e)
		}
	}
	// What a database does to an event must not break the chain: it forgets the zone and what is under a millisecond.
	events = history()
	events[1].At = events[1].At.In(time.FixedZone("", 3600)).Add(300 * time.Microsecond)
	if err := casefile.VerifyChain(events); err != nil {
		t.Errorf("in another zone: %v", err)
	}
}

func TestChainTellsTampering(t *testing.T) {
	t.Parallel()
	rehash := func(e *casefile.Event) { e.Hash = e.ChainHash() }
	tests := []struct {
		name   string
		tamper func([]casefile.Event) []casefile.Event
		want   string
	}{
		{"time", func(e []casefile.Event) []casefile.Event { e[2].At = e[2].At.Add(time.Millisecond); return e }, "event 13 of case 7"},
		{"kind", func(e []casefile.Event) []casefile.Event { e[2].Kind = casefile.EventNoted; return e }, "event 13 of case 7"},
		{"actor", func(e []casefile.Event) []casefile.Event { e[2].Actor = "somebody"; return e }, "event 13 of case 7"},
		{"data", func(e []casefile.Event) []casefile.Event { e[2].Data = map[string]string{"reason": "x"}; return e }, "event 13 of case 7"},
		{"data added", func(e []casefile.Event) []casefile.Event { e[4].Data = map[string]string{"reason": "x"}; return e }, "event 15 of case 7"},
		{"case", func(e []casefile.Event) []casefile.Event { e[0].CaseID = 8; return e }, "event 11 of case 8"},
		{"hash", func(e []casefile.Event) []casefile.Event { e[4].Hash = strings.Repeat("0", 64); return e }, "event 15 of case 7"},
		{"text moved from one field to the next", func(e []casefile.Event) []casefile.Event {
			e[2].Kind, e[2].Actor = casefile.EventKind(string(e[2].Kind)+"a"), e[2].Actor[1:]
			return e
		}, "event 13 of case 7"},
		{"changed and hashed again", func(e []casefile.Event) []casefile.Event { e[2].Actor = "somebody"; rehash(&e[2]); return e }, "event 14 of case 7: does not follow"},
		{"first dropped", func(e []casefile.Event) []casefile.Event { return e[1:] }, "expected number 1, found 2"},
		{"one dropped", func(e []casefile.Event) []casefile.Event { return slices.Delete(e, 2, 3) }, "expected number 3, found 4"},
		{"one dropped and the rest numbered again", func(e []casefile.Event) []casefile.Event {
			e = slices.Delete(e, 2, 3)
			for i := range e {
				e[i].Seq = int64(i + 1)
			}
			return e
		}, "event 14 of case 7: does not follow"},
		{"two swapped", func(e []casefile.Event) []casefile.Event { e[1], e[2] = e[2], e[1]; return e }, "expected number 2, found 3"},
		{"one doubled", func(e []casefile.Event) []casefile.Event { return slices.Insert(e, 2, e[1]) }, "expected number 3, found 2"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			err := casefile.VerifyChain(tt.tamper(history()))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

func FuzzChain(f *testing.F) {
	f.Add("analyst", "reason", "because", int64(1), uint8(2))
	f.Add("", "", "", int64(-1), uint8(0))
	f.Add("a\x00b", "\xff", "é", int64(1<<62), uint8(4))
	f.Fuzz(func(t *testing.T, actor, key, value string, ms int64, at uint8) {
		events := history()
		i := int(at) % len(events)
		events[i].Actor, events[i].Data, events[i].At = actor, map[string]string{key: value}, time.UnixMilli(ms%(1<<50)).UTC()
		casefile.Chain(7, 0, "", events)
		if err := casefile.VerifyChain(events); err != nil {
			t.Fatalf("a chain made by Chain: %v", err)
		}
		events[i].Actor += "x"
		if casefile.VerifyChain(events) == nil {
			t.Fatal("a changed actor was not noticed")
		}
		events[i].Actor = actor
		events[i].Data[key+"x"] = value
		if casefile.VerifyChain(events) == nil {
			t.Fatal("added data was not noticed")
		}
	})
}

func ExampleVerifyChain() {
	events := history()
	events[3].Actor = "nobody"
	fmt.Println(casefile.VerifyChain(events))
	// Output: event 14 of case 7: its content does not match its hash
}
