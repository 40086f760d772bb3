package engine

import (
	"parley/bridge"
	"parley/bridge/analysis"
)

const (
	minToSumUp    = 8 // messages from and to the customer: fewer are quickly read
	minNewToSumUp = 4 // messages since the last summary that are worth another one
)

// sumUp has a long conversation summed up for whoever goes on with it, or finds it later. It does nothing if the
// conversation is short, or if little was said since the last summary.
func (w *work) sumUp(c *Conversation, why Occasion) {
	settings := w.Settings(c)
	if !settings.Analyses || !settings.AI.SumsUp {
		return
	}

	ask := Ask{Task: analysis.Summarise, Language: settings.Language, Occasion: why, MinMessages: minToSumUp}
	if event := ReadSummedUp(c.Traits[bridge.TraitSummedUp]); event != 0 {
		ask.After, ask.MinNew = event, minNewToSumUp
	}

	w.Requests.Add(c, ask)
}
