package own

import "parley/bridge/analysis"

// ModelRecord is what is kept, sealed, of an analysis for which a model was asked.
type ModelRecord struct {
	Answer    analysis.Answer     `json:"answer"` // what was found in the end, by the model or in its place
	Exchanges []analysis.Exchange `json:"exchanges"`
}
