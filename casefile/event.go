package casefile

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"
)

// EventKind is what happened.
type EventKind string

// Event kinds.
const (
	EventReported        EventKind = "reported"         // a report came in
	EventFirstSeen       EventKind = "first_seen"       // the first live verdict of an episode
	EventStanding        EventKind = "standing"         // the standing changed: from, to, cause
	EventReturned        EventKind = "returned"         // live again after a removal: the next episode begins
	EventHosting         EventKind = "hosting"          // hosting was decided, and differs from before
	EventAssigned        EventKind = "assigned"         // the case was assigned
	EventNoticeComposed  EventKind = "notice_composed"  //
	EventNoticeSent      EventKind = "notice_sent"      // with the proof of dispatch
	EventNoticeFailed    EventKind = "notice_failed"    // refused, uncertain or overtaken
	EventRevealed        EventKind = "revealed"         // a person saw the URL
	EventHeld            EventKind = "held"             // police first
	EventReleased        EventKind = "released"         // the hold ended
	EventAsked           EventKind = "asked"            // a person asked for a look now
	EventNoted           EventKind = "noted"            // a person left a note
	EventInterrupted     EventKind = "interrupted"      // a visit began and was never recorded: Vigil died
	EventAcknowledged    EventKind = "acknowledged"     // a hotline took the assignment
	EventAssessed        EventKind = "assessed"         // gone at the very first counted verdict: excluded from figures
	EventBaseline        EventKind = "baseline"         // the first live look fixed the features
	EventOriginRecorded  EventKind = "origin_recorded"  // a person told the origin: reason and network; the address is in the case, sealed
	EventOriginForgotten EventKind = "origin_forgotten" // a person took the recorded origin back: reason and network
	EventReviewRequested EventKind = "review_requested" // with what the question is about and the facts it rests on
	EventSettled         EventKind = "settled"          // a person answered the question of a review: answer, reason
	EventSameLabel       EventKind = "namesake"         // a case of the same name under another ending came up: cases, endings

	// What a life rests on besides; pages leave these out.
	EventVisited         EventKind = "visited"  // a verdict that counts: state, reason
	EventHosted          EventKind = "hosted"   // the clock of a provider or a country began
	EventNoticesComposed EventKind = "informed" // the notices of the present hosting were composed: how many
	EventSnapshot        EventKind = "snapshot" // the whole life, where older events do not tell it
)

// Bookkeeping says that other events, visits and notices tell the same to people.
func (k EventKind) Bookkeeping() bool {
	return k == EventVisited || k == EventHosted || k == EventNoticesComposed || k == EventSnapshot
}

// ActorVigil is the actor of what Vigil does by itself.
const ActorVigil = "vigil"

// Event is one line of a case's append-only, hash-chained history.
type Event struct {
	ID     EventID `json:"-"`
	CaseID CaseID  `json:"-"`
	// Seq counts the events of the case from 1 without a gap.
	Seq   int64     `json:"seq"`
	At    time.Time `json:"at"`
	Kind  EventKind `json:"kind"`
	Actor string    `json:"actor"`
	// Data are the facts of the event: strings by name, never a URL or a host, at most MaxEventData bytes as
	// JSON.
	Data map[string]string `json:"data"`
	// Previous is the Hash of the event before, empty for the first. Hash is ChainHash of this one.
	Previous string `json:"-"`
	Hash     string `json:"hash" doc:"SHA-256 that chains it to the one before"`
}

// MaxEventData bounds an event's data, as JSON, in bytes.
const MaxEventData = 4096

// ChainHash is the hash of e in lower-case hex: SHA-256 over the previous hash and
// all fields but ID and Hash, each with its length before it, times in
// milliseconds. Changing, dropping or reordering an event breaks the chain.
func (e Event) ChainHash() string { return e.chainHash(e.dataJSON()) }

func (e Event) dataJSON() []byte {
	data, err := json.Marshal(e.Data) // keys come sorted
	if err != nil {                   // a map of strings always marshals
		panic(fmt.Sprintf("casefile: marshal event data: %v", err))
	}
	return data
}

func (e Event) chainHash(data []byte) string {
	h := sha256.New()
	var n [8]byte
	number := func(v int64) { binary.BigEndian.PutUint64(n[:], uint64(v)); h.Write(n[:]) }
	text := func(s []byte) { number(int64(len(s))); h.Write(s) }
	text([]byte(e.Previous))
	number(int64(e.CaseID))
	number(e.Seq)
	number(e.At.UnixMilli())
	text([]byte(e.Kind))
	text([]byte(e.Actor))
	text(data)
	return hex.EncodeToString(h.Sum(nil))
}

// Chain links events to the history that ends with (seq, hash): it sets CaseID,
// Seq, Previous and Hash of each, in order, and gives the data of each as the JSON that was hashed. The first
// event of a case follows (0, "").
func Chain(id CaseID, seq int64, hash string, events []Event) (data []string) {
	for i := range events {
		e := &events[i]
		seq++
		e.CaseID, e.Seq, e.Previous = id, seq, hash
		e.At = e.At.UTC().Truncate(time.Millisecond)
		hashed := e.dataJSON()
		e.Hash = e.chainHash(hashed)
		hash, data = e.Hash, append(data, string(hashed))
	}
	return data
}

// VerifyChain says where a case's full history, in order, is broken; nil when it is sound.
func VerifyChain(events []Event) error {
	var hash string
	for i, e := range events {
		switch {
		case e.Seq != int64(i)+1:
			return fmt.Errorf("event %d of case %d: expected number %d, found %d: an event is missing or was moved", e.ID, e.CaseID, i+1, e.Seq)
		case e.Previous != hash:
			return fmt.Errorf("event %d of case %d: does not follow the event before it", e.ID, e.CaseID)
		case e.ChainHash() != e.Hash:
			return fmt.Errorf("event %d of case %d: its content does not match its hash", e.ID, e.CaseID)
		}
		hash = e.Hash
	}
	return nil
}
