package casefile

// Basis is what a verdict is made from beside the observations of its visit. It is kept with the visit, so
// that the verdict can be made again with other rules.
type Basis struct {
	// Vantages tells the networks of the vantages that looked.
	Vantages []Vantage `json:"vantages,omitempty"`
	// Unsound names the vantages whose own connection was not sound: their looks at the target count as interrupted.
	Unsound []string `json:"unsound,omitempty"`
	// Decoy is the host's answer to a path that does not exist, when another visit asked for it.
	Decoy *Observation `json:"decoy,omitempty"`
	// Baseline are the features that the target was compared with; nil when there were none.
	Baseline *Features `json:"baseline,omitempty"`
	// Registrar is the domain side; nil when unknown. RegistryAnswered says whether its registry said what it
	// knows: without that an unknown registrar tells nothing, and no baseline is made.
	Registrar        *Registrar `json:"registrar,omitempty"`
	RegistryAnswered bool       `json:"registry_answered,omitempty"`
}
