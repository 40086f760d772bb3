package view

import (
	"strconv"
	"time"

	"parley/bot/command"
	"parley/bot/verb"
	"parley/bridge"
)

// Submit reads a filled form of the verb. The errors are sentences for people, by field name; nil means
// that there are none and that Filled is what the person asks for. Fields that the form doesn't have are
// ignored. A time is checked as of now in the zone (nil means UTC), but Filled keeps its words.
func Submit(name bridge.Verb, args bridge.Args, fields map[string][]string, now time.Time, zone *time.Location) (Filled, map[string]string) {
	v := verb.Values(fields)
	out := Filled{Verb: name, Args: args}
	if id := v.Text(verb.FieldConversation); id != "" { // Pick
		n, err := strconv.ParseInt(id, 10, 64)
		if err != nil || n <= 0 {
			return Filled{}, map[string]string{verb.FieldConversation: "Choose a conversation."}
		}
		out.Args.Conversation = bridge.ConversationID(n)
		return out, nil
	}
	read := verb.Of(name).Form.Read
	if read == nil {
		return out, nil
	}
	if field, problem := read(&out, v, verb.Reading{Now: now, Zone: zone, Reply: replyText}); problem != "" {
		return Filled{}, map[string]string{field: problem}
	}
	return out, nil
}

// replyText takes the escape off a reply. A reply that begins like a note or a verb is refused as a
// slip, as it is in a thread.
func replyText(typed string) (reply, problem string) {
	p := command.Parse(typed, command.Options{})
	switch {
	case typed == "":
		return "", "Say what to send."
	case p.Marker == bridge.MarkNote:
		return "", "This begins like a note. Use the note's form, or put \\ before it to send it."
	case p.Marker == bridge.MarkBang || p.Marker == bridge.MarkSlash:
		return "", "This begins like a command. Put \\ before it to send it."
	}
	return p.Text, ""
}
