package workflow

import (
	"strings"

	"parley/bridge"
	"parley/bridge/engine/book"
	"parley/bridge/engine/verb"
	"parley/store"
)

func analysisVerb() useCase {
	return useCase{
		Rules: verb.Rules{Name: bridge.VerbAnalysis},
		Do:    (*UseCases).switchAnalysis,
	}
}

// switchAnalysis switches the analysis of what is written in a conversation on or off. After it was switched off, an
// analysis that is under way changes nothing any more.
func (wf *UseCases) switchAnalysis(r book.Request) {
	c, agent := r.Conversation, r.Agent
	kept := ""
	switch word := strings.ToLower(strings.TrimSpace(r.Args.Note)); word {
	case "on":
	case bridge.AnalysisOff:
		kept = word
	default:
		wf.Refuse(r, "bad_switch", "The analysis is switched off or on.", "For example: !analysis off")
		return
	}

	if !c.SetTrait(bridge.TraitAnalysis, kept) {
		wf.Unchanged(r)
		return
	}

	word, deed := "on", store.DeedAnalysisOn
	if kept != "" {
		word, deed = kept, store.DeedAnalysisOff
	}

	wf.Log.ByAgent(c, agent, deed, book.Detail{})
	wf.Line(c, bridge.Line{
		Content: bridge.LineDone,
		Verb:    r.Verb,
		By:      wf.Dir.Ref(r.Surface, agent.ID),
		Args:    bridge.Args{Conversation: c.ID, Note: word},
	})
	c.RefreshCard()
}
