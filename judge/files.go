package judge

import (
	"cmp"
	"strconv"

	"vigil/casefile"
)

// HeadShare is the share of the first file with which a later one must begin to be the same
// file: one with bytes added at its end, or cut off behind its middle. The beginnings that are
// compared double in length, so the share is told within a factor of two: a file that was only
// added to shows a half or more, one cut behind its middle a quarter or more (ADR-0040).
const HeadShare = 0.25

// filed is how two files relate that are not the same bytes.
type filed struct {
	sized      bool    // both have traits of files: looks before 2026-11-24 have none
	alike      bool    // the second is the first, with other bytes behind
	share      float64 // of the first one's bytes with which the second begins, at least; 0 to 1
	kinds      [2]string
	lengths    [2]int64 // 0 where it is not known
	unlikeKind bool
}

// compareFiles tells whether b is a later state of the file a. The type is told by the bytes, not by
// the server. Same type, same length and the same beginning: bytes within it were changed, as it is done to
// escape lists of digests, or not as much of it was read. A quarter of it and more the same: bytes were added
// behind, or are missing there.
func compareFiles(a, b *casefile.Features) filed {
	r := filed{sized: a.Bytes > 0 && b.Bytes > 0, unlikeKind: a.Kind != b.Kind}
	r.kinds, r.lengths = [2]string{a.Kind, b.Kind}, [2]int64{a.Length, b.Length}
	if !r.sized {
		return r
	}
	shared := int64(0)
	for i := range min(len(a.PrefixDigests), len(b.PrefixDigests)) {
		if a.PrefixDigests[i] != b.PrefixDigests[i] {
			break
		}
		shared = casefile.FirstPrefix << i
	}
	r.share = min(1, float64(shared)/float64(a.Bytes))
	sameLength := a.Length > 0 && a.Length == b.Length
	r.alike = !r.unlikeKind && shared > 0 && (sameLength || r.share >= HeadShare)
	return r
}

// String tells what differs, in numbers and types of a closed set.
func (r filed) String() string {
	s := "similarity=" + strconv.FormatFloat(r.share, 'f', 2, 64)
	if r.unlikeKind {
		s += " kind=" + cmp.Or(r.kinds[1], "unknown") + " kind_before=" + cmp.Or(r.kinds[0], "unknown")
	}
	if r.lengths[0] != r.lengths[1] {
		s += lengthOf(" length", r.lengths[1]) + lengthOf(" length_before", r.lengths[0])
	}
	return s
}

func lengthOf(code string, n int64) string {
	if n == 0 {
		return code + "_unknown"
	}
	return code + "=" + strconv.FormatInt(n, 10)
}
