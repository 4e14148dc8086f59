// Package distance says how far apart two countries are at least, and how far a
// machine can be at most that answered after some time.
//
// In come ISO 3166-1 alpha-2 codes (upper case; XK for Kosovo) and a round trip time;
// out go whole kilometres. Together they are a veto: a country that lies farther from a
// vantage than light goes in half the round trip time does not hold the machine that
// answered. It must never veto wrongly, so that every distance here is too short and
// every reach too long, and what is not known vetoes nothing.
//
// The table is made by tools/distances from Natural Earth 4.1.0, 1:10m (public domain),
// as packed in world-atlas 2.0.2 (ISC); its date and figures stand at the head of
// distances.bin. A distance is the great circle between the nearest points of two
// borders or coasts, on a sphere of 6335.4 km: the smallest radius of curvature of the
// earth, so that no true way is shorter. The sampled borders err by at most 22.3 km. 100 km
// are taken off, for that, for the generalisation of the map and for islets that it
// does not have; then it is rounded down to 10 km. Neighbours, and all that is within
// 100 km, are at 0.
//
// Everything is a constant: the functions are pure, safe for concurrent use, and
// allocate nothing.
package distance

import (
	_ "embed"
	"time"
)

// distances is the table: a header of text, the number of each pair of letters (0: no
// such country), the family of each country as numbers (0: no more), and a row for each
// country with its distance to each other country with its family, little endian.
//
//go:embed distances.bin
var distances string

const (
	letters   = 640 // where the numbers begin
	families  = letters + 26*26
	members   = 16
	countries = 250
	rows      = families + countries*members
	end       = rows + countries*countries*2
	unit      = 10 // km
)

// From is the shortest distance between a vantage, whose place the operator knows, and a
// country in km, 0 to 20,040, never more than the truth. The vantage stands in the
// territory of its own code; the country counts with its family: the territories that
// have a code of their own but whose addresses may carry the state's (GF is 0 from BR,
// and so is FR; NL counts with its islands in the Caribbean). A vantage on Bonaire must
// therefore be named BQ and not NL. 0 for a country and itself, and for neighbours. Not
// known when one of the codes is not in the table.
func From(vantage, country string) (km int, known bool) {
	i, j := number(vantage), number(country)
	if i == 0 || j == 0 {
		return 0, false
	}
	return at(i, j), true
}

// perMillisecond is how far light gets in fibre and back in a millisecond, in km: two
// thirds of its speed in vacuum (299,792 km/s), halved for the way back, is 99.93.
// Gueye et al., Constraint-Based Geolocation of Internet Hosts, IEEE/ACM Transactions on
// Networking 14(6), 2006, bound distances with the same figure.
const perMillisecond = 100

// everywhere is half the way around the earth, in km: nothing is farther. It is half a
// meridian, 20,004 km, or half the equator, 20,038 km, rounded up.
const everywhere = 20_040

// Reach is how far away a machine can be that answered within rtt, in km: 100 km a
// millisecond, rounded up, at most 20,040 km. The time that the machine and the routers
// took is within rtt: it makes the reach longer than it need be, never shorter. A rtt of
// 0 or less was not measured, and says nothing: not known.
//
// The rtt must be of packets that only the machine itself can answer (a TCP handshake
// made without a proxy): a middlebox that answers for others is near and proves nothing.
func Reach(rtt time.Duration) (km int, known bool) {
	switch {
	case rtt <= 0:
		return 0, false
	case rtt >= everywhere*time.Millisecond/perMillisecond:
		return everywhere, true
	}
	return int((rtt*perMillisecond + time.Millisecond - 1) / time.Millisecond), true
}

// number is the number of a code in the table, from 1; 0 when it has none.
func number(code string) int {
	if len(code) != 2 || code[0] < 'A' || code[0] > 'Z' || code[1] < 'A' || code[1] > 'Z' {
		return 0
	}
	return int(distances[letters+int(code[0]-'A')*26+int(code[1]-'A')])
}

// at is the distance of two numbers in km.
func at(i, j int) int {
	cell := rows + ((i-1)*countries+j-1)*2
	return unit * (int(distances[cell]) | int(distances[cell+1])<<8)
}
