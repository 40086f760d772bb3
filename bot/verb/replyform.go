package verb

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"parley/bot/shape"
	"parley/bridge"
)

// The form of a reply has up to two steps. The first asks for the text, the recipients, the files, and
// optionally for a kind of rich content: buttons, a list, a location, a contact or cards. If a kind was
// chosen, the second step asks for that content; see rich.go.

// askReply fills in the step of the form that comes next. It is the second step if in.Args.Rich is set.
// Errors: *bridge.Problem if no reply may be sent now.
func askReply(form *shape.Form, in shape.FormInput) error {
	if err := checkWindow(in); err != nil {
		return err
	}

	form.Title, form.Submit = "Reply to the customer", "Send"
	form.Intro = append(form.Intro, shape.SmallPrint(shape.Text("Goes to "+recipientWords(in))))
	for _, s := range in.Said {
		if s.MessageID == in.Args.Message || len(in.Said) == 1 {
			form.Args.Message = s.MessageID
			form.Intro = append(form.Intro,
				shape.SmallPrint(shape.Icon("leftwards_arrow_with_hook"), shape.Text(" To: “"+shape.OneLine(s.Text, shape.MaxSubjectRunes)+"”")))
		}
	}

	if in.Args.Rich != "" {
		askRich(form, in)
		return nil
	}

	suggestions := suggestionFields(form, in) // before the canned reply is added, by whose end a shown suggestion is known
	canned := cannedFields(form, &in)
	words := shape.Field{
		Name:     wordsField(form.Args),
		Kind:     shape.FieldLong,
		Label:    "Reply",
		Hint:     shape.Or(countWords(in), formatHint),
		Value:    textValue(in.Text),
		MaxRunes: maxTextRunes,
	}
	form.Fields = append([]shape.Field{words}, suggestions...)
	form.Fields = append(form.Fields, canned...)
	form.Fields = append(form.Fields, recipientFields(form, in)...)
	if len(in.Said) > 1 {
		form.Fields = append(form.Fields, answersField(in))
	}

	form.Fields = append(form.Fields, promotionField(form, in)...)
	form.Fields = append(form.Fields, addField(in))
	form.Files = in.Can.Files.PerMessage > 0
	if in.Can.Files.Unavailable != "" {
		form.Intro = append(form.Intro, shape.SmallPrint(shape.Text(in.Can.Files.Unavailable)))
	}

	return nil
}

// answersField asks which of the customer's messages the reply answers.
func answersField(in shape.FormInput) shape.Field {
	field := shape.Field{Name: fieldAnswers, Kind: shape.FieldOne, Label: "In answer to", Optional: true}
	for _, s := range in.Said {
		label := shape.Or(shape.OneLine(s.Text, maxOptionRunes), "(a message without text)")
		field.Options = append(field.Options, shape.Option{Value: strconv.FormatInt(int64(s.MessageID), 10), Label: label})
	}
	return field
}

// addField asks for the kind of rich content. A kind that the channel doesn't support is sent as text.
func addField(in shape.FormInput) shape.Field {
	field := shape.Field{Name: fieldAdd, Kind: shape.FieldOne, Label: "Add to it", Optional: true}
	for _, k := range richKinds() {
		label := k.label
		if in.Can.MaxItems(k.kind) == 0 {
			label += " (as text)"
		}
		field.Options = append(field.Options, shape.Option{Value: string(k.kind), Label: label})
	}
	return field
}

// kindPromotion is the value of fieldKind for a promotional reply.
const kindPromotion = "promotion"

// promotionField asks whether the reply is promotional, if the provider accepts promotional messages for a
// shorter time than answers. After that time, it returns nil and adds a remark to the form.
func promotionField(form *shape.Form, in shape.FormInput) []shape.Field {
	if in.Can.Window.Human == 0 {
		return nil
	}
	if in.Facts.Window.PeopleOnly {
		form.Intro = append(form.Intro, shape.SmallPrint(shape.Text("Only answers may be sent now, nothing promotional: "+
			"the customer wrote more than "+hoursWords(in.Can.Window.Free)+" ago.")))
		return nil
	}

	var chosen []string
	if in.Args.Promotional {
		chosen = []string{kindPromotion}
	}

	return []shape.Field{{
		Name:     fieldKind,
		Kind:     shape.FieldOne,
		Label:    "What it is",
		Value:    chosen,
		Hint:     "Promotional messages may leave for " + hoursWords(in.Can.Window.Free) + " after the customer wrote.",
		Optional: true,
		Options:  []shape.Option{{Value: kindPromotion, Label: "Promotional: an offer, advertising"}},
	}}
}

func hoursWords(d time.Duration) string { return fmt.Sprintf("%d hours", int(d.Hours())) }

// formatHint explains how to format a text. It is shown if there is no more specific hint.
const formatHint = "Markdown: **bold**, *italic*, - for a list."

// countWords says how many text messages (SMS) the reply is billed as. It returns "" if the provider doesn't
// bill by message.
func countWords(in shape.FormInput) string {
	count := in.Count
	if count == nil {
		return ""
	}

	isBlank := strings.TrimSpace(in.Text) == ""
	soFar := fmt.Sprintf("So far %d %s, %d %s left",
		count.Parts, shape.Plural(count.Parts, "text", "texts"), count.Left, shape.Plural(count.Left, "character", "characters"))
	isRoomKnown := count.Room != [3]int{}
	switch {
	case isRoomKnown:
		room := fmt.Sprintf("One text holds %d characters, two hold %d, three %d (%s; the signature is counted).",
			count.Room[0], count.Room[1], count.Room[2], count.Encoding)
		if isBlank {
			return room
		}
		return soFar + ". " + room
	case isBlank:
		return fmt.Sprintf("%d characters fit into one text (%s); a longer one counts as several.", count.Left, count.Encoding)
	}
	return fmt.Sprintf("%s (%s).", soFar, count.Encoding)
}

// TypedReply returns the text in the submitted form of a reply, without validating it.
func TypedReply(args bridge.Args, fields map[string][]string) string {
	return Values(fields).Text(wordsField(args))
}

// CompleteReply reads from the submitted form of a reply which message it answers, whether it is promotional, and
// its recipients. problem is a message for the agent about the named field, or "".
func CompleteReply(args *bridge.Args, fields map[string][]string) (field, problem string) {
	v := Values(fields)
	id, err := strconv.ParseInt(v.Text(fieldAnswers), 10, 64)
	if err == nil && id > 0 {
		args.Message = bridge.MessageID(id)
	}
	if args.Rich == "" { // only the first step asks whether the reply is promotional
		args.Promotional = v.Text(fieldKind) == kindPromotion
	}
	return readRecipients(args, v)
}

// readReply reads a submitted step of the form. out.Next means that another step follows.
func readReply(out *shape.Filled, v Values, with Reading) (field, problem string) {
	words := TypedReply(out.Args, v)
	if field, problem = CompleteReply(&out.Args, v); problem != "" {
		return field, problem
	}
	if readSuggestion(out, v) {
		out.Text = words
		return "", ""
	}
	if readCanned(out, v) {
		out.Text = words
		return "", ""
	}
	if problem = missingValues(out.Args, words); problem != "" {
		return wordsField(out.Args), problem
	}
	if out.Args.Rich != "" {
		return readRichReply(out, words, v, with)
	}

	out.Args.Rich = bridge.RichKind(v.Text(fieldAdd))
	if out.Args.Rich != "" { // continue with the second step
		out.Text = words
		out.Next = true
		return "", ""
	}

	out.Text, problem = with.Reply(words)
	return wordsField(out.Args), problem
}

// readRichReply reads the second step of the form: the text and the rich content.
func readRichReply(out *shape.Filled, words string, v Values, with Reading) (field, problem string) {
	isSeparate := out.Args.Rich.IsSentAlone() // the text is a separate message, and optional
	if words != "" || !isSeparate {
		if out.Text, problem = with.Reply(words); problem != "" {
			return FieldWords, problem
		}
	}

	isCaption := out.Args.Most > 0 && !isSeparate // text and content are one message of the channel
	if isCaption && utf8.RuneCountInString(out.Text) > shape.MaxRichTextRunes {
		return FieldWords, fmt.Sprintf("Above this stand at most %d characters.", shape.MaxRichTextRunes)
	}

	out.Rich, field, problem = readRich(out.Args, v)
	out.Args.Rich = ""
	out.Args.Most = 0
	return field, problem
}
