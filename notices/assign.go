package notices

import (
	"time"

	"vigil/casefile"
)

// Policies of an assignment. They are part of stored assignments: never rename one.
const (
	PolicyHostingCountry = "hosting_country" // the hotlines of the hosting country
	PolicyOrphan         = "orphan"          // the hosting country has no hotline: the operator's own
	PolicyUnknownCountry = "unknown_country" // the hosting country is not decided: the operator's own
	PolicyOriginUnknown  = "origin_unknown"  // an edge hides the origin, and so the country: the operator's own
)

// Assign says which hotlines must act, by the policy table of docs/notices.md:
// those of the hosting country, else those of the operator's own country, else
// nobody. Hotlines are sorted. The assignment is confirmed when the directory is
// sure of every hotline of it. Pure.
func (d *Composer) Assign(h casefile.Hosting, now time.Time) casefile.Assignment {
	a := casefile.Assignment{At: now.UTC()}
	hosting := casefile.Country(h.Country)
	switch {
	case h.Edge != nil && (h.Origin == casefile.OriginUnknown || hosting == ""):
		// The country of an edge is not the hosting country, whatever a source says.
		a.Policy = PolicyOriginUnknown
	case hosting == "":
		a.Policy = PolicyUnknownCountry
	default:
		a.HostingCountry, a.AssignedCountry, a.Policy = hosting, hosting, PolicyHostingCountry
	}
	rows := d.directory.byCountry[a.AssignedCountry]
	if len(rows) == 0 {
		if a.Policy == PolicyHostingCountry {
			a.Policy = PolicyOrphan
		}
		a.AssignedCountry = d.orphan
		rows = d.directory.byCountry[d.orphan]
	}
	a.Confirmed = len(rows) > 0
	for _, row := range rows {
		a.Hotlines = append(a.Hotlines, row.Title())
		a.Confirmed = a.Confirmed && row.Status == StatusConfirmed
	}
	return a
}
