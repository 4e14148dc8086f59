package main

import (
	"context"
	"time"

	"vigil/casefile"
	"vigil/cmd/app"
	"vigil/crawler"
	"vigil/crawler/remote"
	"vigil/geolocate"
	"vigil/geolocate/geodata"
	"vigil/judge"
	"vigil/lifecycle"
	"vigil/store"
)

// soonExpired is how long before its end a certificate is worth a warning.
const soonExpired = 30 * 24 * time.Hour

// remoteVantages asks every remote vantage who it is.
func (d *doctor) remoteVantages(ctx context.Context, p *crawler.VantageSet) {
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
			d.say(fail, "remote_vantage", "error", "vantage", v.Name, "error", err)
		case left < soonExpired:
			d.say(warn, "remote_vantage", "expires", "vantage", v.Name, "on", e.Expires().Format(time.DateOnly))
		case who.Build != app.Version():
			d.say(warn, "remote_vantage", "other_build", "vantage", v.Name)
		default:
			d.say(good, "remote_vantage", "answers", "vantage", v.Name, "ms", time.Since(started).Milliseconds())
		}
	}
}

// vantages says how many witnesses there are, and what a removal needs with them.
func (d *doctor) vantages() {
	n, streak := len(d.cfg.Crawler.Vantages), app.StreakWords(app.Removal(d.cfg))
	if lifecycle.SingleVantage(n) {
		d.say(note, "vantages", "single", "n", n, "streak", streak)
	} else {
		d.say(good, "vantages", "many", "n", n, "streak", streak)
	}
}

// agreements says which vantage always dissents, from the visits that are kept.
func (d *doctor) agreements(ctx context.Context, s *store.Store) {
	if lifecycle.SingleVantage(len(d.cfg.Crawler.Vantages)) {
		return
	}
	var from []casefile.Vantage
	for _, v := range d.cfg.Crawler.Vantages {
		from = append(from, casefile.Vantage{Name: v.Name, Country: v.Country, Network: v.Network})
	}
	votes, err := s.Votes(ctx, app.AgreementVisits)
	if d.failed("witnesses", err) {
		return
	}
	for _, w := range judge.Agreements(from, votes) {
		switch {
		case w.Always():
			d.say(warn, "witnesses", "always", "vantage", w.Vantage, "dissent", w.Dissent, "visits", w.Visits,
				"mostly", w.Mostly, "advice", app.DissentAdvice(w.Mostly))
		case w.Known():
			d.say(good, "witnesses", "known", "vantage", w.Vantage, "dissent", w.Dissent, "visits", w.Visits)
		default:
			d.say(good, "witnesses", "few", "vantage", w.Vantage, "visits", w.Visits)
		}
	}
}

// oldData is the age from which on doctor warns: the sources are renewed daily to monthly
// (docs/geodata.md), so that a file of 45 days has missed an edition of the slowest.
const oldData = 45 * 24 * time.Hour

func (d *doctor) geoDatabases() {
	databases, err := app.DatabaseSources(d.cfg)
	if d.failed("geo_databases", err) {
		return
	}
	loaded := 0
	for _, one := range databases {
		info, err := opened(app.DatabaseOptions([]geodata.Database{one}))
		if d.failed("geo_databases", err) {
			continue
		}
		age := time.Since(info[0].Built)
		values := []any{"path", one.Path, "kind", one.Kind, "built", info[0].Built.Format(time.DateOnly),
			"terms", terms(one.Source), "days", int(age.Hours() / 24)}
		switch {
		case !info[0].Loaded:
			d.say(warn, "geo_databases", "absent", values...)
			continue
		case age > oldData && one.Source.URL == "":
			d.say(warn, "geo_databases", "old_own", values...)
		case age > oldData:
			d.say(warn, "geo_databases", "old", values...)
		default:
			d.say(good, "geo_databases", "read", values...)
		}
		loaded++
	}
	// the table inside the program comes last, and is all there is without files
	info, err := opened(nil)
	switch {
	case d.failed("geo_databases", err):
	case loaded == 0:
		d.say(warn, "geo_databases", "none", "built", info[0].Built.Format(time.DateOnly))
	default:
		d.say(good, "geo_databases", "table", "built", info[0].Built.Format(time.DateOnly))
	}
}

// opened tells what the databases hold, and the table inside the program after them.
func opened(databases []geolocate.DatabaseOptions) ([]geolocate.DatabaseInfo, error) {
	l, err := geolocate.New(geolocate.Options{Databases: databases})
	if err != nil {
		return nil, err
	}
	return l.DatabaseInfos(), l.Close()
}
