package view

import (
	"fmt"
	"strings"

	"parley/bot/shape"
	"parley/bridge"
)

// maxAskedRunes limits how much is shown of a model's prompt and of its answer.
const maxAskedRunes = 500

// askedBlocks renders the record of one request to an AI model, for agents who ask why a message was judged as it was:
//
//   - 09:30 gpt-4o-mini found: frustrated; urgent (“I need it today”); wants order status. 912 tokens.
//   - Sent: “Where is it? Call [PHONE_1], I need it today”
//   - Answered: {"sentiment":"frustrated"}
//
// The prompt and the answer come from customers and machines, so both are shown as literal text.
func askedBlocks(a bridge.Asked, f bridge.Facts) []Block {
	summary := askedParty(a) + " " + askedResult(a) + ". " + askedCosts(a) + "."
	answer := "Answered: nothing (" + strings.ReplaceAll(a.Failure, "_", " ") + ")."
	if a.Answered != "" {
		answer = "Answered: " + shape.OneLine(a.Answered, maxAskedRunes)
	}

	return []Block{
		{Kind: BlockItem, Pieces: []Piece{shape.At(a.At, f.Zone), shape.Text(" " + summary)}},
		{Kind: BlockItem, Pieces: []Piece{shape.Text("Sent: “" + shape.OneLine(a.Sent, maxAskedRunes) + "”")}},
		{Kind: BlockItem, Pieces: []Piece{shape.Text(answer)}},
	}
}

// askedParty names what gave the answer: a model, or the built-in rules that took over when the model failed.
func askedParty(a bridge.Asked) string {
	if a.Instead {
		return "rules, in place of " + shape.OneLine(a.Model, shape.MaxNameRunes)
	}
	return shape.OneLine(shape.Or(a.By, a.Model), shape.MaxNameRunes)
}

// askedResult says what the request was for: the findings of an analysis, or the kind of text to write.
func askedResult(a bridge.Asked) string {
	if a.Task != "" {
		return "was asked for a text (" + shape.OneLine(a.Task, shape.MaxNameRunes) + ")"
	}

	findings := []string{shape.Or(a.Mood, "neutral")}
	if a.Urgent {
		urgent := "urgent"
		if a.Because != "" {
			urgent += " (“" + shape.OneLine(a.Because, shape.MaxPreviewRunes) + "”)"
		}
		findings = append(findings, urgent)
	}
	if len(a.Intents) > 0 {
		findings = append(findings, "wants "+strings.ReplaceAll(strings.Join(a.Intents, ", "), "_", " "))
	}
	return "found: " + strings.Join(findings, "; ")
}

func askedCosts(a bridge.Asked) string {
	costs := fmt.Sprintf("%d tokens", a.Tokens)
	if a.Requests > 1 {
		costs += fmt.Sprintf(" in %d requests", a.Requests)
	}
	return costs
}
