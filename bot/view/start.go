package view

import (
	"parley/bot/shape"
	"parley/bridge"
)

// startLine says that what somebody wanted to begin is there.
func startLine(l bridge.Line, f bridge.Facts) []Block {
	if l.Kind != bridge.LineExists {
		return nil
	}
	return append([]Block{shape.Sentence(shape.Icon("speech_balloon"), " ", shape.Mentioned(l), shape.Customer(l, f)+" has an open conversation already: ",
		shape.Whereabouts(shape.Number(l.Other.ID), l.Other), ". Nothing was sent.", shape.Then(shape.Or(l.Hint, "Write it there.")))}, shape.Quote(l.Text)...)
}

// Exists shows that a customer has a conversation already, in place of the form that would
// have begun another one.
func Exists(f bridge.Facts, typed string) Card {
	c := Line(bridge.Line{Kind: bridge.LineExists, Other: f, Customer: f.Contact, Text: typed}, bridge.Facts{})
	c.Title = "Not sent"
	return c
}
