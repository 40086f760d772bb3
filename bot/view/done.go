package view

import (
	"parley/bot/shape"
	"parley/bot/verb"
	"parley/bridge"
)

// When an agent gives a command, Parley answers with a line, which is a remark of its own in the conversation's thread.
// This file renders the answers "done" and "why": l is the line, c holds the fields of its kind, and f describes the
// conversation.

// doneLine confirms that a verb (what an agent asked for) was carried out. Each verb can define its own confirmation: as
// blocks (Verb.Shown), for example to show a text that was written in a form, or as a sentence (Verb.Done). The default
// is "Done."
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

// whyLine answers the command "!why". It shows what happened to the last texts that were typed in the thread, the newest
// entries of the conversation's log, and the last requests to an AI model.
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

// decidedBlock shows what happened to one text and why: "09:12 Ben: “Ask him first” stayed inside. It mentions a colleague."
func decidedBlock(d bridge.Decided, f bridge.Facts) Block {
	quoted := "a message" // the text is confidential or empty
	if text := shape.OneLine(d.Text, shape.MaxPreviewRunes); text != "" {
		quoted = "“" + text + "”"
	}
	fate := shape.Or(fateWords(d.Fate), string(d.Fate)) + "." + shape.NextSentence(ReasonWords(d.Reason, f))
	words := shape.Text(" " + shape.AgentName(d.By) + ": " + quoted + " " + fate)
	return Block{Kind: BlockItem, Pieces: []Piece{shape.At(d.At, f.Zone), words}}
}

// fateWords returns the words for a fate, which is what happened to a text. A fate written by a newer version of Parley
// is unknown here; for that, fateWords returns "".
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
