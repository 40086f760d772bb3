package view

import (
	"fmt"
	"time"

	"parley/bot/shape"
	"parley/bot/verb"
	"parley/bridge"
)

// presenceCard answers an agent who changed the presence, or who has more conversations than there is room for.
func presenceCard(c *bridge.PresenceLine, zone *time.Location) Card {
	until := ""
	if c.Until != "" {
		until = " until " + c.Until
	}
	icon, words := "warning", ""
	switch c.Presence {
	case bridge.PresenceAvailable:
		icon, words = "large_green_circle", "You are available. "
	case bridge.PresenceBusy:
		icon, words = "no_entry", "You are busy"+until+": rules give you nothing. "
	case bridge.PresenceBreak:
		icon, words = "coffee", "You are on a break"+until+": rules give you nothing. "
	case bridge.PresenceAway:
		icon, words = "zzz", "You are away"+until+": what customers wait for goes back to the queue. "
		if c.Cover != "" {
			words = "You are away" + until + ": what customers wait for goes to " + shape.OneLine(c.Cover, shape.MaxNameRunes) + ". "
		}
	}
	if c.Capacity > 0 {
		words += fmt.Sprintf("You have %d of %d", c.Open, c.Capacity)
		if c.Open > c.Capacity {
			words += ", more than there is room for"
		}
		words += "."
	} else {
		words += fmt.Sprintf("You have %d open %s.", c.Open, shape.Plural(c.Open, "conversation", "conversations"))
	}

	card := Card{Blocks: []Block{shape.Sentence(shape.Icon(icon), " "+words)}}
	if len(c.Rows) > 0 {
		card.Blocks = append(card.Blocks, shape.Line(shape.Bold("Meanwhile")))
	}
	for _, f := range c.Rows {
		if f.Zone == nil {
			f.Zone = zone
		}
		card.Blocks = append(card.Blocks, listRow(f, bridge.ListAll))
	}
	if c.Presence != "" && c.Presence != bridge.PresenceAvailable {
		card.Buttons = append(card.Buttons, verb.NewButton(bridge.VerbAvailable, bridge.Args{}))
	}
	return card
}
