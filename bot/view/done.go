package view

import (
	"strings"

	"parley/bot/shape"
	"parley/bot/verb"
	"parley/bridge"
)

// doneLine confirms a verb. If the verb has words of its own for the thread (Verb.Shown), such as the
// text that was written in a form, it shows those.
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

// whyLine explains the last decisions: what became of the last texts, and what was logged.
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
		blocks = append(append(blocks, makeHeadline(l, "bulb", "What was decided here, the newest first:")), logRows(c.Log, f)...)
	}

	for i, a := range c.Asked {
		if i == 0 {
			blocks = append(blocks, makeHeadline(l, "bulb", "What a model was asked last, and answered:"))
		}
		blocks = append(blocks, askedBlocks(a, f)...)
	}

	if len(blocks) == 0 {
		blocks = []Block{makeHeadline(l, "bulb", "Nothing has been decided here yet.")}
	}

	return append(blocks, conversationLink(l)...)
}

// decidedBlock says of one text what became of it, and why.
func decidedBlock(d bridge.Decided, f bridge.Facts) Block {
	quoted := "“" + shape.OneLine(d.Text, shape.MaxPreviewRunes) + "”"
	became := shape.Or(fateWords(string(d.Fate)), string(d.Fate)) + "." + shape.NextSentence(decisionWords(d.Reason, f))
	words := shape.Text(" " + shape.AgentName(d.By) + ": " + quoted + " " + became)
	return Block{Kind: BlockItem, Pieces: []Piece{shape.At(d.At, f.Zone), words}}
}

// fateWords says what became of a text; "" for a fate of a later version.
func fateWords(fate string) string {
	switch fate {
	case "inside":
		return "stayed inside"
	case "ask":
		return "waits for a click"
	case "parked":
		return "is kept for later"
	case "waiting":
		return "waits to leave"
	case "out":
		return "went to the customer"
	case "undone":
		return "was taken back"
	case "dropped":
		return "was given up"
	case "failed":
		return "was not delivered"
	case "unclear":
		return "may or may not have arrived"
	}

	return ""
}

// decisionWords puts the reason of a decision into words, also reasons that other lines leave out.
func decisionWords(reason string, f bridge.Facts) string {
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
	case "guest":
		return "By what this chat says, its author is a guest, or belongs to another organisation."
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
	isUnknownCode := words == shape.AsSentence(reason) && !strings.Contains(reason, " ")
	if isUnknownCode {
		return ""
	}

	return words
}
