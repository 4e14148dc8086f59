package ui

import (
	"errors"
	"net/http"

	"vigil/casefile"
	"vigil/stats"
)

// Bounds of the page of figures.
const (
	maxGroups = 20 // rows by country and by provider
	maxSteps  = 60 // rows of the curve's table
)

type removalView struct {
	stats.Removal
	Chart                *chart // nil when there is nothing to draw
	Rows                 []stats.Point
	Thinned              int // every how manyth step is in Rows; 0 for each
	Countries, Providers groupsView
}

type groupsView struct {
	Head   string
	Groups []stats.GroupSummary
	More   int // groups that are left out
}

func (u *UI) removal(w http.ResponseWriter, r *http.Request, _ casefile.Person) {
	clock := stats.Clock(r.URL.Query().Get("clock"))
	if !clock.Valid() {
		clock = stats.FromReport
	}
	countries, err := u.Figures(r.Context(), stats.Query{Clock: clock, By: stats.ByHostingCountry})
	providers, err2 := u.Figures(r.Context(), stats.Query{Clock: clock, By: stats.ByHostingProvider})
	if err := errors.Join(err, err2); err != nil {
		u.wrong(w, r, "count figures", err)
		return
	}
	v := removalView{
		Removal: countries, Chart: u.draw(countries.All.Figures),
		Countries: groupsOf(u.text("country"), countries.Groups), Providers: groupsOf(u.text("provider"), providers.Groups),
	}
	v.Rows, v.Thinned = thin(countries.All.Curve, maxSteps)
	u.show(w, r, http.StatusOK, "removal.html", page{Title: u.text("time_to_removal"), Section: "removal", Content: v})
}

func groupsOf(head string, groups []stats.GroupSummary) groupsView {
	shown := groups[:min(len(groups), maxGroups)]
	return groupsView{Head: head, Groups: shown, More: len(groups) - len(shown)}
}

// thin keeps at most about most points, evenly, and the last one.
func thin(points []stats.Point, most int) ([]stats.Point, int) {
	if len(points) <= most {
		return points, 0
	}
	every := (len(points) + most - 1) / most
	var out []stats.Point
	for i, p := range points {
		if i%every == 0 || i == len(points)-1 {
			out = append(out, p)
		}
	}
	return out, every
}
