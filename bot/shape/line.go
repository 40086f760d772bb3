package shape

import (
	"strings"

	"parley/bridge"
)

// A line (bridge.Line) is a remark that Parley itself posts in a conversation's thread: "Ann Lee took this."
// The functions of this file make the phrases that many kinds of lines share.

// AttachedFiles lists the files of a reply. Files that have a URL are links.
func AttachedFiles(files []bridge.LineFile) []Block {
	var blocks []Block
	for _, f := range files {
		name := Text(Or(OneLine(f.Name, MaxNameRunes), "unnamed file"))
		if f.URL != "" {
			name.Kind, name.URL = PieceLink, f.URL
		}
		blocks = append(blocks, Line(Icon("paperclip"), Text(" "), name))
	}
	return blocks
}

// DoerName names the agent who did what a line confirms. If the line names no agent, only the person who did it sees the
// line, so DoerName returns "You".
func DoerName(l bridge.Line) string {
	if IsNobody(l.By) {
		return "You"
	}
	return AgentName(l.By)
}

// JoinWords joins untrusted words with commas. It returns fallback if there are no words.
func JoinWords(words []string, fallback string) string {
	if len(words) == 0 {
		return fallback
	}
	safe := make([]string, len(words))
	for i, w := range words {
		safe[i] = OneLine(w, MaxNameRunes)
	}
	return strings.Join(safe, ", ")
}

// SendAsQuestion returns the question whether to send a colleague's message to the customer.
func SendAsQuestion(author, customer string) string {
	return author + " wrote this, and would be its author: send it to " + customer + "?"
}

// MessageBlocks shows the message that a line is about: its text and its files.
func MessageBlocks(l bridge.Line) []Block { return append(Quote(l.Text), AttachedFiles(l.Files)...) }

// ActorName names the agent who caused a line, or Parley if no agent did.
func ActorName(l bridge.Line) string {
	if IsNobody(l.By) {
		return "Parley"
	}
	return AgentName(l.By)
}

// Customer names the customer whom a line is about: the line's own, or otherwise the conversation's. A stranger is named with the
// address.
func Customer(l bridge.Line, f bridge.Facts) string {
	if l.Customer.Stranger {
		return Party(l.Customer)
	}
	if l.Customer != (bridge.PartyRef{}) {
		return PartyName(l.Customer)
	}
	return PartyName(f.Contact)
}

// LeadingMentions returns the mentions with which a line begins, followed by a space. It returns nil if it has none.
func LeadingMentions(l bridge.Line) []Piece {
	if len(l.Mentions) == 0 {
		return nil
	}
	return append(Mentions(l.Mentions), Text(" "))
}

// Mentions mentions several agents, and marks those who are away: "@Ann, @Ben (away)".
func Mentions(agents []bridge.AgentRef) []Piece {
	groups := make([][]Piece, len(agents))
	for i, a := range agents {
		groups[i] = []Piece{Mention(a)}
		if a.Away {
			groups[i] = append(groups[i], Text(" (away)"))
		}
	}
	return JoinPieces(", ", groups...)
}

// QuoteAnswered quotes the beginning of the message that a reply answers. It returns nil if the text is empty.
func QuoteAnswered(text string) []Block {
	beginning := OneLine(text, MaxSubjectRunes)
	if beginning == "" {
		return nil
	}
	return []Block{SmallPrint(Icon("leftwards_arrow_with_hook"), Text(" To: “"+beginning+"”"))}
}
