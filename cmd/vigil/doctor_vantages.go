package main

import (
	"context"
	"fmt"
	"time"

	"vigil/casefile"
	"vigil/cmd/app"
	"vigil/crawler"
	"vigil/crawler/remote"
	"vigil/judge"
	"vigil/lifecycle"
	"vigil/store"
)

// soonExpired is how long before its end a certificate is worth a warning.
const soonExpired = 30 * 24 * time.Hour

// remoteEyes asks every remote vantage who it is.
func (d *doctor) remoteEyes(ctx context.Context, p *crawler.VantageSet) {
	for _, v := range p.Vantages() {
		e, remote := p.Named(v.Name).(*remote.Client)
		if !remote {
			continue
		}
		started := time.Now()
		who, err := e.Identity(ctx)
		left := time.Until(e.Expires())
		switch {
		case err != nil:
			d.say(fail, "remote eye", v.Name+": "+err.Error(), "look at `vigil vantage` there, its certificates and the way to it; until then its looks count as interrupted, never as evidence")
		case left < soonExpired:
			d.say(warn, "remote eye", fmt.Sprintf("%s answers, but our certificate for it ends on %s", v.Name, e.Expires().Format(time.DateOnly)), "make new ones with `vigil vantage keys` and change them on both sides")
		case who.Build != app.Version():
			d.say(warn, "remote eye", v.Name+" answers and runs another build than this one", "install the same release on both: two releases may see one page differently")
		default:
			d.say(good, "remote eye", fmt.Sprintf("%s answers in %d ms and is who it should be", v.Name, time.Since(started).Milliseconds()), "")
		}
	}
}

// vantages says how many witnesses there are, and what a removal needs with them.
func (d *doctor) vantages() {
	what := fmt.Sprintf("%d; a removal needs %s", len(d.cfg.Crawler.Vantages), app.StreakWords(app.Removal(d.cfg)))
	if !lifecycle.SingleVantage(len(d.cfg.Crawler.Vantages)) {
		d.say(good, "vantages", what, "")
		return
	}
	d.say(note, "vantages", what+", twice the configured streak: no other vantage can contradict this one", "add one in another network to crawler.vantages, then the configured streak is enough")
}

// witnesses says which vantage always dissents, from the visits that are kept.
func (d *doctor) witnesses(ctx context.Context, s *store.Store) {
	if lifecycle.SingleVantage(len(d.cfg.Crawler.Vantages)) {
		return
	}
	var from []casefile.Vantage
	for _, v := range d.cfg.Crawler.Vantages {
		from = append(from, casefile.Vantage{Name: v.Name, Country: v.Country, Network: v.Network})
	}
	heard, err := s.Votes(ctx, app.AgreementVisits)
	if err != nil {
		d.say(fail, "witnesses", err.Error(), "")
		return
	}
	for _, w := range judge.Agreements(from, heard) {
		what := fmt.Sprintf("%s stood against the others in %d of its last %d visits", w.Vantage, w.Dissent, w.Visits)
		switch {
		case w.Always():
			d.say(warn, "witnesses", what+", mostly "+string(w.Mostly), app.DissentAdvice(w.Mostly))
		case w.Known():
			d.say(good, "witnesses", what, "")
		default:
			d.say(good, "witnesses", fmt.Sprintf("%s has too few visits to compare it with the others: %d", w.Vantage, w.Visits), "")
		}
	}
}
