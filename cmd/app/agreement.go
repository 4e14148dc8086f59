package app

import (
	"context"
	"strings"
	"sync"
	"time"

	"go.uber.org/zap"

	"vigil/casefile"
	"vigil/internal/config"
	"vigil/judge"
	"vigil/lifecycle"
	"vigil/words"
)

const (
	// AgreementVisits is how many of the newest visits are read to compare the vantages: 20
	// full rounds, so that one busy host does not fill the window of judge.Agreements.
	AgreementVisits = 1000
	// agreementEvery is how often they are read: a vantage goes blind for hours, not seconds.
	agreementEvery = time.Minute
)

// Agreement compares the vantages with each other and remembers what it found. It is
// safe for concurrent use.
type Agreement struct {
	vantages []casefile.Vantage
	read     func(ctx context.Context, last int) ([]casefile.VisitVote, error)
	// dissent publishes the share of a vantage; known is false when there are too few visits.
	dissent func(vantage string, ratio float64, known bool)
	log     *zap.Logger

	mu    sync.Mutex
	notes []string
	noted map[string]bool // vantages with a note
}

// watch compares them until ctx ends. With one vantage there is nothing to compare.
func (w *Agreement) watch(ctx context.Context) error {
	if lifecycle.SingleVantage(len(w.vantages)) {
		return nil
	}
	tick := time.NewTicker(agreementEvery)
	defer tick.Stop()
	for {
		if err := w.Compare(ctx); err != nil && ctx.Err() == nil {
			w.log.Warn("vantages not compared; tried again in a minute", zap.Error(err))
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// Compare reads the newest visits, publishes the shares, and logs once when a note
// begins and once when it ends. When reading fails the notes stay as they were.
func (w *Agreement) Compare(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	votes, err := w.read(ctx, AgreementVisits)
	if err != nil {
		return err
	}
	var notes []string
	noted := map[string]bool{}
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, found := range judge.Agreements(w.vantages, votes) {
		w.dissent(found.Vantage, found.Ratio(), found.Known())
		fields := []zap.Field{
			zap.String("vantage", found.Vantage), zap.Int("visits", found.Visits),
			zap.Int("dissent", found.Dissent), zap.String("mostly", string(found.Mostly)),
		}
		switch before := w.noted[found.Vantage]; {
		case found.Always():
			notes = append(notes, dissentNote(found))
			noted[found.Vantage] = true
			if !before {
				w.log.Warn("vantage always dissents; see vigil doctor", fields...)
			}
		case before:
			w.log.Warn("vantage no longer always dissents", fields...)
		}
	}
	w.notes, w.noted = notes, noted
	return nil
}

// said are the notes of the last comparison, a sentence each.
func (w *Agreement) said() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]string(nil), w.notes...)
}

// Degraded tells people from where our own uplink is not sound, and which vantage always
// dissents; none while all is well.
func (e *Engine) Degraded() []string {
	var all []string
	text := words.In(words.English)
	for _, uplink := range e.Gate.Status() {
		if !uplink.Sound {
			all = append(all, text.Say("degraded", "gate_closed", "vantage", uplink.Vantage,
				"since", words.Clock(uplink.Since), "answered", uplink.Answered, "n", uplink.Controls, "advice", text.Say("uplink", uplink.Fault)))
		}
	}
	return append(all, e.Agreement.said()...)
}

// dissentNote tells of a vantage that always dissents. It names no host.
func dissentNote(w judge.VantageAgreement) string {
	text := words.In(words.English)
	return text.Say("degraded", "dissent", "vantage", w.Vantage, "dissent", w.Dissent, "visits", w.Visits,
		"mostly", strings.ToLower(text.Say("state", w.Mostly)), "advice", DissentAdvice(w.Mostly))
}

// DissentAdvice is what to look at first when a vantage mostly says a state.
func DissentAdvice(s casefile.State) string {
	text := words.In(words.English)
	if !text.Has("dissent", s) {
		return text.Say("dissent", "other")
	}
	return text.Say("dissent", s)
}

// Thresholds are the numbers that turn verdicts into standings with this configuration.
func Thresholds(cfg config.Config) lifecycle.Thresholds {
	s := cfg.Scheduler
	return lifecycle.Thresholds{Confirm: casefile.Confirm(s.Confirm), SingleVantage: lifecycle.SingleVantage(len(cfg.Crawler.Vantages)),
		UnavailableAfter: s.UnavailableAfter, Aftercare: s.Aftercare}
}

// Removal is the streak of gone verdicts that confirms a removal with this configuration.
func Removal(cfg config.Config) casefile.Confirm { return Thresholds(cfg).Removal() }

// SingleVantageNotes tell that one vantage looks; none with more.
func SingleVantageNotes(cfg config.Config) []string {
	if !lifecycle.SingleVantage(len(cfg.Crawler.Vantages)) {
		return nil
	}
	return []string{words.In(words.English).Say("degraded", "single_vantage", "streak", StreakWords(Removal(cfg)))}
}

// StreakWords tell a streak: "6 gone verdicts over 2 d".
func StreakWords(c casefile.Confirm) string {
	return words.In(words.English).Say("degraded", "streak", "n", c.Verdicts, "span", words.Span(c.Span))
}
