package main

import (
	"fmt"
	"time"
)

// degraded tells people from where our own line is not sound; none while it is.
func (e *engine) degraded() []string {
	var all []string
	for _, line := range e.gate.Status() {
		if !line.Sound {
			all = append(all, fmt.Sprintf("The gate is closed from %s: our own line is not sound since %s; nothing but live counts. %d of %d %s.",
				line.Vantage, line.Since.Format(time.DateTime+" UTC"), line.Answered, line.Controls, "control targets answered; "+line.Fault.Advice()))
		}
	}
	return all
}
