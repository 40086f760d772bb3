package view

import (
	"strings"

	"parley/bot/shape"
	"parley/bot/verb"
	"parley/bridge"
)

// done confirms a verb. Where the verb has words of its own for the thread (Verb.Shown), such as the
// text that was written in a form, it shows those.
func done(l bridge.Line, f bridge.Facts) []Block {
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
	return append([]Block{headline(l, "ok", words)}, shape.Quote(l.Text)...)
}

// whyLine explains the last decisions: what became of the last texts, and what was logged.
func whyLine(l bridge.Line, c *bridge.WhyLine, f bridge.Facts) []Block {
	f = askedFor(l, f)
	var blocks []Block
	if len(c.Decided) > 0 {
		blocks = append(blocks, headline(l, "bulb", "What became of the last texts, and why:"))
		for _, d := range c.Decided {
			blocks = append(blocks, decided(d, f))
		}
	}
	if len(c.Log) > 0 {
		blocks = append(append(blocks, headline(l, "bulb", "What was decided here, the newest first:")), logRows(c.Log, f)...)
	}
	for i, a := range c.Asked {
		if i == 0 {
			blocks = append(blocks, headline(l, "bulb", "What a model was asked last, and answered:"))
		}
		blocks = append(blocks, askedModel(a, f)...)
	}
	if len(blocks) == 0 {
		blocks = []Block{headline(l, "bulb", "Nothing has been decided here yet.")}
	}
	return append(blocks, toConversation(l)...)
}

// decided says of one text what became of it, and why.
func decided(d bridge.Decided, f bridge.Facts) Block {
	fate := map[string]string{
		"inside": "stayed inside", "ask": "waits for a click", "parked": "is kept for later", "waiting": "waits to leave", "out": "went to the customer", "undone": "was taken back",
		"dropped": "was given up", "failed": "was not delivered", "unclear": "may or may not have arrived",
	}[string(d.Fate)]
	return Block{Kind: BlockItem, Pieces: []Piece{shape.At(d.At, f.Zone), shape.Text(" " + shape.AgentName(d.By) + ": “" + shape.OneLine(d.Text, shape.MaxPreviewRunes) + "” " + shape.Or(fate, string(d.Fate)) + "." + shape.Then(decidedWhy(d.Reason, f)))}}
}

// decidedWhy gives words to the reason of a decision, also to reasons that other lines leave out.
func decidedWhy(reason string, f bridge.Facts) string {
	switch reason {
	case "assignee":
		return "Its author has this conversation."
	case "claims":
		return "It was the first answer and made its author the owner."
	case "explicit":
		return "It was said to be a reply."
	case "clicked", "revived":
		return "Somebody pressed Send to customer."
	case "note":
		return "It was marked as a note."
	case "not_a_person":
		return "No person wrote it."
	case "late":
		return "It was found late, when the conversation had moved on."
	case "window", "offered":
		return "The reply window was closed."
	case "deleted":
		return "Its author deleted it."
	case "opted_out":
		return "The customer wants no messages."
	case "trial":
		return "The account is on trial, and somebody who would get it is not on its list."
	case "text_too_long", "file_too_large", "files_too_large", "file_kind", "no_files":
		return "The channel does not take it as it is."
	}
	words := reasonWords(reason, f)
	if words == shape.AsSentence(reason) && !strings.Contains(reason, " ") {
		return "" // a code that has no words
	}
	return words
}
