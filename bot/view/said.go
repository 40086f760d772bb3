package view

import (
	"slices"
	"strings"
	"time"

	"parley/bot/shape"
	"parley/bridge"
)

// maxRemarkRunes is how much a card shows of a notice, and of why a file is missing.
const maxRemarkRunes = 300

// Said shows a customer's message. Card.Name is the customer's name, marked as a customer's, so that nobody outside
// can pose as a colleague. Messages that are posted together, or late, show their times, each minute once; zone is
// for readers whose own zone isn't known.
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
	var c Card
	if s.Answers != nil {
		c.Blocks = append(c.Blocks, shape.SmallPrint(shape.Icon("leftwards_arrow_with_hook"), shape.Text(" "+answersWords(*s.Answers))))
	}

	if strings.TrimSpace(s.Text) != "" {
		c.Blocks = append(c.Blocks, Block{Kind: BlockBody, Text: s.Text})
	} else if len(s.Files) == 0 && len(s.Notices) == 0 {
		c.Blocks = append(c.Blocks, shape.SmallPrint(shape.Text("(a message without text)")))
	}

	if s.ShowQuote && strings.TrimSpace(s.Quoted) != "" {
		c.Blocks = append(c.Blocks, Block{Kind: BlockQuote, Text: s.Quoted})
	}

	for _, n := range s.Notices {
		c.Blocks = append(c.Blocks, shape.SmallPrint(shape.Icon("information_source"), shape.Text(" "+shape.OneLine(n, maxRemarkRunes))))
	}

	if len(s.Files) > 0 {
		c.Blocks = append(c.Blocks, shape.SmallPrint(fileNames(s.Files)...))
	}
	if s.Original != "" {
		c.Blocks = append(c.Blocks, shape.SmallPrint(Piece{Kind: PieceLink, Text: "Show the original", URL: s.Original}))
	}

	return c.Blocks
}

// answersWords names the message that a customer's message answers.
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

// Files shows the line above the files that a customer sent. It also names the files that are missing.
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
			c.Blocks = append(c.Blocks, shape.SmallPrint(shape.Icon("hourglass_flowing_sand"),
				shape.Text(" "+name+" is still being fetched from the provider; it follows here by itself.")))
			continue
		}

		c.Blocks = append(c.Blocks, shape.SmallPrint(shape.Icon("warning"),
			shape.Text(" "+name+" from "+shape.PartyName(from)+" could not be had: "+shape.OneLine(m.Reason, maxRemarkRunes))))
	}

	return c
}

const (
	maxNamesInLine  = 20                     // names of files in one line, which surfaces don't cut then
	maxRemarkedName = 2 * shape.MaxNameRunes // of a file's name with what its surface says of it: "plan.pdf (0 bytes)"
)

// CustomerName is the name that a customer's messages are posted under.
func CustomerName(p bridge.PartyRef) string { return shape.PartyName(p) + " (customer)" }

// fileNames lists the names of files behind a paper clip.
func fileNames(names []string) []Piece {
	list := make([][]Piece, len(names))
	for i, name := range names {
		list[i] = []Piece{shape.Text(shape.Or(shape.OneLine(name, maxRemarkedName), "unnamed file"))}
	}
	return append([]Piece{shape.Icon("paperclip"), shape.Text(" ")}, shape.JoinPieces(", ", list...)...)
}
