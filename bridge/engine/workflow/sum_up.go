package workflow

import (
	"strconv"

	"parley/bridge"
	"parley/bridge/analysis"
	"parley/bridge/engine/book"
	"parley/bridge/engine/own"
)

const (
	minToSumUp    = 8 // messages from and to the customer: fewer are quickly read
	minNewToSumUp = 4 // messages since the last summary that are worth another one
)

// sumUp has a long conversation summed up for whoever goes on with it, or finds it later. It does nothing if the
// conversation is short, or if little was said since the last summary.
func (wf *UseCases) sumUp(c *book.Conversation, why own.Occasion) {
	settings := wf.Settings(c)
	if !settings.Analyses || !settings.AI.SumsUp {
		return
	}
	least := minToSumUp
	if covered, err := strconv.Atoi(c.Traits[bridge.TraitSummedUp]); err == nil {
		least = max(least, covered+minNewToSumUp)
	}
	wf.Requests.Add(c, own.Ask{Task: analysis.Summarise, Language: settings.Language, Occasion: why, Least: least})
}
