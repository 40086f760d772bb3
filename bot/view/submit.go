package view

import (
	"strconv"
	"time"

	"parley/bot/command"
	"parley/bot/verb"
	"parley/bridge"
)

// Submit reads a filled form of the verb. errs are sentences for people, by field name; nil means
// that there are none and that filled is what the person asks for. Fields that the form doesn't have are
// ignored. A time is checked as of now in the zone (nil means UTC), but filled keeps its words.
func Submit(
	name bridge.Verb, args bridge.Args, fields map[string][]string, now time.Time, zone *time.Location,
) (filled Filled, errs map[string]string) {
	values := verb.Values(fields)
	filled = Filled{Verb: name, Args: args}
	if picked := values.Text(verb.FieldConversation); picked != "" { // the form of Pick
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

// ReadReply takes the escape off a reply that was typed into a form. One that begins like a note or a verb is refused as a
// slip, as it is in a thread; problem says so.
func ReadReply(typed string) (reply, problem string) {
	p := command.Parse(typed, command.Options{})
	if typed == "" {
		return "", "Say what to send."
	}
	if p.Marker == bridge.MarkNote {
		return "", "This begins like a note. Use the note's form, or put \\ before it to send it."
	}
	if p.Marker == bridge.MarkBang || p.Marker == bridge.MarkSlash {
		return "", "This begins like a command. Put \\ before it to send it."
	}
	return p.Text, ""
}
