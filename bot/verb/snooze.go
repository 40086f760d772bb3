package verb

import (
	"errors"
	"regexp"
	"strings"
	"time"

	"parley/bot/shape"
	"parley/bridge"
)

// snoozeVerb describes the command "!snooze 2h" or "!snooze friday 14:00", which hides a conversation until a time.
// The description has what people see: the typed syntax, help, button and form. The type Verb explains the fields.
func snoozeVerb() *Verb {
	return &Verb{
		Name: bridge.VerbSnooze,
		Typed: TypedLine{
			Words:      []string{"snooze", "s", "z"},
			AskIfAlone: true,
			Syntax:     "!snooze TIME",
			Rest:       RestTime,
			Missing:    "Say until when: !snooze 2h, !snooze tomorrow, !snooze friday 14:00",
		},
		Help: Help{
			Sentence:    "Hides it until then; it comes back to its owner.",
			Examples:    []string{"!snooze 2h", "!snooze tomorrow", "!snooze monday", "!snooze friday 14:00", "!snooze 24.12. 9:00"},
			InShortHelp: true,
		},
		Emoji: []string{"zzz", "alarm_clock", "sleeping"},
		Slash: true,
		Menus: Menus{
			InThread: Offer{Order: 6},
			Command:  &Command{About: "Snooze a conversation", Hint: "#12 tomorrow"},
			Message:  &Entry{Order: 6, Title: "Snooze conversation", About: "Bring it back later"},
		},
		Button: Button{
			Label:          "Snooze",
			OfferedForTypo: true,
			TypoLabel:      snoozeTypoLabel,
		},
		Form: Form{
			Ask:    askSnooze,
			Needed: func(args bridge.Args) bool { return args.Until == "" },
			Read:   readSnooze,
		},
	}
}

// snoozeTypoLabel labels the button that offers a mistyped !snooze.
func snoozeTypoLabel(m bridge.Meant) string {
	until := strings.TrimSpace(m.Args.Until)
	if duration.MatchString(until) {
		return "Snooze for " + until
	}
	return "Snooze until " + until
}

// askSnooze fills in the form of !snooze.
func askSnooze(form *shape.Form, in shape.FormInput) error {
	if err := checkOpen(in.Facts); err != nil {
		return err
	}

	form.Title, form.Submit = "Snooze", "Snooze"
	form.Fields = []shape.Field{
		{
			Name:     fieldUntil,
			Kind:     shape.FieldOne,
			Label:    "Until",
			Options:  snoozeOptions(in),
			Value:    []string{snoozeOption(in, "tomorrow", "").Value},
			Optional: true,
		},
		{
			Name:     fieldOther,
			Kind:     shape.FieldText,
			Label:    "Or type a time",
			Example:  "3d, friday 14:00, 24.12. 9:00",
			Optional: true,
			MaxRunes: maxTimeRunes,
		},
	}

	return nil
}

// maxTimeRunes limits the length of a typed time.
const maxTimeRunes = 64

// duration matches a time relative to now: "2h", "3 days".
var duration = regexp.MustCompile(`^\d+ ?(?:m|min|minutes?|h|hours?|d|days?|w|weeks?)$`)

// snoozeOptions returns the times that the form offers.
func snoozeOptions(in shape.FormInput) []shape.Option {
	options := []shape.Option{
		snoozeOption(in, "1h", "1 hour"),
		snoozeOption(in, "2h", "2 hours"),
		snoozeOption(in, "4h", "4 hours"),
		snoozeOption(in, "tomorrow", "Tomorrow"),
	}
	tomorrow := options[len(options)-1]
	monday := snoozeOption(in, "monday", "Next Monday")
	if monday.Value != tomorrow.Value { // they are equal on a Sunday
		options = append(options, monday)
	}
	return options
}

// snoozeOption returns the option for a time such as "tomorrow". Its label includes the resolved time. The
// value of a day is the resolved time, so that it still matches the label if the form is submitted after
// midnight. The value of a duration, such as "2h", is kept, since it counts from the submission.
func snoozeOption(in shape.FormInput, words, label string) shape.Option {
	at, err := bridge.Parse(words, in.Now, in.Facts.Zone)
	if err != nil {
		return shape.Option{Value: words, Label: label}
	}
	value := at.Format(time.RFC3339)
	if duration.MatchString(words) {
		value = words
	}
	return shape.Option{Value: value, Label: label + " (" + at.Format("Mon 2 Jan 15:04") + ")"}
}

// readSnooze reads the submitted form. A typed time takes precedence over a chosen one.
func readSnooze(out *shape.Filled, v Values, with Reading) (field, problem string) {
	field, out.Args.Until = fieldOther, v.Text(fieldOther)
	if out.Args.Until == "" {
		field, out.Args.Until = fieldUntil, v.Text(fieldUntil)
	}
	if out.Args.Until == "" {
		return fieldUntil, "Choose a time."
	}

	if _, err := bridge.Parse(out.Args.Until, with.Now, with.Zone); err != nil {
		if parseErr, ok := errors.AsType[*bridge.Error](err); ok {
			return field, parseErr.Text + " " + parseErr.Hint
		}
		return field, "I can't read this time."
	}

	return "", ""
}
