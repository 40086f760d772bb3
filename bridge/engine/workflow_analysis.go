package engine

import (
	"strings"

	"parley/bridge"
	"parley/store"
)

// A language model, or a set of rules, analyses customers' messages and suggests tags, owners and replies. An
// agent can switch that off for one conversation with "!analysis off", and on again with "!analysis on".

func analysisVerb() useCase {
	return useCase{
		Rules: Rules{Name: bridge.VerbAnalysis},
		Do:    (*work).switchAnalysis,
	}
}

// switchAnalysis applies !analysis. Once it is off, the result of an analysis in progress is ignored.
func (w *work) switchAnalysis(r Request) {
	c, agent := r.Conversation, r.Agent
	word := strings.ToLower(strings.TrimSpace(r.Args.Note))
	var trait string // what the conversation stores; "" means that the analysis is on
	var deed store.Deed
	switch word {
	case "on":
		trait, deed = "", store.DeedAnalysisOn
	case bridge.AnalysisOff:
		trait, deed = bridge.AnalysisOff, store.DeedAnalysisOff
	default:
		w.Refuse(r, "bad_switch", "The analysis is switched off or on.", "For example: !analysis off")
		return
	}

	if !c.SetTrait(bridge.TraitAnalysis, trait) {
		w.Unchanged(r)
		return
	}

	w.Log.ByAgent(c, agent, deed, Detail{})
	w.Line(c, bridge.Line{
		Content: bridge.LineDone,
		Verb:    r.Verb,
		By:      w.Dir.Ref(r.Surface, agent.ID),
		Args:    bridge.Args{Conversation: c.ID, Note: word},
	})
	c.RefreshCard()
}
