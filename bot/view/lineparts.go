package view

import (
	"parley/bot/shape"
	"parley/bridge"
)

// Helpers to render lines. A line (bridge.Line) is a remark of Parley's own in the thread in which agents see a
// conversation, such as "✅ Ann resolved this." It may be about another conversation, which is then in Line.Other.

// makeHeadline makes the first sentence of a line: an icon, mentions of the agents to notify, then the words.
func makeHeadline(l bridge.Line, icon string, words ...any) Block {
	return shape.Sentence(append([]any{shape.Icon(icon), " ", shape.LeadingMentions(l)}, words...)...)
}

// isSameAgent reports whether two references name the same agent. It is false if a names nobody.
func isSameAgent(a, b bridge.AgentRef) bool {
	if shape.IsNobody(a) {
		return false
	}
	return a.ID == b.ID && a.User == b.User && a.Email == b.Email
}

// conversationPieces names a conversation, with a link to its thread: "#13 Broken lamp".
func conversationPieces(other bridge.Facts) []Piece {
	label := shape.Number(other.ID)
	if s := shape.OneLine(other.Subject, shape.MaxSubjectRunes); s != "" {
		label += " " + s
	}
	return shape.ThreadLink(label, other)
}

// canLinkTo reports whether the chat message is known well enough to link to it.
func canLinkTo(message bridge.Place) bool { return message.Channel != "" && message.Message != "" }

// conversationLink links to the conversation that an answer is about. It returns nil if the answer is in the thread of that
// conversation.
func conversationLink(l bridge.Line) []Block {
	if l.Other.ID == 0 {
		return nil
	}
	return []Block{shape.SmallPrint(shape.ThreadLink("Open "+shape.Number(l.Other.ID), l.Other)...)}
}

// askedFor returns the facts of the conversation that an answer is about. That is l.Other if the command was given outside
// the conversation's thread, and f otherwise.
func askedFor(l bridge.Line, f bridge.Facts) bridge.Facts {
	if l.Other.ID != 0 {
		return l.Other
	}
	return f
}
