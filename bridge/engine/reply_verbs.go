package engine

import "parley/bridge"

// ReplyVerbs returns the commands that this package applies: !cc, !to and the Allow button.
func ReplyVerbs() []Case[*ReplyUseCases] {
	changesRecipients := func(name bridge.Verb) Case[*ReplyUseCases] {
		return Case[*ReplyUseCases]{
			Rules: Rules{Name: name},
			Do:    (*ReplyUseCases).changeRecipients,
		}
	}
	return []Case[*ReplyUseCases]{
		changesRecipients(bridge.VerbCC),
		changesRecipients(bridge.VerbTo),
		changesRecipients(bridge.VerbAllow),
	}
}
