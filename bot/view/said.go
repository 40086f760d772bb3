package view

import (
	"slices"
	"strings"
	"time"

	"parley/bot/shape"
	"parley/bridge"
)

// Limits of what a card shows.
const (
	maxRemarkRunes  = 300                    // of a notice, and of why a file is missing
	maxNamesInLine  = 20                     // names of files in one line: no chat cuts such a line
	maxRemarkedName = 2 * shape.MaxNameRunes // of a file's name with a remark on it: "plan.pdf (0 bytes)"
)

// Said makes the card of a customer's message (bridge.Said), with further ones that are posted together with it
// (Said.Then). The card is posted under the customer's name, marked as a customer's, so that nobody outside can pose as
// a colleague. Said.Elsewhere means that From isn't a customer, but answered the customer outside Parley.
//
// Messages that are posted together, or late, show their times, each minute once. zone is for readers whose own zone
// isn't known.
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

// saidBlocks lays out one message: what it answers, its words, the quoted history if that is to be shown, notices,
// files, and a link to the original.
func saidBlocks(s bridge.Said) []Block {
	var blocks []Block
	if s.Answers != nil {
		blocks = append(blocks, iconLine("leftwards_arrow_with_hook", answersWords(*s.Answers)))
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
		blocks = append(blocks, shape.SmallPrint(Piece{Kind: PieceLink, Text: "Show the original", URL: s.Original}))
	}
	return blocks
}

// iconLine makes a line of small print behind an icon.
func iconLine(icon, text string) Block {
	return shape.SmallPrint(shape.Icon(icon), shape.Text(" "+text))
}

// answersWords names the message that a customer's message answers. ByOwner means that the customer wrote that one, too.
func answersWords(a bridge.Answered) string {
	quoted := shape.OneLine(a.Text, shape.MaxPreviewRunes)
	if quoted == "" {
		return "In answer to an earlier message"
	}
	if a.ByUs {
		return "In answer to our “" + quoted + "”"
	}
	if a.ByOwner {
		return "In answer to their own “" + quoted + "”"
	}
	return "In answer to “" + quoted + "”"
}

// Files makes the card above the files that a customer sent. It also names the files that are missing. A missing file
// without a reason is still being fetched from the provider.
func Files(from bridge.PartyRef, names []string, missing []bridge.Missing) Card {
	c := Card{Name: CustomerName(from)}
	lead := []Piece{shape.Text("From " + shape.PartyName(from) + ":")}
	for some := range slices.Chunk(names, maxNamesInLine) {
		c.Blocks = append(c.Blocks, shape.SmallPrint(shape.JoinPieces(" ", lead, fileNames(some))...))
		lead = nil
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

// CustomerName is the name that a customer's messages are posted under.
func CustomerName(p bridge.PartyRef) string { return shape.PartyName(p) + " (customer)" }

// fileNames shows a paper clip and the names of files.
func fileNames(names []string) []Piece {
	list := make([][]Piece, len(names))
	for i, name := range names {
		list[i] = []Piece{shape.Text(shape.Or(shape.OneLine(name, maxRemarkedName), "unnamed file"))}
	}
	return append([]Piece{shape.Icon("paperclip"), shape.Text(" ")}, shape.JoinPieces(", ", list...)...)
}
