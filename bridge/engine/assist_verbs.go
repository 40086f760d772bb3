package engine

import (
	"parley/bridge"
	"parley/store"
)

// Verbs lists the verbs that this package applies.
func Verbs() []Case[*UseCases] {
	return []Case[*UseCases]{
		{Rules: Rules{Name: bridge.VerbAI, Deed: store.DeedAskedForText}, Do: (*UseCases).ask},
	}
}
