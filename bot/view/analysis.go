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

// An analysis is what an AI model made of a customer's messages. Parley posts what it found below them, in three lines at
// most: how the customer feels and wants, why somebody has to look at once, and the numbers that the customer named. It
// is a guess, so the lines are small.

// Limits of a note.
const (
	maxActions    = 2 // next steps, besides replies and tags
	maxReferences = 5 // numbers that the customer named
	maxLines      = 3 // the sources of a suggested reply are left out first, since its form shows them, too
)

// moodIcon returns the emoji shortcode of a sentiment, or "" if the sentiment is not worth a word.
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

// analysisLine lays the findings out. An icon of a robot begins them, unless the urgent line has one of its own.
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
	if len(blocks) == 0 { // there is something to suggest, and nothing to say
		blocks = append(blocks, shape.SmallPrint(shape.Text("This may fit:")))
	}
	if c.Urgent == "" {
		blocks[0].Pieces = append([]Piece{shape.Icon("robot_face"), shape.Text(" ")}, blocks[0].Pieces...)
	}

	return blocks
}

// moodPieces shows how the customer feels, and how that has changed. It returns nil if there is nothing to say.
func moodPieces(c *bridge.AnalysisLine) []Piece {
	before := ""
	if moodIcon(c.Before) != "" && c.Before != c.Sentiment {
		before = ", was " + string(c.Before)
	}
	icon := moodIcon(c.Sentiment)
	if icon != "" {
		return []Piece{shape.Icon(icon), shape.Text(" " + nameWords([]string{string(c.Sentiment)}) + before)}
	}
	if before != "" {
		return []Piece{shape.Text("Calm" + before)}
	}
	return nil
}

// nameWords writes names as people do: "Order status, billing".
func nameWords(names []string) string {
	all := strings.ReplaceAll(strings.Join(names, ", "), "_", " ")
	if all == "" {
		return ""
	}
	first, size := utf8.DecodeRuneInString(all)
	return shape.OneLine(string(unicode.ToUpper(first))+all[size:], shape.MaxSubjectRunes)
}

// taggedPieces names the tags that Parley has put on the conversation.
func taggedPieces(c *bridge.AnalysisLine) []Piece {
	if len(c.Tagged) == 0 {
		return nil
	}
	return []Piece{shape.Text("Tagged " + shape.OneLine(strings.Join(c.Tagged, ", "), shape.MaxSubjectRunes))}
}

// referencePieces names the numbers, with their links.
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

// suggestionButtons offer a suggested reply, tags to add or to take off again, and at most maxActions next steps.
func suggestionButtons(c *bridge.AnalysisLine, l bridge.Line, args bridge.Args) (all []Button) {
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

// actionButtons offer next steps, the most pressing first.
func actionButtons(c *bridge.AnalysisLine, conversation bridge.ConversationID) (all []Button) {
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
	if c.Solver != nil {
		add(bridge.VerbAssign, bridge.Args{Agents: []string{c.Solver.Email}}, "Assign to "+shape.AgentName(*c.Solver))
	}

	for _, t := range c.Fits {
		add(bridge.VerbTemplate, bridge.Args{Template: &bridge.TemplateArgs{ID: t.ID}}, "Reply: "+t.Name)
	}

	return all
}

// markPieces shows what agents set on a conversation, such as its priority, and what its analysis found. It leaves out
// what is usual.
func markPieces(f bridge.Facts) []Piece {
	return shape.JoinPieces(shape.Between, verb.Marks(f), urgentMarkPieces(f), moodMarkPieces(f))
}

// moodMarkPieces shows how the customer feels, and how that changed, unless it is and was neutral.
func moodMarkPieces(f bridge.Facts) []Piece {
	return moodPieces(&bridge.AnalysisLine{
		Sentiment: analysis.Sentiment(f.Traits[bridge.TraitSentiment]),
		Before:    analysis.Sentiment(f.Traits[bridge.TraitWas]),
	})
}

// urgentMarkPieces shows that somebody has to look at once, unless the priority says it already.
func urgentMarkPieces(f bridge.Facts) []Piece {
	if !bridge.IsUrgent(f.Traits) || f.Traits[bridge.TraitPriority] == "urgent" {
		return nil
	}
	return []Piece{shape.Icon("rotating_light"), shape.Text(" "), shape.Bold("Looks urgent")}
}
