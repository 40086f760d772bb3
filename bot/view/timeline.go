package view

import (
	"fmt"
	"time"

	"parley/bot/shape"
	"parley/bridge"
)

// timelineLine tells on whom each minute of a conversation depended.
func timelineLine(l bridge.Line, c *bridge.TimelineLine, f bridge.Facts) []Block {
	if len(c.Parts) == 0 {
		return append([]Block{headline(l, "bulb", "No time has passed here yet.")}, toConversation(l)...)
	}
	blocks := []Block{headline(l, "bulb", "Where the time went: "+lasted(c.Wall, c.Open, c.Hours)+".")}
	for _, p := range c.Parts {
		who := map[string]string{"queue": "Nobody had it", "customer": "It was the customer's turn", "provider": "An answer was on its way"}[p.On]
		if p.On == "agent" {
			who = shape.AgentName(p.By) + " had it"
		}
		blocks = append(blocks, Block{Kind: BlockItem, Pieces: []Piece{shape.Text(who + ": " + lasted(p.Wall, p.Open, c.Hours))}})
	}
	return append(blocks, toConversation(l)...)
}

// lasted writes a time, and where there are business hours how much of it was in these.
func lasted(wall, open time.Duration, hours bool) string {
	if !hours {
		return short(wall)
	}
	return short(wall) + " (" + short(open) + " in business hours)"
}

// short writes a time in two units at most: "2 days 3 h", "1 h 5 min", "12 min", "40 s".
func short(d time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%d s", d/time.Second)
	case d < time.Hour:
		return fmt.Sprintf("%d min", d/time.Minute)
	case d < day:
		return fmt.Sprintf("%d h %d min", d/time.Hour, d%time.Hour/time.Minute)
	case d < 2*day:
		return fmt.Sprintf("1 day %d h", d%day/time.Hour)
	}
	return fmt.Sprintf("%d days %d h", d/day, d%day/time.Hour)
}
