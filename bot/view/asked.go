package view

import (
	"fmt"
	"strings"

	"parley/bot/shape"
	"parley/bridge"
)

// askedBlocks tells of one analysis who found what, what was sent to a model, and what the model answered. Both texts are
// shown literally, since customers and machines wrote them.
func askedBlocks(a bridge.Asked, f bridge.Facts) []Block {
	by := shape.OneLine(shape.Or(a.By, a.Model), shape.MaxNameRunes)
	if a.Instead {
		by = "rules, in place of " + shape.OneLine(a.Model, shape.MaxNameRunes)
	}

	found := []string{shape.Or(a.Mood, "neutral")}
	if a.Urgent {
		urgent := "urgent"
		if a.Because != "" {
			urgent += " (“" + shape.OneLine(a.Because, shape.MaxPreviewRunes) + "”)"
		}
		found = append(found, urgent)
	}

	if len(a.Intents) > 0 {
		found = append(found, "wants "+strings.ReplaceAll(strings.Join(a.Intents, ", "), "_", " "))
	}

	costs := fmt.Sprintf("%d tokens", a.Tokens)
	if a.Requests > 1 {
		costs += fmt.Sprintf(" in %d requests", a.Requests)
	}

	did := " found: " + strings.Join(found, "; ")
	if a.Task != "" {
		did = " was asked for a text (" + shape.OneLine(a.Task, shape.MaxNameRunes) + ")"
	}

	answered := "Answered: nothing (" + strings.ReplaceAll(a.Failure, "_", " ") + ")."
	if a.Answered != "" {
		answered = "Answered: " + shape.OneLine(a.Answered, maxAskedRunes)
	}

	return []Block{
		{Kind: BlockItem, Pieces: []Piece{shape.At(a.At, f.Zone), shape.Text(" " + by + did + ". " + costs + ".")}},
		{Kind: BlockItem, Pieces: []Piece{shape.Text("Sent: “" + shape.OneLine(a.Sent, maxAskedRunes) + "”")}},
		{Kind: BlockItem, Pieces: []Piece{shape.Text(answered)}},
	}
}

// maxAskedRunes is how much is shown of what a model was sent and answered.
const maxAskedRunes = 500
