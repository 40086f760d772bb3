package view

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"parley/bot/shape"
	"parley/bot/verb"
	"parley/bridge"
	"parley/bridge/analysis"
)

// An analysis is what an AI model, or a set of rules, found in a customer's messages. This file renders it as a note
// below the messages, with buttons for the actions that it suggests:
//
//	🚨 Looks urgent: “we open at nine and nothing works”
//	🙁 Negative, was frustrated · Order status, complaint · Tagged VIP
//	Order 4711 · Invoice F-2024/118
//	[Use reply] [+ Billing] [Undo VIP] [Priority urgent]
//
// Findings are guesses, so all but the urgent line are in small print.

// Limits of a note.
const (
	maxActions    = 2 // buttons for next steps, not counting those for replies and tags
	maxReferences = 5 // order numbers and the like
	maxLines      = 3 // the sources of a suggested reply are dropped first, because the reply's form shows them too
)

// moodIcon returns the emoji shortcode of a sentiment, or "" for the sentiments that the note does not mention.
func moodIcon(s analysis.Sentiment) string {
	switch s {
	case analysis.Positive:
		return "slightly_smiling_face"
	case analysis.Negative:
		return "slightly_frowning_face"
	case analysis.Frustrated:
		return "triumph"
	case analysis.Neutral, analysis.Pressing:
	}
	return ""
}

// analysisLine renders the note. It starts with a robot icon, unless the urgent line with its own icon comes first.
func analysisLine(l bridge.Line, c *bridge.AnalysisLine, _ bridge.Facts) []Block {
	var blocks []Block
	if c.Urgent != "" {
		why := ": “" + shape.OneLine(c.Urgent, shape.MaxPreviewRunes) + "”"
		blocks = append(blocks, makeHeadline(l, "rotating_light", shape.Bold("Looks urgent"), why))
	}

	var wants []Piece
	if len(c.Intents) > 0 {
		wants = []Piece{shape.Text(nameWords(c.Intents))}
	}
	if found := shape.JoinPieces(shape.Between, moodPieces(c), wants, taggedPieces(c)); len(found) > 0 {
		blocks = append(blocks, shape.SmallPrint(found...))
	}
	if numbers := referencePieces(c); len(numbers) > 0 {
		blocks = append(blocks, shape.SmallPrint(numbers...))
	}

	from := verb.SourceLinks("Reply from: ", c.Sources)
	if len(from) > 0 && len(blocks) < maxLines {
		blocks = append(blocks, shape.SmallPrint(from...))
	}
	if len(blocks) == 0 { // the note consists of suggested actions only
		blocks = append(blocks, shape.SmallPrint(shape.Text("This may fit:")))
	}
	if c.Urgent == "" {
		blocks[0].Pieces = append([]Piece{shape.Icon("robot_face"), shape.Text(" ")}, blocks[0].Pieces...)
	}

	return blocks
}

// moodPieces shows the customer's sentiment and how it changed: "Negative, was frustrated". It returns nil if the
// sentiment is neutral now and was neutral before.
func moodPieces(c *bridge.AnalysisLine) []Piece {
	change := ""
	if moodIcon(c.Before) != "" && c.Before != c.Sentiment {
		change = ", was " + string(c.Before)
	}
	icon := moodIcon(c.Sentiment)
	if icon != "" {
		return []Piece{shape.Icon(icon), shape.Text(" " + nameWords([]string{string(c.Sentiment)}) + change)}
	}
	if change != "" { // not that the customer is calm: it may be urgent
		return []Piece{shape.Text("No longer " + string(c.Before))}
	}
	return nil
}

// nameWords turns identifiers into words: it renders "order_status" and "billing" as "Order status, billing".
func nameWords(names []string) string {
	all := strings.ReplaceAll(strings.Join(names, ", "), "_", " ")
	if all == "" {
		return ""
	}
	first, size := utf8.DecodeRuneInString(all)
	return shape.OneLine(string(unicode.ToUpper(first))+all[size:], shape.MaxSubjectRunes)
}

// taggedPieces names the tags that Parley added to the conversation by itself.
func taggedPieces(c *bridge.AnalysisLine) []Piece {
	if len(c.Tagged) == 0 {
		return nil
	}
	return []Piece{shape.Text("Tagged " + shape.OneLine(strings.Join(c.Tagged, ", "), shape.MaxSubjectRunes))}
}

// referencePieces shows the order numbers and the like that the customer mentioned: "Order 4711 · Invoice F-2024/118".
func referencePieces(c *bridge.AnalysisLine) []Piece {
	var numbers [][]Piece
	for _, r := range c.References[:min(len(c.References), maxReferences)] {
		label := nameWords([]string{r.Name}) + " " + shape.OneLine(r.Number, shape.MaxNameRunes)
		if r.Link != "" {
			numbers = append(numbers, []Piece{{Kind: PieceLink, Text: label, URL: r.Link}})
			continue
		}
		numbers = append(numbers, []Piece{shape.Text(label)})
	}
	return shape.JoinPieces(shape.Between, numbers...)
}

// suggestionButtons makes the note's buttons: one for the suggested reply, one for each tag to add or to remove again,
// and at most maxActions for next steps.
func suggestionButtons(c *bridge.AnalysisLine, l bridge.Line, args bridge.Args) []Button {
	var all []Button
	if c.Suggested != 0 {
		form := bridge.ReplyArgs{Suggestion: &bridge.SuggestionArgs{ID: c.Suggested}}
		b := verb.NewButton(bridge.VerbReply, bridge.Args{Conversation: args.Conversation, ReplyArgs: form})
		b.Label = "Use reply"
		all = append(all, b)
	}

	for _, tag := range l.Args.Tags {
		b := verb.NewButton(bridge.VerbTag, bridge.Args{Conversation: args.Conversation, Tags: []string{tag}})
		b.Label = shape.OneLine("+ "+tag, shape.MaxLabelRunes)
		all = append(all, b)
	}

	for _, tag := range c.Tagged {
		b := verb.NewButton(bridge.VerbUntag, bridge.Args{Conversation: args.Conversation, Tags: []string{tag}})
		b.Label = shape.OneLine("Undo "+tag, shape.MaxLabelRunes)
		all = append(all, b)
	}

	actions := actionButtons(c, args.Conversation)
	return append(all, actions[:min(len(actions), maxActions)]...)
}

// actionButtons makes the buttons for next steps, the most urgent first.
func actionButtons(c *bridge.AnalysisLine, conversation bridge.ConversationID) []Button {
	var all []Button
	add := func(name bridge.Verb, args bridge.Args, label string) {
		args.Conversation = conversation
		b := verb.NewButton(name, args)
		b.Label = shape.OneLine(label, shape.MaxLabelRunes)
		all = append(all, b)
	}
	if c.Urgent != "" {
		add(bridge.VerbPriority, bridge.Args{Note: "urgent"}, "Priority urgent")
	}
	if c.Until != "" {
		add(bridge.VerbSnooze, bridge.Args{Until: c.Until}, "Snooze until "+c.Until)
	}

	for _, t := range c.Fits {
		add(bridge.VerbTemplate, bridge.Args{Template: &bridge.TemplateArgs{ID: t.ID}}, "Reply: "+t.Name)
	}

	return all
}

// markPieces shows what agents set on a conversation, such as its priority, and what its analysis found. Default values,
// such as a neutral sentiment, are left out.
func markPieces(f bridge.Facts) []Piece {
	return shape.JoinPieces(shape.Between, verb.Marks(f), urgentMarkPieces(f), moodMarkPieces(f))
}

// moodMarkPieces is moodPieces for the sentiment that is stored with the conversation.
func moodMarkPieces(f bridge.Facts) []Piece {
	return moodPieces(&bridge.AnalysisLine{
		Sentiment: analysis.Sentiment(f.Traits[bridge.TraitSentiment]),
		Before:    analysis.Sentiment(f.Traits[bridge.TraitWas]),
	})
}

// urgentMarkPieces marks a conversation that the analysis found urgent, unless its priority already says so.
func urgentMarkPieces(f bridge.Facts) []Piece {
	if !bridge.IsUrgent(f.Traits) || f.Traits[bridge.TraitPriority] == "urgent" {
		return nil
	}
	return []Piece{shape.Icon("rotating_light"), shape.Text(" "), shape.Bold("Looks urgent")}
}
