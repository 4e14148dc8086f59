//go:build !race

package river

// many is how many hosts the suite works.
const many = 1000
