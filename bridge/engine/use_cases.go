package engine

import (
	"slices"
	"sync"

	"parley/bridge"
	"parley/bridge/engine/assist"
	"parley/bridge/engine/inbound"
	"parley/bridge/engine/reply"
	"parley/bridge/engine/speech"
	"parley/bridge/engine/template"
	"parley/bridge/engine/usecase"
	"parley/bridge/engine/verb"
	"parley/bridge/engine/workflow"
)

// This file is the table of all verbs. A verb is what a person asks for, such as "take" or "snooze", by a command, a button, a form or
// an emoji. A use case carries it out. Most verbs are defined in the packages below this one, each of which lists its own; a new verb
// is added to such a list.

// useCases lists the use cases of all verbs.
func useCases() []useCase {
	return slices.Concat(
		[]useCase{
			newVerb(),
			helpVerb(),
			listVerb(),
			statsVerb(),
			findVerb(),
			historyVerb(),
			whyVerb(),
			timelineVerb(),
			reactVerb(),
			unreactVerb(),
			moveChannelVerb(),
		},
		usecase.Within(func(w *work) *speech.UseCases { return w.speech }, speech.Verbs()),
		usecase.Within(func(w *work) *reply.UseCases { return w.replies }, reply.Verbs()),
		usecase.Within(func(w *work) *template.UseCases { return w.templates }, template.Verbs()),
		usecase.Within(func(w *work) *workflow.UseCases { return w.workflow }, workflow.Verbs()),
		usecase.Within(func(w *work) *inbound.UseCases { return w.intake }, inbound.Verbs()),
		usecase.Within(func(w *work) *assist.UseCases { return w.assist }, assist.Verbs()),
	)
}

// allUseCases returns the use cases by verb. It makes the table once.
var allUseCases = sync.OnceValue(func() map[bridge.Verb]*useCase { //nolint:gochecknoglobals // a table that never changes
	all := map[bridge.Verb]*useCase{}
	for _, use := range useCases() {
		all[use.Name] = &use
	}
	return all
})

// verbRules returns the rules of all verbs, for packages that check permissions but don't carry out verbs.
func verbRules() verb.Table {
	table := verb.Table{}
	for name, use := range allUseCases() {
		table[name] = &use.Rules
	}
	return table
}

// useCaseOf returns the use case of a verb. For an unknown verb it returns an empty one; it never returns nil.
func useCaseOf(name bridge.Verb) *useCase {
	if use := allUseCases()[name]; use != nil {
		return use
	}
	return &useCase{}
}
