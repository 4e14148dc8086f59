package main

import (
	"fmt"
	"math"
	"strings"
	"testing"
)

// small is an atlas of two squares that share a border, the second one with the border turned
// round.
const small = `{"type":"Topology","transform":{"scale":[1,1],"translate":[0,0]},
"arcs":[[[10,0],[0,10]],[[10,10],[-10,0],[0,-10],[10,0]],[[10,10],[10,0],[0,-10],[-10,0]]],
"objects":{"countries":{"geometries":[
{"id":"528","type":"Polygon","arcs":[[0,1]],"properties":{"name":"A"}},
{"id":"276","type":"MultiPolygon","arcs":[[[-1,2]]],"properties":{"name":"B"}}%s]}}}`

func TestGeometry(t *testing.T) {
	t.Parallel()
	var top topology
	top.Transform.Scale, top.Transform.Translate = [2]float64{0.5, 2}, [2]float64{-180, -90}
	top.Arcs = [][][2]int64{{{10, 20}, {2, -1}}}
	got := top.lines()
	if want := (point{-175, -50}); got[0][0] != want {
		t.Errorf("first point %v, want %v", got[0][0], want)
	}
	if want := (point{-174, -52}); got[0][1] != want {
		t.Errorf("second point %v, want %v", got[0][1], want)
	}
	for _, bad := range []geometry{{Type: "Point"}, {Type: "Polygon", Arcs: []byte(`[[7]]`)}, {Type: "MultiPolygon", Arcs: []byte(`{}`)}} {
		if _, err := bad.polygons(got); err == nil {
			t.Errorf("%s was taken", bad.Type)
		}
	}
}

func TestTheAtlasMustBeInTheTables(t *testing.T) {
	t.Parallel()
	_, err := readAtlas(strings.NewReader(fmt.Sprintf(small, `,{"type":"Polygon","arcs":[[0]],"properties":{"name":"Nowhere"}}`)))
	if err == nil || !strings.Contains(err.Error(), `"Nowhere"`) {
		t.Errorf("a territory in no table: %v", err)
	}
	if _, err = readAtlas(strings.NewReader(fmt.Sprintf(small, ""))); err == nil || !strings.Contains(err.Error(), "box") {
		t.Errorf("boxes that hold nothing: %v", err)
	}
}

func square(west, south, size float64) polygon {
	return polygon{{{west, south}, {west + size, south}, {west + size, south + size}, {west, south + size}, {west, south}}}
}

// TestNearest holds the pruned search of sampled borders against every pair of densely
// spaced points.
func TestNearest(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		a, b polygon
		want float64 // degrees of a great circle
	}{
		{"side by side", square(0, 0, 10), square(10, 0, 10), 0},
		{"along the equator", square(0, -5, 10), square(30, -5, 10), 0}, // set below: at 5 degrees of latitude the way is shorter
		{"over the date line", square(170, 0, 5), square(-175, 0, 5), 0},
		{"over the pole", square(0, 80, 5), square(180, 80, 5), 9.9905}, // the meridians 0 and 185: acos(sin^2 85 + cos^2 85 cos 175)
		{"a long straight border passes an islet", polygon{{{-60, 1}, {60, 1}}}, square(0, 0, 0.5), 0.5},
	} {
		if tt.want == 0 && tt.name != "side by side" {
			best := math.Inf(1)
			for i := range 500 {
				lat := tt.a[0][0].lat + (tt.a[0][2].lat-tt.a[0][0].lat)*float64(i)/499
				best = min(best, point{tt.a[0][1].lon, lat}.vector().chord(point{tt.b[0][0].lon, lat}.vector()))
			}
			tt.want = arc(best) / radius * 180 / math.Pi
		}
		want := tt.want * math.Pi / 180 * radius
		got := arc(nearest(sample([]polygon{tt.a}), sample([]polygon{tt.b})))
		if got < want-1 || got > want+sampling {
			t.Errorf("%s: %.1f km, want %.1f to %.1f more", tt.name, got, want, sampling)
		}
	}
}

func TestBuild(t *testing.T) {
	t.Parallel()
	codes := []string{"DE", "NL", "US"}
	if _, err := build(codes, [][]float64{{0, 1, 2}, {1, 0, 3}, {2, 3, 0}}, "2026-11-01"); err == nil {
		t.Error("families without land were taken")
	}
	if got := []uint16{safe(0), safe(99), safe(109.9), safe(110), safe(20_000)}; got[0] != 0 || got[1] != 0 || got[2] != 0 || got[3] != 1 || got[4] != 1990 {
		t.Errorf("%v", got)
	}
}
