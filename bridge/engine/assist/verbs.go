package assist

import (
	"parley/bridge"
	"parley/bridge/engine/usecase"
	"parley/bridge/engine/verb"
	"parley/store"
)

// Verbs lists the verbs that this package applies.
func Verbs() []usecase.Case[*UseCases] {
	return []usecase.Case[*UseCases]{
		{Rules: verb.Rules{Name: bridge.VerbAI, Deed: store.DeedAskedForText}, Do: (*UseCases).ask},
	}
}
