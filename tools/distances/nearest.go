package main

import (
	"math"
	"slices"
)

const (
	// cell is the edge of the cubes, in km: of all border points in a cube one is kept.
	cell = 5
	// step is the longest way between two points of a border, in km: long straight
	// borders (the 49th parallel) have few points of their own.
	step = 5
	// blockEdge is the edge of the cubes by which far parts are left out, in km.
	blockEdge = 400
)

// sampling is how much too long the way between two sampled borders can be, in km: at
// each end at most the diagonal of a cube and half a step.
const sampling = 2 * (cell*1.7321 + step/2.0)

// block is the points of one large cube, and a ball that holds them.
type block struct {
	points []vector
	centre vector
	radius float64
}

func cube(v vector, edge float64) [3]int {
	return [3]int{int(math.Floor(v.x / edge)), int(math.Floor(v.y / edge)), int(math.Floor(v.z / edge))}
}

// sample takes points of the borders, at most one a cube, sorted into blocks.
func sample(land []polygon) []block {
	kept := map[[3]int]bool{}
	blocks := map[[3]int]*block{}
	var order [][3]int
	keep := func(p point) {
		v := p.vector()
		small, at := cube(v, cell), cube(v, blockEdge)
		if kept[small] {
			return
		}
		kept[small] = true
		if blocks[at] == nil {
			blocks[at] = &block{}
			order = append(order, at)
		}
		blocks[at].points = append(blocks[at].points, v)
	}
	for _, p := range land {
		for _, line := range p {
			for i, at := range line {
				keep(at)
				if i > 0 {
					between(line[i-1], at, keep)
				}
			}
		}
	}
	out := make([]block, 0, len(order))
	for _, at := range order {
		b := blocks[at]
		for _, v := range b.points {
			n := float64(len(b.points))
			b.centre = vector{b.centre.x + v.x/n, b.centre.y + v.y/n, b.centre.z + v.z/n}
		}
		for _, v := range b.points {
			b.radius = max(b.radius, b.centre.chord(v))
		}
		out = append(out, *b)
	}
	return out
}

// between adds points on the straight line of the map from a to b. A degree is at most
// 112 km, whichever way.
func between(a, b point, keep func(point)) {
	n := math.Ceil(112 * math.Hypot(a.lon-b.lon, a.lat-b.lat) / step)
	for i := 1.0; i < n; i++ {
		keep(point{a.lon + (b.lon-a.lon)*i/n, a.lat + (b.lat-a.lat)*i/n})
	}
}

// nearest is the shortest chord between two sets of points, in km.
func nearest(a, b []block) float64 {
	type pair struct {
		a, b  *block
		least float64
	}
	var pairs []pair
	for i := range a {
		for j := range b {
			pairs = append(pairs, pair{&a[i], &b[j], a[i].centre.chord(b[j].centre) - a[i].radius - b[j].radius})
		}
	}
	slices.SortFunc(pairs, func(x, y pair) int {
		switch {
		case x.least < y.least:
			return -1
		case x.least > y.least:
			return 1
		}
		return 0
	})
	best := math.Inf(1)
	for _, p := range pairs {
		if p.least >= best {
			break
		}
		for _, v := range p.a.points {
			if v.chord(p.b.centre)-p.b.radius >= best {
				continue
			}
			square := best * best
			for _, w := range p.b.points {
				square = min(square, (v.x-w.x)*(v.x-w.x)+(v.y-w.y)*(v.y-w.y)+(v.z-w.z)*(v.z-w.z))
			}
			best = math.Sqrt(square)
		}
	}
	return best
}
