package view

import (
	"slices"
	"strings"
	"time"

	"parley/bot/shape"
	"parley/bridge"
)

const (
	maxRemarkRunes  = 300                    // of a notice, and of the reason why a file is missing
	maxNamesInLine  = 20                     // file names per line; no chat truncates such a line
	maxRemarkedName = 2 * shape.MaxNameRunes // of a file name with a remark: "plan.pdf (0 bytes)"
)

// Said makes the card that shows a customer's message to agents:
//
//	Eve & Co (customer)
//	↩ In answer to our “Which lamp is it?”
//	Subject: The lamp from May
//	The red one. It flickers.
//	📎 lamp.jpg
//
// The card is posted under the customer's name. The suffix "(customer)" keeps an outsider from posing as a colleague, and the
// address of somebody else keeps them from posing as the customer. If
// Said.Elsewhere is set, the message is a colleague's answer to the customer, written outside Parley.
//
// Messages that were posted late, or several in one card (Said.Then), show their times; messages of the same minute show
// it once. zone applies to readers whose own time zone isn't known.
func Said(s bridge.Said, zone *time.Location) Card {
	c := Card{Name: CustomerName(s.From)}
	if s.Elsewhere {
		c.Name = shape.PartyName(s.From) + " (elsewhere)"
	}
	if len(s.Then) == 0 && !s.Late {
		c.Blocks = saidBlocks(s)
		return c
	}

	var shownMinute time.Time
	for _, message := range append([]bridge.Said{s}, s.Then...) {
		minute := message.At.Truncate(time.Minute)
		if !minute.Equal(shownMinute) {
			c.Blocks = append(c.Blocks, shape.SmallPrint(shape.At(message.At, zone)))
			shownMinute = minute
		}

		c.Blocks = append(c.Blocks, saidBlocks(message)...)
	}

	return c
}

// saidBlocks renders one message: what it answers, a new subject, its text, the quoted history if that is to be shown,
// notices, file names and a link to the original, which also leads to what is hidden.
func saidBlocks(s bridge.Said) []Block {
	var blocks []Block
	if s.Answers != nil {
		blocks = append(blocks, iconLine("leftwards_arrow_with_hook", AnswersWords(*s.Answers)))
	}

	if subject := shape.OneLine(s.Subject, maxRemarkRunes); subject != "" {
		blocks = append(blocks, shape.SmallPrint(shape.Text("Subject: "), shape.Bold(subject)))
	}

	if strings.TrimSpace(s.Text) != "" {
		blocks = append(blocks, Block{Kind: BlockBody, Text: s.Text})
	} else if len(s.Files) == 0 && len(s.Notices) == 0 {
		blocks = append(blocks, Small("(a message without text)"))
	}
	if s.ShowQuote && strings.TrimSpace(s.Quoted) != "" {
		blocks = append(blocks, Block{Kind: BlockQuote, Text: s.Quoted})
	}

	for _, n := range s.Notices {
		blocks = append(blocks, iconLine("information_source", shape.OneLine(n, maxRemarkRunes)))
	}
	if len(s.Files) > 0 {
		blocks = append(blocks, shape.SmallPrint(fileNames(s.Files)...))
	}
	if s.Original != "" {
		label := "Show the original"
		if strings.TrimSpace(s.Quoted) != "" && !s.ShowQuote {
			label = "Show quoted text"
		}
		blocks = append(blocks, shape.SmallPrint(Piece{Kind: PieceLink, Text: label, URL: s.Original}))
	}
	return blocks
}

// iconLine makes a line of small print that starts with an icon.
func iconLine(icon, text string) Block {
	return shape.SmallPrint(shape.Icon(icon), shape.Text(" "+text))
}

// AnswersWords quotes the message that another one answers.
func AnswersWords(a bridge.Answered) string {
	quoted := shape.OneLine(a.Text, shape.MaxPreviewRunes)
	switch {
	case quoted == "":
		return "In answer to an earlier message"
	case a.ByUs:
		return "In answer to our “" + quoted + "”"
	case a.ByOwner: // the customer answered a message of their own
		return "In answer to their own “" + quoted + "”"
	default:
		return "In answer to “" + quoted + "”"
	}
}

// Files makes the card that is posted above the files of a customer. It also lists the files that are missing: those that
// could not be fetched, with the reason, and those that are still being fetched, which have no reason.
func Files(from bridge.PartyRef, names []string, missing []bridge.Missing) Card {
	c := Card{Name: CustomerName(from)}
	lead := []Piece{shape.Text("From " + shape.PartyName(from) + ":")}
	for chunk := range slices.Chunk(names, maxNamesInLine) {
		c.Blocks = append(c.Blocks, shape.SmallPrint(shape.JoinPieces(" ", lead, fileNames(chunk))...))
		lead = nil // only the first line names the customer
	}

	for _, m := range missing {
		name := shape.Or(shape.OneLine(m.Name, shape.MaxNameRunes), "A file")
		if m.Reason == "" {
			const words = " is still being fetched from the provider; it follows here by itself."
			c.Blocks = append(c.Blocks, iconLine("hourglass_flowing_sand", name+words))
			continue
		}
		reason := shape.OneLine(m.Reason, maxRemarkRunes)
		c.Blocks = append(c.Blocks, iconLine("warning", name+" from "+shape.PartyName(from)+" could not be had: "+reason))
	}
	return c
}

// NotYet says of a mail's author that nobody has let them into the conversation.
const NotYet = "not in this conversation yet"

// CustomerName returns the name under which a customer's messages are posted. Whoever isn't the customer is told by the address.
func CustomerName(p bridge.PartyRef) string {
	name, address := shape.PartyName(p), shape.OneLine(shape.ShownAddress(p), shape.MaxNameRunes)
	switch {
	case !p.Stranger:
		return name + " (customer)"
	case name == address:
		return name + " (" + NotYet + ")"
	default:
		return name + " (" + address + ", " + NotYet + ")"
	}
}

// fileNames lists the names of files after a paper clip.
func fileNames(names []string) []Piece {
	list := make([][]Piece, len(names))
	for i, name := range names {
		list[i] = []Piece{shape.Text(shape.Or(shape.OneLine(name, maxRemarkedName), "unnamed file"))}
	}
	return append([]Piece{shape.Icon("paperclip"), shape.Text(" ")}, shape.JoinPieces(", ", list...)...)
}
