package verb

import (
	"fmt"
	"strconv"

	"parley/bot/shape"
	"parley/bridge"
)

// tagMessagesVerb describes the form that tags single messages of a conversation.
func tagMessagesVerb() *Verb {
	return &Verb{
		Name:   bridge.VerbTagMessages,
		Typed:  TypedLine{Words: []string{"tagmessages"}, Syntax: "!tagmessages"},
		Help:   Help{Sentence: "Tags single messages, which a form lists.", Examples: []string{"!tagmessages"}},
		Slash:  true,
		Menus:  Menus{Message: &Entry{Order: 7, Title: "Tag message", About: "Add tags to it, or to several"}},
		Button: Button{Label: "Tag messages"},
		Form: Form{
			Ask:    askForMessageTags,
			Needed: func(args bridge.Args) bool { return len(args.Tags) == 0 || len(args.Messages) == 0 },
			Read:   readMessageTags,
			Lists:  []List{KnownTags, LatestMessages},
		},
		Done: func(l bridge.Line, _ bridge.Facts) string {
			did, what := "tagged", "a message"
			if l.Args.Remove {
				did = "untagged"
			}
			if n := len(l.Args.Messages); n > 1 {
				what = fmt.Sprintf("%d messages", n)
			}
			return shape.DoerName(l) + " " + did + " " + what + ": " + shape.JoinWords(l.Args.Tags, "tags") + "."
		},
	}
}

const removeTags = "remove"

func askForMessageTags(form *shape.Form, in shape.FormInput) error {
	messages, err := messagesField(in)
	if err != nil {
		return err
	}
	form.Title, form.Submit = "Tag messages", "Tag"
	in.Facts.Tags = nil // those of the conversation are offered, too
	form.Fields = append([]shape.Field{messages}, tagFields(in)...)
	if in.Facts.Account.MayUntag {
		form.Fields = append(form.Fields, shape.Field{
			Name: fieldDo, Kind: shape.FieldOne, Label: "What to do", Optional: true, Value: []string{"add"},
			Options: []shape.Option{{Value: "add", Label: "Add these tags"}, {Value: removeTags, Label: "Remove these tags"}},
		})
	}
	return nil
}

// messagesField asks for some of the conversation's latest messages, the newest first.
func messagesField(in shape.FormInput) (shape.Field, error) {
	field := shape.Field{Name: fieldMessages, Kind: shape.FieldSeveral, Label: "Messages"}
	for i := len(in.Spoken) - 1; i >= 0; i-- {
		s := &in.Spoken[i]
		if s.Reason == bridge.ReasonCommand {
			continue
		}
		label := shape.Or(shape.OneLine(s.Text, shape.MaxSubjectRunes), "(without text)")
		if s.Text == "" && len(s.Files) > 0 {
			label = s.Files[0].Name
		}
		author := shape.Or(shape.OneLine(s.Author, shape.MaxNameRunes), "Parley")
		if s.Fate == bridge.FateInside {
			author += " (inside)"
		}
		field.Options = append(field.Options, shape.Option{
			Value: strconv.FormatInt(int64(s.ID), 10),
			Label: shape.OneLine(author+": "+label, maxChoiceRunes),
		})
	}
	if len(field.Options) == 0 {
		return field, &bridge.Problem{Code: "no_message", Text: "There is no message here yet."}
	}
	for _, id := range in.Args.Messages {
		field.Value = append(field.Value, strconv.FormatInt(int64(id), 10))
	}
	field.Value = chosenOf(field.Value, field.Options)
	return field, nil
}

// readMessages returns the messages that were chosen in a messagesField.
func readMessages(v Values) (ids []bridge.MessageID) {
	for _, value := range v.List(fieldMessages) {
		if id, err := strconv.ParseInt(value, 10, 64); err == nil {
			ids = append(ids, bridge.MessageID(id))
		}
	}
	return ids
}

func readMessageTags(out *shape.Filled, v Values, r Reading) (field, problem string) {
	out.Args.Messages, out.Args.Remove = readMessages(v), v.Text(fieldDo) == removeTags
	if len(out.Args.Messages) == 0 {
		return fieldMessages, "Choose at least one message."
	}
	return readTags(out, v, r)
}
