package casefile

// Basis is what a verdict is made from beside the observations of its visit. It is kept with the visit, so
// that the verdict can be made again with other rules.
type Basis struct {
	// Vantages tells the networks of the vantages that looked.
	Vantages []Vantage `json:"vantages,omitempty"`
	// Unsound names the vantages whose own connection was not sound: their looks at the target count as
	// interrupted.
	Unsound []string `json:"unsound,omitempty"`
	// Decoy is the host's answer to a path that does not exist, when another visit asked for it.
	Decoy *Observation `json:"-"` // RevealedBasis has it
	// Baseline are the features that the target was compared with; nil when there were none.
	Baseline *Features `json:"baseline,omitempty"`
	// Registrar is the domain side; nil when unknown. RegistryAnswered says whether its registry said what it
	// knows: without that an unknown registrar tells nothing, and no baseline is made.
	Registrar        *Registrar `json:"registrar,omitempty"`
	RegistryAnswered bool       `json:"registry_answered,omitempty"`
}

// RevealedBasis is a basis whose JSON holds the decoy, with the URLs of its hops: for sealing, and for
// nothing that is shown or logged.
type RevealedBasis struct {
	Basis
	Decoy *RevealedObservation `json:"decoy,omitempty"`
}

// Reveal gives the basis with its decoy.
func (b Basis) Reveal() RevealedBasis {
	r := RevealedBasis{Basis: b}
	if b.Decoy != nil {
		decoy := b.Decoy.Reveal()
		r.Decoy = &decoy
	}
	return r
}

// Read gives the basis with the targets that the URLs of the decoy name. The error repeats no URL.
func (r RevealedBasis) Read() (Basis, error) {
	b := r.Basis
	if r.Decoy == nil {
		return b, nil
	}
	decoy, err := r.Decoy.Read()
	b.Decoy = &decoy
	return b, err
}
