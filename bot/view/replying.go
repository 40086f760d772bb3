package view

import (
	"strings"

	"parley/bot/shape"
	"parley/bridge"
)

// replyingPieces says who has the form of a reply open: "Ben and Ana are replying".
func replyingPieces(f bridge.Facts) []Piece {
	if len(f.Replying) == 0 {
		return nil
	}
	names := make([]string, len(f.Replying))
	for i, r := range f.Replying {
		names[i] = shape.AgentName(r.By)
	}
	last := len(names) - 1
	if last == 0 {
		return []Piece{shape.Text(names[0] + " is replying")}
	}
	return []Piece{shape.Text(strings.Join(names[:last], ", ") + " and " + names[last] + " are replying")}
}
