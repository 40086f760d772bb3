package view

import (
	"fmt"
	"time"

	"parley/bot/shape"
	"parley/bridge"
)

// timelineLine answers the command "!timeline", which shows how long a conversation waited for whom:
//
//	💡 Where the time went: 1 day 3 h (3 h 0 min in business hours).
//	- Nobody had it: 25 min (20 min in business hours)
//	- Ben had it: 1 h 40 min (1 h 40 min in business hours)
//	- It was the customer's turn: 1 day 0 h (1 h 0 min in business hours)
func timelineLine(l bridge.Line, c *bridge.TimelineLine, f bridge.Facts) []Block {
	if len(c.Parts) == 0 {
		return append([]Block{makeHeadline(l, "bulb", "No time has passed here yet.")}, conversationLink(l)...)
	}
	blocks := []Block{makeHeadline(l, "bulb", "Where the time went: "+formatSpent(c.Wall, c.Open, c.Hours)+".")}
	for _, part := range c.Parts {
		words := waiterWords(part.On, part.By) + ": " + formatSpent(part.Wall, part.Open, c.Hours)
		blocks = append(blocks, Block{Kind: BlockItem, Pieces: []Piece{shape.Text(words)}})
	}
	return append(blocks, conversationLink(l)...)
}

// waiterWords names the party that had to act next. agent is used for OnAgent only.
func waiterWords(on bridge.Waiter, agent bridge.AgentRef) string {
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

// formatSpent formats a duration. If there are business hours, it adds how much of the duration was within them.
func formatSpent(wall, open time.Duration, hasHours bool) string {
	if !hasHours {
		return formatDuration(wall)
	}
	return formatDuration(wall) + " (" + formatDuration(open) + " in business hours)"
}

// formatDuration formats a duration in at most two units: "2 days 3 h", "1 h 5 min", "12 min", "40 s".
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
