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

// useCases lists all verbs; see allUseCases.
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

// allUseCases is the table of verbs, made once.
var allUseCases = sync.OnceValue(func() map[bridge.Verb]*useCase { //nolint:gochecknoglobals // a table that never changes
	all := map[bridge.Verb]*useCase{}
	for _, use := range useCases() {
		all[use.Name] = &use
	}
	return all
})

// verbRules returns the rules of all verbs, for those who don't apply them.
func verbRules() verb.Table {
	t := verb.Table{}
	for name, use := range allUseCases() {
		t[name] = &use.Rules
	}
	return t
}

// useCaseOf returns a verb's entry in the table. For a verb that has none it returns an empty one.
func useCaseOf(name bridge.Verb) *useCase {
	if use := allUseCases()[name]; use != nil {
		return use
	}
	return &useCase{}
}
