package reply

import (
	"parley/bridge"
	"parley/bridge/engine/usecase"
	"parley/bridge/engine/verb"
)

// Verbs returns the commands that this package applies: !cc, !to and the Allow button.
func Verbs() []usecase.Case[*UseCases] {
	changesRecipients := func(name bridge.Verb) usecase.Case[*UseCases] {
		return usecase.Case[*UseCases]{
			Rules: verb.Rules{Name: name},
			Do:    (*UseCases).changeRecipients,
		}
	}
	return []usecase.Case[*UseCases]{
		changesRecipients(bridge.VerbCC),
		changesRecipients(bridge.VerbTo),
		changesRecipients(bridge.VerbAllow),
	}
}
