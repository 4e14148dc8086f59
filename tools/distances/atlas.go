package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
)

// point is a place in degrees.
type point struct{ lon, lat float64 }

// topology is a TopoJSON document: shared lines (arcs), quantized and delta-encoded,
// and objects that refer to them (github.com/topojson/topojson-specification).
type topology struct {
	Transform struct{ Scale, Translate [2]float64 }
	Arcs      [][][2]int64
	Objects   struct {
		Countries struct{ Geometries []geometry }
	}
}

type geometry struct {
	ID         string
	Type       string
	Arcs       json.RawMessage
	Properties struct{ Name string }
}

// polygon is the borders of one piece of land, as lines.
type polygon [][]point

// lines decodes the arcs.
func (t *topology) lines() [][]point {
	out := make([][]point, len(t.Arcs))
	for i, arc := range t.Arcs {
		var x, y int64
		for _, step := range arc {
			x, y = x+step[0], y+step[1]
			out[i] = append(out[i], point{float64(x)*t.Transform.Scale[0] + t.Transform.Translate[0], float64(y)*t.Transform.Scale[1] + t.Transform.Translate[1]})
		}
	}
	return out
}

// polygons puts the lines of a geometry together. The direction of a line does not
// matter here, so that ~i is read as i.
func (g geometry) polygons(lines [][]point) ([]polygon, error) {
	var pieces [][][]int
	switch g.Type {
	case "Polygon":
		var piece [][]int
		if err := json.Unmarshal(g.Arcs, &piece); err != nil {
			return nil, fmt.Errorf("read arcs of %s: %w", g.Properties.Name, err)
		}
		pieces = [][][]int{piece}
	case "MultiPolygon":
		if err := json.Unmarshal(g.Arcs, &pieces); err != nil {
			return nil, fmt.Errorf("read arcs of %s: %w", g.Properties.Name, err)
		}
	default:
		return nil, fmt.Errorf("%s is a %s and no land", g.Properties.Name, g.Type)
	}
	var out []polygon
	for _, piece := range pieces {
		var p polygon
		for _, i := range slices.Concat(piece...) {
			if i < 0 {
				i = ^i
			}
			if i >= len(lines) {
				return nil, fmt.Errorf("%s refers to arc %d of %d", g.Properties.Name, i, len(lines))
			}
			p = append(p, lines[i])
		}
		out = append(out, p)
	}
	return out, nil
}

func (b box) holds(p polygon) bool {
	for _, line := range p {
		for _, at := range line {
			if at.lon < b.west || at.lon > b.east || at.lat < b.south || at.lat > b.north {
				return false
			}
		}
	}
	return true
}

// readAtlas gives the land of each code. It fails when a territory of the atlas is in no
// table, and when a table names what the atlas does not have.
func readAtlas(r io.Reader) (map[string][]polygon, error) {
	var t topology
	if err := json.NewDecoder(r).Decode(&t); err != nil {
		return nil, fmt.Errorf("read atlas: %w", err)
	}
	lines := t.lines()
	land := map[string][]polygon{}
	used, seen := make([]bool, len(boxes)), map[string]bool{}
	for _, g := range t.Objects.Countries.Geometries {
		name := g.Properties.Name
		codes, known := other[name]
		if at := strings.Index(iso, g.ID); g.ID != "" && at >= 0 {
			codes, known = []string{iso[at+len(g.ID) : at+len(g.ID)+2]}, true
		}
		if !known {
			return nil, fmt.Errorf("territory %q with id %q is in no table", name, g.ID)
		}
		seen[name] = true
		pieces, err := g.polygons(lines)
		if err != nil {
			return nil, err
		}
		for _, p := range pieces {
			owners := codes
			for i, b := range boxes {
				if b.of != name || !b.holds(p) {
					continue
				}
				used[i] = true
				if b.also {
					owners = append(slices.Clone(owners), b.code)
				} else {
					owners = []string{b.code}
				}
			}
			if len(owners) == 0 {
				return nil, fmt.Errorf("a piece of %q lies in no box", name)
			}
			for _, code := range owners {
				land[code] = append(land[code], p)
			}
		}
	}
	for i, b := range boxes {
		if !used[i] {
			return nil, fmt.Errorf("the box of %s holds no piece of %s", b.code, b.of)
		}
	}
	for name := range other {
		if !seen[name] {
			return nil, fmt.Errorf("the atlas has no %q", name)
		}
	}
	if len(land) == 0 {
		return nil, errors.New("the atlas is empty")
	}
	return land, nil
}

// vector is a place on a sphere, in km from its centre.
type vector struct{ x, y, z float64 }

// radius is the smallest radius of curvature of the WGS 84 ellipsoid, that of the
// meridian at the equator: a(1-e^2) = 6335.44 km. No way on the ellipsoid is shorter
// than the way between the same coordinates on a sphere of this radius.
const radius = 6335.4

func (p point) vector() vector {
	lon, lat := p.lon*math.Pi/180, p.lat*math.Pi/180
	return vector{radius * math.Cos(lat) * math.Cos(lon), radius * math.Cos(lat) * math.Sin(lon), radius * math.Sin(lat)}
}

func (a vector) chord(b vector) float64 {
	return math.Sqrt((a.x-b.x)*(a.x-b.x) + (a.y-b.y)*(a.y-b.y) + (a.z-b.z)*(a.z-b.z))
}

// arc is the way over the sphere that belongs to a chord.
func arc(chord float64) float64 { return 2 * radius * math.Asin(min(1, chord/(2*radius))) }
