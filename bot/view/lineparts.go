package view

import (
	"parley/bot/shape"
	"parley/bridge"
)

// This file has what lines of several kinds are made of. It needs no other file of the package.

// makeHeadline makes the first sentence of a line: an icon, mentions of those who are to notice it, then the words.
func makeHeadline(l bridge.Line, icon string, words ...any) Block {
	return shape.Sentence(append([]any{shape.Icon(icon), " ", shape.LeadingMentions(l)}, words...)...)
}

// isSameAgent reports whether two references name the same agent; it is false if a names nobody.
func isSameAgent(a, b bridge.AgentRef) bool {
	if shape.IsNobody(a) {
		return false
	}
	return a.ID == b.ID && a.User == b.User && a.Email == b.Email
}

// conversationPieces names another conversation that a line leads to: "#13 Broken lamp".
func conversationPieces(other bridge.Facts) []Piece {
	label := shape.Number(other.ID)
	if s := shape.OneLine(other.Subject, shape.MaxSubjectRunes); s != "" {
		label += " " + s
	}
	return shape.ThreadLink(label, other)
}

// standsInChat reports whether a message can be linked to.
func standsInChat(message bridge.Place) bool { return message.Channel != "" && message.Message != "" }

// conversationLink links the conversation that an answer is about, if the answer isn't in its thread.
func conversationLink(l bridge.Line) []Block {
	if l.Other.ID == 0 {
		return nil
	}
	return []Block{shape.SmallPrint(shape.ThreadLink("Open "+shape.Number(l.Other.ID), l.Other)...)}
}

// askedFor returns the facts of the conversation that an answer is about: l.Other if somebody asked
// outside that conversation's thread, and f otherwise.
func askedFor(l bridge.Line, f bridge.Facts) bridge.Facts {
	if l.Other.ID != 0 {
		return l.Other
	}
	return f
}
