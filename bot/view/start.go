package view

import (
	"parley/bot/shape"
	"parley/bridge"
)

// existsLine says that the customer already has the conversation that somebody wanted to begin.
func existsLine(l bridge.Line, f bridge.Facts) []Block {
	return append([]Block{makeHeadline(l, "speech_balloon", shape.Customer(l, f)+" has an open conversation already: ",
		shape.ThreadLink(shape.Number(l.Other.ID), l.Other), ". Nothing was sent.", " Write it there.")}, shape.Quote(l.Text)...)
}

// Exists says that the customer has an open conversation already. It takes the place of the form that
// would have begun another one.
func Exists(f bridge.Facts, typed string) Card {
	c := Line(bridge.Line{Content: bridge.LineExists, Other: f, Customer: f.Contact, Text: typed}, bridge.Facts{})
	c.Title = "Not sent"
	return c
}
