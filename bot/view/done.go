package view

import (
	"parley/bot/shape"
	"parley/bot/verb"
	"parley/bridge"
)

// doneLine confirms that a verb was done: with the blocks of Verb.Shown, such as the text that was written in a form, or
// else with the sentence of Verb.Done, or else with "Done."
func doneLine(l bridge.Line, f bridge.Facts) []Block {
	v := verb.Of(l.Verb)
	if v.Shown != nil {
		if blocks := v.Shown(l, f); blocks != nil {
			return blocks
		}
	}
	words := "Done."
	if v.Done != nil {
		words = v.Done(l, f)
	}
	return append([]Block{makeHeadline(l, "ok", words)}, shape.Quote(l.Text)...)
}

// whyLine answers "!why": what became of the last texts that were typed here, what was logged, and what an AI model was
// asked.
func whyLine(l bridge.Line, c *bridge.WhyLine, f bridge.Facts) []Block {
	f = askedFor(l, f)
	var blocks []Block
	if len(c.Decided) > 0 {
		blocks = append(blocks, makeHeadline(l, "bulb", "What became of the last texts, and why:"))
		for _, d := range c.Decided {
			blocks = append(blocks, decidedBlock(d, f))
		}
	}

	if len(c.Log) > 0 {
		blocks = append(blocks, makeHeadline(l, "bulb", "What was decided here, the newest first:"))
		blocks = append(blocks, logRows(c.Log, f)...)
	}
	if len(c.Asked) > 0 {
		blocks = append(blocks, makeHeadline(l, "bulb", "What a model was asked last, and answered:"))
	}
	for _, a := range c.Asked {
		blocks = append(blocks, askedBlocks(a, f)...)
	}

	if len(blocks) == 0 {
		blocks = []Block{makeHeadline(l, "bulb", "Nothing has been decided here yet.")}
	}

	return append(blocks, conversationLink(l)...)
}

// decidedBlock says of one text what became of it, and why.
func decidedBlock(d bridge.Decided, f bridge.Facts) Block {
	quoted := "a message" // its words are not shown, or it has none
	if text := shape.OneLine(d.Text, shape.MaxPreviewRunes); text != "" {
		quoted = "“" + text + "”"
	}
	became := shape.Or(fateWords(d.Fate), string(d.Fate)) + "." + shape.NextSentence(ReasonWords(d.Reason, f))
	words := shape.Text(" " + shape.AgentName(d.By) + ": " + quoted + " " + became)
	return Block{Kind: BlockItem, Pieces: []Piece{shape.At(d.At, f.Zone), words}}
}

// fateWords says what became of a text. It returns "" for a fate that only a later version of Parley knows.
func fateWords(fate bridge.Fate) string {
	switch fate {
	case bridge.FateInside:
		return "stayed inside"
	case bridge.FateAsk:
		return "waits for a click"
	case bridge.FateParked:
		return "is kept for later"
	case bridge.FateWaiting:
		return "waits to leave"
	case bridge.FateOut:
		return "went to the customer"
	case bridge.FateUndone:
		return "was taken back"
	case bridge.FateDropped:
		return "was given up"
	case bridge.FateFailed:
		return "was not delivered"
	case bridge.FateUnclear:
		return "may or may not have arrived"
	default:
		return ""
	}
}
