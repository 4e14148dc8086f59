//go:build race

package river

// many is how many hosts the suite works: the race detector slows SQLite in Go twentyfold.
const many = 200
