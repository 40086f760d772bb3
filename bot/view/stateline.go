package view

import (
	"cmp"
	"fmt"
	"strings"

	"parley/bot/shape"
	"parley/bridge"
)

// Parley posts remarks of its own, called lines, into the thread in which agents see a conversation. This file renders the
// lines about the owners and the state of a conversation, such as "@Ann took this." In all functions l says what happened,
// c holds the fields of that kind of line, and f describes the conversation.

// assignedLine reports who owns the conversation now, and mentions the new owners: "@Ann took this.", or "@Ann: Ben
// assigned this to you."
func assignedLine(l bridge.Line, _ bridge.Facts) []Block {
	parts := []any{shape.Icon("bust_in_silhouette"), " "}
	switch {
	case len(l.Mentions) == 0:
		parts = append(parts, shape.ActorName(l)+" assigned this.")
	case len(l.Mentions) == 1 && isSameAgent(l.Mentions[0], l.By):
		parts = append(parts, shape.Mention(l.By), " took this.")
	case shape.IsNobody(l.By):
		parts = append(parts, shape.Mentions(l.Mentions), ": this is yours now.")
	default:
		parts = append(parts, shape.Mentions(l.Mentions), ": "+shape.AgentName(l.By)+" assigned this to you.")
	}
	return append([]Block{shape.Sentence(parts...)}, shape.Quote(l.Text)...)
}

// routedLine reports that a rule has assigned a conversation, and why to this agent.
func routedLine(l bridge.Line, c *bridge.RoutedLine, _ bridge.Facts) []Block {
	agent := any(shape.OneLine(c.Agent, shape.MaxNameRunes))
	if len(l.Mentions) > 0 {
		agent = shape.Mentions(l.Mentions)
	}
	return []Block{shape.Sentence(shape.Icon("bust_in_silhouette"), " Assigned to ", agent, ": "+routedWords(c)+".")}
}

// routedWords says why a rule has chosen an agent.
func routedWords(c *bridge.RoutedLine) string {
	word := shape.OneLine(c.Word, shape.MaxNameRunes)
	in := ""
	if team := shape.OneLine(c.Team, shape.MaxNameRunes); team != "" {
		in = " in " + team
	}
	switch c.Rule {
	case "least_load":
		return "least busy" + in
	case "round_robin":
		return "next in turn" + in
	case "random":
		return "drawn by lot" + in
	case "skill":
		return "least busy of those with the skill " + word + in
	case "brand":
		return "knows the customer's brand"
	case "last_agent":
		return "had this customer last"
	case "salesman":
		return "the customer's salesman"
	case "field":
		return "named as the customer's " + word
	case "pin":
		return "the customer's own agent"
	case "preset":
		return "chosen for this customer"
	case bridge.ByCover:
		return "covers for " + word
	case "fallback":
		return "gets what no rule gives to anybody"
	default: // of a newer version
		return "by a rule"
	}
}

// unassignedLine reports that a conversation has no owner any more, often because it was handed to another team.
func unassignedLine(l bridge.Line, c *bridge.UnassignedLine, f bridge.Facts) []Block {
	words := []any{unassignedWords(l, c)}
	if c.Absent != "" {
		words = absentWords(c, f)
	}
	blocks := append([]Block{makeHeadline(l, "large_blue_circle", words...)}, shape.Quote(l.Text)...)
	return append(blocks, leftThreadBlocks(c, f)...)
}

func unassignedWords(l bridge.Line, c *bridge.UnassignedLine) string {
	team := shape.OneLine(l.Args.Team, shape.MaxNameRunes)
	former := shape.OneLine(c.Former, shape.MaxNameRunes)
	switch {
	case team != "" && shape.IsNobody(l.By):
		return "A rule handed this to " + team + ". Nobody has it yet."
	case team != "":
		return shape.ActorName(l) + " handed this to " + team + ". Nobody has it yet."
	case former != "":
		return "This is unassigned again: " + former + " had it, and no longer works on this account."
	case shape.IsNobody(l.By):
		return "This is unassigned again."
	default:
		return shape.AgentName(l.By) + " put this back to Unassigned."
	}
}

// absentWords says why a conversation was taken from owners who aren't there: "Ben Katz is away until Monday: back in the queue."
func absentWords(c *bridge.UnassignedLine, f bridge.Facts) []any {
	be, how := " is ", "off duty"
	if strings.Contains(c.Former, ", ") {
		be = " are "
	}
	if c.Absent == bridge.AbsentAway {
		how = "away"
	}
	words := []any{shape.OneLine(c.Former, shape.MaxSubjectRunes) + be + how}
	if !c.Until.IsZero() {
		words = append(words, " until ", shape.At(c.Until, f.Zone))
	}
	return append(words, ": back in the queue.")
}

// leftThreadBlocks links to the thread in which the conversation was before it was handed over, and quotes the last message
// there. It returns nil if the conversation stayed in its thread.
func leftThreadBlocks(c *bridge.UnassignedLine, f bridge.Facts) []Block {
	var parts [][]Piece
	switch {
	case c.Left.Message != "":
		parts = append(parts, []Piece{shape.Thread("What was said before", c.Left)})
	case c.LeftIn != "":
		parts = append(parts, []Piece{shape.Text("What was said before is in " + shape.OneLine(c.LeftIn, shape.MaxNameRunes))})
	default:
		return nil
	}
	if last := shape.OneLine(f.LastMessage.Preview, shape.MaxPreviewRunes); last != "" {
		parts = append(parts, []Piece{shape.Text("Last: “" + last + "”")})
	}
	return []Block{shape.SmallPrint(shape.JoinPieces(shape.Between, parts...)...)}
}

// handedOverLine reports, in the old thread, that the conversation continues in another team's thread.
func handedOverLine(l bridge.Line, f bridge.Facts) []Block {
	team := shape.Or(shape.OneLine(l.Args.Team, shape.MaxNameRunes), "another team")
	moved := shape.ActorName(l) + " handed this to " + team + ". It goes on in "
	return []Block{makeHeadline(l, "arrow_right", moved, shape.ThreadLink(shape.Number(f.ID), f), ".")}
}

// visibleLine reports who may read the conversation from now on.
func visibleLine(l bridge.Line, c *bridge.VisibleLine, _ bridge.Facts) []Block {
	if len(c.To) == 0 {
		return []Block{makeHeadline(l, "unlock", shape.ActorName(l)+" let everybody read this again.")}
	}
	names := make([]string, len(c.To))
	for i, name := range c.To {
		names[i] = shape.OneLine(name, shape.MaxNameRunes)
	}
	words := shape.ActorName(l) + " made this private. Only " + strings.Join(names, ", ") + " may read it, and super-admins."
	return []Block{
		makeHeadline(l, "lock", words),
		Small("What was said before: !history. Whoever is invited to this channel reads it here, too."),
	}
}

// oopsLine says who has a reply that should not have been sent, and that it can't be taken back.
func oopsLine(l bridge.Line, c *bridge.OopsLine, _ bridge.Facts) []Block {
	state := map[bridge.OutcomeState]string{
		bridge.OutcomeDelivered: " has it: it was delivered.",
		bridge.OutcomeRead:      " has read it.",
		bridge.OutcomeFailed:    " does not have it: it did not arrive.",
		bridge.OutcomeUnclear:   " may have it: nobody can tell.",
	}[c.State]
	words := shape.OneLine(strings.Join(c.To, ", "), shape.MaxSubjectRunes) + shape.Or(state,
		" has it: it was sent. Whether it was read isn't known.")
	blocks := []Block{makeHeadline(l, "rotating_light", shape.ActorName(l)+" wants this back:")}
	blocks = append(blocks, shape.Quote(l.Text)...)
	return append(blocks, shape.Sentence(words),
		Small(c.Channel+" can't call back what has left. Correct it with the button, or edit what was typed."))
}

// lateLine reports that nobody has taken the conversation, or answered the customer, in time.
func lateLine(l bridge.Line, c *bridge.LateLine, f bridge.Facts) []Block {
	words := shape.Customer(l, f) + " should have had an answer by "
	if c.Untaken {
		words = "Nobody has taken this. Somebody should have by "
	}
	hint := ". A few words that hold the conversation are better than none."
	return []Block{makeHeadline(l, "hourglass", words, shape.At(c.Due, f.Zone), hint)}
}

// automatedLine reports what an automation has done.
func automatedLine(l bridge.Line, c *bridge.AutomatedLine, _ bridge.Facts) []Block {
	words := ""
	if len(c.Did) > 0 {
		words = ": " + shape.OneLine(strings.Join(c.Did, ", "), maxDidRunes)
	}
	name := shape.Bold(cmp.Or(shape.OneLine(c.Name, shape.MaxNameRunes), "without a name"))
	return append([]Block{makeHeadline(l, "gear", "Automation ", name, words+".")}, shape.Quote(l.Text)...)
}

const maxDidRunes = 300

// wokeLine reports the end of a snooze and its cause. If the snooze ended by itself, the line also says whether the
// customer has written since it began.
func wokeLine(l bridge.Line, c *bridge.WokeLine, f bridge.Facts) []Block {
	words := "The snooze is over."
	switch {
	case !shape.IsNobody(l.By):
		words = shape.AgentName(l.By) + " ended the snooze."
	case c.Cause == bridge.WokenByTime:
		words += " " + shape.Customer(l, f) + " has not written since."
	case c.Cause == bridge.WokenUnanswered:
		words += " " + shape.Customer(l, f) + " has written since."
	case c.Cause == bridge.WokenByCustomer:
		words += " The customer wrote."
	}
	return []Block{makeHeadline(l, "alarm_clock", words)}
}

func reopenedLine(l bridge.Line, f bridge.Facts) []Block {
	words := shape.AgentName(l.By) + " reopened this."
	if shape.IsNobody(l.By) {
		words = shape.Customer(l, f) + " wrote again; this is reopened."
	}
	return []Block{makeHeadline(l, "large_green_circle", words)}
}

// continuedLine reports that the customer wrote again after the end, which started the new conversation Line.Other.
func continuedLine(l bridge.Line, f bridge.Facts) []Block {
	return []Block{makeHeadline(l, "arrow_right", shape.Customer(l, f)+" wrote again. It goes on in ", conversationPieces(l.Other), ".")}
}

func resolvedLine(l bridge.Line, _ bridge.Facts) []Block {
	what := map[bridge.Verb]string{
		bridge.VerbClose: "closed", bridge.VerbArchive: "archived", bridge.VerbBlock: "blocked the customer and closed",
		bridge.VerbUnblock: "unblocked the customer of",
	}[l.Verb]
	what = shape.Or(what, "resolved")
	words := shape.AgentName(l.By) + " " + what + " this."
	if shape.IsNobody(l.By) {
		words = "This is " + what + "."
	}
	if l.Verb == bridge.VerbUnblock && l.Text != "" { // Parley's words, not a note
		return []Block{makeHeadline(l, "white_check_mark", words+" "+l.Text)}
	}
	return append([]Block{makeHeadline(l, "white_check_mark", words)}, shape.Quote(l.Text)...)
}

// endedLine reports that a conversation ended by itself.
func endedLine(l bridge.Line, c *bridge.EndedLine, f bridge.Facts) []Block {
	silent := fmt.Sprintf("%s has not written for %d hours", shape.Customer(l, f), c.Hours)
	if c.Hours == 1 {
		silent = shape.Customer(l, f) + " has not written for an hour"
	}
	words := "Resolved by itself: " + silent + "."
	switch c.Why {
	case bridge.CloseWords:
		words = "Resolved by itself: " + shape.Customer(l, f) + " says so."
	case bridge.CloseAbandoned:
		words = "Closed as abandoned: " + silent + "."
	}
	return []Block{makeHeadline(l, "white_check_mark", words)}
}

func forwardedLine(l bridge.Line, f bridge.Facts) []Block {
	words := shape.AgentName(l.By) + " forwarded this mail. Replies go to " + shape.Customer(l, f) + ", who wrote it."
	if l.Text != "" {
		words += " Above it stood:"
	}
	return append([]Block{makeHeadline(l, "arrow_right", words)}, shape.Quote(l.Text)...)
}

// autoRepliedLine shows what an account answered by itself.
func autoRepliedLine(l bridge.Line, c *bridge.AutoRepliedLine, f bridge.Facts) []Block {
	on := map[string]string{"dates": " for these days", "closed": " outside business hours", "first": " at first contact"}[c.On]
	return append([]Block{makeHeadline(l, "robot_face", "Automatic reply"+on+" to "+shape.Customer(l, f)+":")}, shape.Quote(l.Text)...)
}

func snoozedLine(l bridge.Line, c *bridge.SnoozedLine, f bridge.Facts) []Block {
	return []Block{makeHeadline(l, "zzz", shape.ActorName(l)+" snoozed this until ", shape.At(c.Until, f.Zone), ".")}
}
