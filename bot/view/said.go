package view

import (
	"strings"
	"time"

	"parley/bridge"
)

// Said is a customer's message; Card.Name is the customer's, marked as such, so that
// nobody outside can pose as a colleague. Several that go out together show their times, each
// minute once; zone is where the reader's own can't be used.
func Said(s bridge.Said, zone *time.Location) Card {
	c := Card{Name: CustomerName(s.From)}
	if s.Elsewhere {
		c.Name = partyName(s.From) + " (elsewhere)"
	}
	if len(s.Then) == 0 {
		c.Blocks = saidBlocks(s)
		return c
	}
	var shown time.Time
	for _, one := range append([]bridge.Said{s}, s.Then...) {
		if minute := one.At.Truncate(time.Minute); !minute.Equal(shown) {
			c.Blocks, shown = append(c.Blocks, small(at(one.At, zone))), minute
		}
		c.Blocks = append(c.Blocks, saidBlocks(one)...)
	}
	return c
}

func saidBlocks(s bridge.Said) []Block {
	var c Card
	if s.Answers != nil {
		c.Blocks = append(c.Blocks, small(icon("leftwards_arrow_with_hook"), text(" "+answersWords(*s.Answers))))
	}
	if strings.TrimSpace(s.Text) != "" {
		c.Blocks = append(c.Blocks, Block{Kind: BlockBody, Text: s.Text})
	} else if len(s.Files) == 0 && len(s.Notices) == 0 {
		c.Blocks = append(c.Blocks, small(text("(a message without text)")))
	}
	if s.ShowQuote && strings.TrimSpace(s.Quoted) != "" {
		c.Blocks = append(c.Blocks, Block{Kind: BlockQuote, Text: s.Quoted})
	}
	for _, n := range s.Notices {
		c.Blocks = append(c.Blocks, small(icon("information_source"), text(" "+oneLine(n, 300))))
	}
	if len(s.Files) > 0 {
		c.Blocks = append(c.Blocks, small(fileNames(s.Files)...))
	}
	if s.Original != "" {
		c.Blocks = append(c.Blocks, small(Piece{Kind: PieceLink, Text: "Show the original", URL: s.Original}))
	}
	return c.Blocks
}

// answersWords names the message that a customer's message answers.
func answersWords(a bridge.Answered) string {
	quoted := oneLine(a.Text, maxPreviewRunes)
	switch {
	case quoted == "":
		return "In answer to an earlier message"
	case a.ByUs:
		return "In answer to our “" + quoted + "”"
	case a.ByOwner:
		return "In answer to their own “" + quoted + "”"
	}
	return "In answer to “" + quoted + "”"
}

// Files is the line above files that a customer sent, and about those that aren't there.
func Files(from bridge.PartyRef, names []string, missing []bridge.Missing) Card {
	c := Card{Name: CustomerName(from)}
	if len(names) > 0 {
		c.Blocks = append(c.Blocks, small(joined(" ", []Piece{text("From " + partyName(from) + ":")}, fileNames(names))...))
	}
	for _, m := range missing {
		name := or(oneLine(m.Name, maxNameRunes), "A file")
		if m.Reason == "" {
			c.Blocks = append(c.Blocks, small(icon("hourglass_flowing_sand"), text(" "+name+" is still being fetched from the provider; it follows here by itself.")))
			continue
		}
		c.Blocks = append(c.Blocks, small(icon("warning"), text(" "+name+" from "+partyName(from)+" could not be had: "+oneLine(m.Reason, 300))))
	}
	return c
}

// CustomerName is the name that a customer's messages are posted under.
func CustomerName(p bridge.PartyRef) string { return partyName(p) + " (customer)" }

func fileNames(names []string) []Piece {
	list := make([]string, len(names))
	for i, n := range names {
		if list[i] = oneLine(n, maxNameRunes); list[i] == "" {
			list[i] = "unnamed file"
		}
	}
	return []Piece{icon("paperclip"), text(" " + strings.Join(list, ", "))}
}
