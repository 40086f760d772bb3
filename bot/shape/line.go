package shape

import (
	"strings"

	"parley/bridge"
)

// What lines say in many places. A line (bridge.Line) is a remark that Parley itself makes in a thread.

// AttachedFiles names the files that go with a reply, with links where there are some.
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

// DoerName names the agent who did what a line confirms. Without an agent it is "You", because only the person who did it
// sees the line then.
func DoerName(l bridge.Line) string {
	if IsNobody(l.By) {
		return "You"
	}
	return AgentName(l.By)
}

// JoinWords joins words that somebody typed with commas. It returns none if there are no words.
func JoinWords(words []string, none string) string {
	if len(words) == 0 {
		return none
	}
	all := make([]string, len(words))
	for i, w := range words {
		all[i] = OneLine(w, MaxNameRunes)
	}
	return strings.Join(all, ", ")
}

// SendAsQuestion asks whether to send a colleague's message to the customer.
func SendAsQuestion(author, customer string) string {
	return author + " wrote this, and would be its author: send it to " + customer + "?"
}

// MessageBlocks repeats the message that a line is about: its text and its files.
func MessageBlocks(l bridge.Line) []Block { return append(Quote(l.Text), AttachedFiles(l.Files)...) }

// ActorName names the agent who caused a line, or Parley if no agent did.
func ActorName(l bridge.Line) string {
	if IsNobody(l.By) {
		return "Parley"
	}
	return AgentName(l.By)
}

// Customer names the customer of a line or of its conversation.
func Customer(l bridge.Line, f bridge.Facts) string {
	if l.Customer != (bridge.PartyRef{}) {
		return PartyName(l.Customer)
	}
	return PartyName(f.Contact)
}

// LeadingMentions makes the beginning of a line: mentions of those who are to notice it. It returns nil if there are none.
func LeadingMentions(l bridge.Line) []Piece {
	if len(l.Mentions) == 0 {
		return nil
	}
	return append(Mentions(l.Mentions), Text(" "))
}

// Mentions makes mentions of several agents, and says who of them is away.
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

// QuoteAnswered quotes the message that a reply answers. It returns nil if there are no words.
func QuoteAnswered(words string) []Block {
	if s := OneLine(words, MaxSubjectRunes); s != "" {
		return []Block{SmallPrint(Icon("leftwards_arrow_with_hook"), Text(" To: “"+s+"”"))}
	}
	return nil
}
