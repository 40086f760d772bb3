package engine

// InboundVerbs lists the verbs that this package applies.
func InboundVerbs() []Case[*InboundUseCases] {
	return []Case[*InboundUseCases]{promoteVerb(), forwarderVerb(), splitVerb(), silenceVerb(), unsilenceVerb(), unblockVerb()}
}
