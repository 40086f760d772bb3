package view

import (
	"time"

	"parley/bridge"
)

// Root is a conversation's first message: at most three lines and four buttons; one line
// and one button when it is over.
func Root(f bridge.Facts) Card { return Card{} }

// Line gives words to a remark of Parley's. f are the facts of the post it comes with;
// zero where there is no conversation.
func Line(l bridge.Line, f bridge.Facts) Card { return Card{} }

// Said is a customer's message; Card.Name is the customer's, marked as such.
func Said(s bridge.Said, f bridge.Facts) Card { return Card{} }

// Files is the line above files that a customer sent.
func Files(from bridge.PartyRef, names []string) Card { return Card{} }

// Details is all that is known of a conversation (More), with the rest of the buttons.
func Details(f bridge.Facts) Card { return Card{} }

// List shows rows of "mine", "unassigned", "team", "all", "snoozed" or "resolved", with
// buttons for the other lists. zone nil means UTC.
func List(list string, rows []bridge.Facts, zone *time.Location) Card { return Card{} }

// History shows log rows. zone nil means UTC.
func History(f bridge.Facts, rows []bridge.LogRow) Card { return Card{} }

// Help explains one verb, or all for "".
func Help(word string) Card { return Card{} }

// Problem shows a refusal.
func Problem(p *bridge.Problem) Card { return Card{} }

// MarkIcon is the emoji shortcode of a receipt mark. None of them is a verb's emoji, so
// that joining in on a mark does nothing.
func MarkIcon(m bridge.Mark) string { return "" }

// Plain renders a card as plain text: notifications, logs of tests, text-only surfaces.
func Plain(c Card) string { return "" }

// NewForm makes the form of a verb. Errors: *bridge.Problem when there is none to fill in.
func NewForm(in FormInput) (Form, error) { return Form{}, nil }

// Pick asks which conversation a command without #number is about. Its values go to
// Submit with the same verb and args.
func Pick(verb bridge.Verb, args bridge.Args, rows []bridge.Facts) (Form, error) { return Form{}, nil }

// Submit reads a filled form. Errors are by field name, for people; nil when fine.
// Values of fields that the form didn't have are ignored.
func Submit(verb bridge.Verb, args bridge.Args, values map[string][]string, now time.Time, zone *time.Location) (Filled, map[string]string) {
	return Filled{}, nil
}
