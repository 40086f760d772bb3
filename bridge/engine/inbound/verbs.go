package inbound

import "parley/bridge/engine/usecase"

// Verbs lists the verbs that this package applies.
func Verbs() []usecase.Case[*UseCases] {
	return []usecase.Case[*UseCases]{promoteVerb(), forwarderVerb(), splitVerb(), silenceVerb(), unsilenceVerb(), unblockVerb()}
}
