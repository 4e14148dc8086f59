//go:build !race

package main

// outageHosts is how many hosts most kinds of outage are tried on.
const outageHosts = outageWhole
