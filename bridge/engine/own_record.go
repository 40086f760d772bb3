package engine

import "parley/bridge/analysis"

// ModelRecord is what is kept, sealed, of a question to a model.
type ModelRecord struct {
	Task      analysis.Task       `json:"task,omitempty"` // which text was asked for; "" means what a customer wrote was analysed
	Answer    analysis.Answer     `json:"answer"`         // what was found in the end, by the model or in its place
	Exchanges []analysis.Exchange `json:"exchanges"`
}
