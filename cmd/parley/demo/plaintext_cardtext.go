package demo

import (
	"encoding/json"
	"strings"
)

// cardPart is what an Adaptive Card's elements have in common as far as they show text.
// Source: adaptivecards.io/explorer, schema 1.5, read 2026-11.
type cardPart struct {
	Type    string     `json:"type"`
	Text    string     `json:"text"`    // TextBlock, TextRun
	Body    []cardPart `json:"body"`    // of the card
	Items   []cardPart `json:"items"`   // Container, Column
	Columns []cardPart `json:"columns"` // ColumnSet
	Inlines []cardPart `json:"inlines"` // RichTextBlock
}

// CardText is what a person reads in an Adaptive Card, a line for each paragraph; its buttons and inputs add nothing.
func CardText(raw json.RawMessage) string {
	var card cardPart
	if json.Unmarshal(raw, &card) != nil {
		return ""
	}
	var b strings.Builder
	card.write(&b)
	return strings.TrimSpace(b.String())
}

func (c cardPart) write(to *strings.Builder) {
	to.WriteString(c.Text)
	for _, parts := range [][]cardPart{c.Body, c.Items, c.Columns, c.Inlines} {
		for _, part := range parts {
			part.write(to)
		}
	}
	if c.Type == "TextBlock" || c.Type == "RichTextBlock" {
		to.WriteByte('\n')
	}
}
