package view

import (
	"fmt"
	"time"

	"parley/bot/shape"
	"parley/bridge"
)

// Board makes the card that stands in a team's channel and shows what presses there. It says nothing that changes by itself, such as
// how long somebody has waited: each change would be a change of the message.
func Board(l *bridge.BoardLine) Card {
	zone, err := time.LoadLocation(l.Zone)
	if err != nil { // this machine's zone database doesn't have it
		zone = time.UTC
	}
	c := Card{Title: "Board", Blocks: []Block{shape.Line(shape.Bold("What presses in " + shape.Or(shape.OneLine(l.Team,
		shape.MaxNameRunes), "this channel")))}}
	for _, list := range l.Lists {
		c.Blocks = append(c.Blocks, shape.Line(shape.Bold(list.Name+" "+Count(list.Count))))
		for _, f := range list.Rows {
			f.Zone = zone
			c.Blocks = append(c.Blocks, Block{Kind: BlockItem, Pieces: shape.JoinPieces(shape.Between, titlePieces(f), shape.Subject(f),
				boardTime(f))})
		}
		if more := list.Count - len(list.Rows); more > 0 {
			words := fmt.Sprintf("and %d more", more)
			if list.Count >= bridge.MaxListCount {
				words = "and many more"
			}
			c.Blocks = append(c.Blocks, shape.SmallPrint(shape.Text(words)))
		}
	}
	return c
}

// boardTime shows until when a conversation sleeps, or since when its customer waits.
func boardTime(f bridge.Facts) []Piece {
	switch {
	case f.Status == bridge.StatusSnoozed:
		return []Piece{shape.Text("wakes "), shape.At(f.SnoozedUntil, f.Zone)}
	case !f.WaitingSince.IsZero():
		return []Piece{shape.Text("waits since "), shape.At(f.WaitingSince, f.Zone)}
	case !f.FreeSince.IsZero():
		return []Piece{shape.Text("unassigned since "), shape.At(f.FreeSince, f.Zone)}
	}
	return nil
}
