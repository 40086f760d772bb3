package view

import (
	"fmt"
	"time"

	"parley/bot/shape"
	"parley/bridge"
)

// timelineLine shows on whom each minute of a conversation depended.
func timelineLine(l bridge.Line, c *bridge.TimelineLine, f bridge.Facts) []Block {
	if len(c.Parts) == 0 {
		return append([]Block{makeHeadline(l, "bulb", "No time has passed here yet.")}, conversationLink(l)...)
	}
	blocks := []Block{makeHeadline(l, "bulb", "Where the time went: "+formatLasted(c.Wall, c.Open, c.Hours)+".")}
	for _, p := range c.Parts {
		words := turnWords(p.On, p.By) + ": " + formatLasted(p.Wall, p.Open, c.Hours)
		blocks = append(blocks, Block{Kind: BlockItem, Pieces: []Piece{shape.Text(words)}})
	}
	return append(blocks, conversationLink(l)...)
}

// turnWords says on whom a part of the time depended.
func turnWords(on bridge.Waiter, agent bridge.AgentRef) string {
	switch on {
	case bridge.OnQueue:
		return "Nobody had it"
	case bridge.OnCustomer:
		return "It was the customer's turn"
	case bridge.OnProvider:
		return "An answer was on its way"
	case bridge.OnAgent:
		return shape.AgentName(agent) + " had it"
	}
	return ""
}

// formatLasted writes a time and, if there are business hours, how much of it was in them.
func formatLasted(wall, open time.Duration, hasHours bool) string {
	if !hasHours {
		return formatDuration(wall)
	}
	return formatDuration(wall) + " (" + formatDuration(open) + " in business hours)"
}

// formatDuration writes a time in two units at most: "2 days 3 h", "1 h 5 min", "12 min", "40 s".
func formatDuration(d time.Duration) string {
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
