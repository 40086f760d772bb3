package view

import (
	"strconv"
	"time"

	"parley/bot/verb"
	"parley/bridge"
)

// Submit reads the submitted form of a verb, which is something that agents can ask for, such as Snooze. args are the
// arguments with which the form was opened, and fields the submitted values by field name.
//
// If a value is invalid, errs has a sentence for people under the name of its field. Otherwise errs is nil, and filled is
// the verb with its arguments. Unknown fields are ignored. A time is checked as of now in zone (nil means UTC), but filled
// keeps it as it was typed.
func Submit(
	name bridge.Verb, args bridge.Args, fields map[string][]string, now time.Time, zone *time.Location,
) (filled Filled, errs map[string]string) {
	values := verb.Values(fields)
	filled = Filled{Verb: name, Args: args}
	if picked := values.Text(verb.FieldConversation); picked != "" { // a form made by Pick asks for a conversation only
		id, err := strconv.ParseInt(picked, 10, 64)
		if err != nil || id <= 0 {
			return Filled{}, map[string]string{verb.FieldConversation: "Choose a conversation."}
		}

		filled.Args.Conversation = bridge.ConversationID(id)
		return filled, nil
	}

	read := verb.Of(name).Form.Read
	if read == nil {
		return filled, nil
	}

	field, problem := read(&filled, values, verb.Reading{Now: now, Zone: zone, Reply: ReadReply})
	if problem != "" {
		return Filled{}, map[string]string{field: problem}
	}

	return filled, nil
}

// ReadReply returns the text of a reply that was typed into a form, without the escape ("\" or "!!") at its beginning. A
// text that begins like a note ("note: ask him first") or a command ("!resolve") is most likely a slip, and so is a later
// line that begins like a command; then problem is a sentence that refuses it. Otherwise problem is "".
func ReadReply(typed string) (reply, problem string) {
	p := verb.Parse(typed, verb.Options{})
	if typed == "" {
		return "", "Say what to send."
	}
	if p.Marker == bridge.MarkNote {
		return "", "This begins like a note. Use the note's form, or put \\ before it to send it."
	}
	if p.Marker == bridge.MarkBang || p.Marker == bridge.MarkSlash {
		return "", "This begins like a command. Put \\ before it to send it."
	}
	if verb.HasCommandLine(typed) {
		return "", "One of its lines begins like a command. Put \\ before it to send it."
	}
	return p.Text, ""
}
