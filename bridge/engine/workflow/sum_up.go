package workflow

import (
	"strconv"

	"parley/bridge"
	"parley/bridge/analysis"
	"parley/bridge/engine/book"
	"parley/bridge/engine/own"
)

const (
	longConversation = 8 // messages from and to the customer: whoever gets fewer reads them
	muchNews         = 4 // messages since the last summary that are worth another one
)

// sumUp has a long conversation summed up for whoever goes on with it, or finds it later. A short one, and one in
// which little was said since the last time, is left alone.
func (wf *UseCases) sumUp(c *book.Conversation, why own.Occasion) {
	settings := wf.Settings(c)
	if !settings.Analyses || !settings.AI.SumsUp {
		return
	}
	least := longConversation
	if covered, err := strconv.Atoi(c.Traits[bridge.TraitSummedUp]); err == nil {
		least = max(least, covered+muchNews)
	}
	wf.Requests.Add(c, own.Ask{Task: analysis.Summarise, Language: settings.Language, Occasion: why, Least: least})
}
