// Command distances makes the table of geolocate/distance: how far apart countries are
// at least. It reads Natural Earth in the form of the npm package world-atlas:
//
//	npm pack world-atlas@2.0.2 && tar xzf world-atlas-2.0.2.tgz
//	go -C tools run ./distances -atlas ../package/countries-10m.json -date 2026-11-23 -out ../geolocate/distance/distances.bin
//
// The same input and date give the same bytes.
package main

import (
	"flag"
	"fmt"
	"io"
	"math"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"
)

// The file, as geolocate/distance reads it: a header of text, the number of each pair of
// letters (0: not in the table), the family of each country as numbers, and for each
// vantage country and each country with its family the distance, little endian.
const (
	header  = 640
	letters = 26 * 26
	members = 16   // of a family, with the state itself
	unit    = 10   // km
	margin  = 100  // km, taken from every distance
	most    = 0xfe // countries
)

func main() {
	atlas := flag.String("atlas", "", "countries-10m.json of world-atlas")
	date := flag.String("date", time.Now().UTC().Format(time.DateOnly), "date of the table")
	out := flag.String("out", "", "file to write")
	flag.Parse()
	if err := run(*atlas, *date, *out, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "distances:", err)
		os.Exit(1)
	}
}

func run(atlas, date, out string, log io.Writer) error {
	in, err := os.Open(atlas)
	if err != nil {
		return fmt.Errorf("open atlas: %w", err)
	}
	defer in.Close()
	land, err := readAtlas(in)
	if err != nil {
		return err
	}
	codes := make([]string, 0, len(land))
	for code := range land {
		codes = append(codes, code)
	}
	slices.Sort(codes)
	table, err := build(codes, measure(codes, land, log), date)
	if err != nil {
		return err
	}
	fmt.Fprintf(log, "%d countries, %d bytes\n", len(codes), len(table))
	return os.WriteFile(out, table, 0o644)
}

// measure gives the way between the borders of each two codes, in km, as sampled.
func measure(codes []string, land map[string][]polygon, log io.Writer) [][]float64 {
	sets, points := make([][]block, len(codes)), 0
	for i, code := range codes {
		sets[i] = sample(land[code])
		for _, b := range sets[i] {
			points += len(b.points)
		}
	}
	fmt.Fprintf(log, "%d border points\n", points)
	ways := make([][]float64, len(codes))
	for i := range ways {
		ways[i] = make([]float64, len(codes))
	}
	rows := make(chan int)
	var working sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		working.Go(func() {
			for i := range rows {
				for j := range i {
					ways[i][j] = arc(nearest(sets[i], sets[j]))
				}
			}
		})
	}
	for i := range codes {
		rows <- i
	}
	close(rows)
	working.Wait()
	for i := range codes {
		for j := range i {
			ways[j][i] = ways[i][j]
		}
	}
	return ways
}

// safe is a way that is surely not too long, in units.
func safe(km float64) uint16 { return uint16(max(0, math.Floor((km-margin)/unit))) }

// build writes the file.
func build(codes []string, ways [][]float64, date string) ([]byte, error) {
	if len(codes) > most {
		return nil, fmt.Errorf("%d codes are more than a byte can number", len(codes))
	}
	if sampling >= margin {
		return nil, fmt.Errorf("sampling errs by %.1f km, and the margin is %d km", sampling, margin)
	}
	text := fmt.Sprintf("vigil distances 1\ndate %s\ncountries %d\nunit %d km\nmargin %d km\nsampling %.1f km\n"+
		"source Natural Earth 4.1.0, 1:10m, Admin 0 countries (public domain, naturalearthdata.com), in world-atlas 2.0.2 countries-10m.json (ISC, Michael Bostock)\n"+
		"made by tools/distances\n", date, len(codes), unit, margin, sampling)
	if len(text) > header {
		return nil, fmt.Errorf("the header has %d bytes", len(text))
	}
	out := append([]byte(text), strings.Repeat(" ", header-len(text)-1)+"\n"...)
	index := make([]byte, letters)
	for i, code := range codes {
		index[int(code[0]-'A')*26+int(code[1]-'A')] = byte(i + 1)
	}
	out = append(out, index...)
	wide := make([][]int, len(codes))
	for i, code := range codes {
		wide[i] = []int{i}
		for _, member := range families[code] {
			j, found := slices.BinarySearch(codes, member)
			if !found {
				return nil, fmt.Errorf("%s of the family of %s has no land", member, code)
			}
			wide[i] = append(wide[i], j)
		}
		if len(wide[i]) > members {
			return nil, fmt.Errorf("the family of %s is too large", code)
		}
		row := make([]byte, members)
		for k, j := range wide[i] {
			row[k] = byte(j + 1)
		}
		out = append(out, row...)
	}
	for i := range codes {
		for j := range codes {
			least := math.Inf(1)
			for _, k := range wide[j] {
				least = min(least, ways[i][k])
			}
			km := safe(least)
			out = append(out, byte(km), byte(km>>8))
		}
	}
	return out, nil
}
