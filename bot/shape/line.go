package shape

import (
	"strings"

	"parley/bridge"
)

// AttachedFiles names the files that go with a reply.
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

// Doer names who did it; a confirmation without a name is read by the doer alone.
func Doer(l bridge.Line) string {
	if Nobody(l.By) {
		return "You"
	}
	return AgentName(l.By)
}

// Listed names what somebody typed, separated by commas; none where there is nothing.
func Listed(words []string, none string) string {
	if len(words) == 0 {
		return none
	}
	all := make([]string, len(words))
	for i, w := range words {
		all[i] = OneLine(w, MaxNameRunes)
	}
	return strings.Join(all, ", ")
}

// SendAsQuestion asks whether to send what somebody else wrote.
func SendAsQuestion(author, customer string) string {
	return author + " wrote this, and would be its author: send it to " + customer + "?"
}

// Kept is what a line says of a message itself.
func Kept(l bridge.Line) []Block { return append(Quote(l.Text), AttachedFiles(l.Files)...) }

// Actor names who caused a line; Parley if no agent did.
func Actor(l bridge.Line) string {
	if Nobody(l.By) {
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

// Mentioned opens a line with those who are to notice it.
func Mentioned(l bridge.Line) []Piece {
	if len(l.Mentions) == 0 {
		return nil
	}
	return append(Mentions(l.Mentions), Text(" "))
}

// Mentions notifies several agents.
func Mentions(agents []bridge.AgentRef) []Piece {
	groups := make([][]Piece, len(agents))
	for i, a := range agents {
		groups[i] = []Piece{Mention(a)}
	}
	return Joined(", ", groups...)
}

// Answered shows the words of the message that a reply is to.
func Answered(words string) []Block {
	if s := OneLine(words, MaxSubjectRunes); s != "" {
		return []Block{SmallPrint(Icon("leftwards_arrow_with_hook"), Text(" To: “"+s+"”"))}
	}
	return nil
}
