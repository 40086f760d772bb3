package verb

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"parley/bot/shape"
	"parley/bot/typed"
	"parley/bridge"
)

// The form of a reply has up to two steps. The first asks for the text, the recipients and the files, and whether
// something is to go with the text, such as buttons or a place ("rich" content). If so, a second step asks for that;
// see rich.go.

// askReply fills in either step of the form. It is the second one if in.Args.Rich says what is to go with the text.
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

	words := shape.Field{
		Name:     wordsField(in.Args),
		Kind:     shape.FieldLong,
		Label:    "Reply",
		Hint:     shape.Or(countWords(in), formatHint),
		Value:    textValue(in.Text),
		MaxRunes: maxTextRunes,
	}
	form.Fields = append([]shape.Field{words}, suggestionFields(form, in)...)
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

// answersField asks which of the messages that a post shows the reply answers.
func answersField(in shape.FormInput) shape.Field {
	f := shape.Field{Name: fieldAnswers, Kind: shape.FieldOne, Label: "In answer to", Optional: true}
	for _, s := range in.Said {
		label := shape.Or(shape.OneLine(s.Text, maxOptionRunes), "(a message without text)")
		f.Options = append(f.Options, shape.Option{Value: strconv.FormatInt(int64(s.MessageID), 10), Label: label})
	}
	return f
}

// addField asks what else is to go with the text.
func addField(in shape.FormInput) shape.Field {
	f := shape.Field{Name: fieldAdd, Kind: shape.FieldOne, Label: "Add to it", Optional: true}
	for _, k := range richKinds() {
		label := k.label
		if in.Can.MaxItems(k.kind) == 0 {
			label += " (as text)"
		}
		f.Options = append(f.Options, shape.Option{Value: string(k.kind), Label: label})
	}
	return f
}

// kindPromotion is the value of fieldKind for a promotional reply.
const kindPromotion = "promotion"

// promotionField asks whether a reply is promotional, if the provider accepts promotional messages for
// a shorter time than answers. Once that time is over, the form says so instead.
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

// formatHint says how a text is formatted, where its hint has nothing else to say.
const formatHint = "Markdown: **bold**, *italic*, - for a list."

// countWords says how many text messages (SMS) a reply counts as. It is "" if the provider doesn't count messages.
func countWords(in shape.FormInput) string {
	c := in.Count
	if c == nil {
		return ""
	}

	soFar := fmt.Sprintf("So far %d %s, %d %s left",
		c.Parts, shape.Plural(c.Parts, "text", "texts"), c.Left, shape.Plural(c.Left, "character", "characters"))
	if c.Room != [3]int{} {
		words := fmt.Sprintf("One text holds %d characters, two hold %d, three %d (%s; the signature is counted).",
			c.Room[0], c.Room[1], c.Room[2], c.Encoding)
		if strings.TrimSpace(in.Text) == "" {
			return words
		}
		return soFar + ". " + words
	}

	if strings.TrimSpace(in.Text) == "" {
		return fmt.Sprintf("%d characters fit into one text (%s); a longer one counts as several.", c.Left, c.Encoding)
	}

	return fmt.Sprintf("%s (%s).", soFar, c.Encoding)
}

// TypedReply returns the text so far in the form of a reply. It isn't checked.
func TypedReply(args bridge.Args, fields map[string][]string) string {
	return Values(fields).Text(wordsField(args))
}

// CompleteReply puts into args what the form of a reply says besides its text. problem says for people what is wrong in field.
func CompleteReply(args *bridge.Args, fields map[string][]string) (field, problem string) {
	v := Values(fields)
	id, err := strconv.ParseInt(v.Text(fieldAnswers), 10, 64)
	if err == nil && id > 0 {
		args.Message = bridge.MessageID(id)
	}
	if args.Rich == "" { // only the first step asks for it
		args.Promotional = v.Text(fieldKind) == kindPromotion
	}
	return readRecipients(args, v)
}

// readReply reads either step of a reply.
func readReply(out *shape.Filled, v Values, with Reading) (field, problem string) {
	words := TypedReply(out.Args, v)
	if field, problem = CompleteReply(&out.Args, v); problem != "" {
		return field, problem
	}
	if readSuggestion(out, v) {
		out.Text = words
		return "", ""
	}
	if out.Args.Rich != "" {
		return readRichReply(out, words, v, with)
	}

	out.Args.Rich = bridge.RichKind(v.Text(fieldAdd))
	if out.Args.Rich != "" { // the second step asks for it
		out.Text = words
		out.Next = true
		return "", ""
	}

	out.Text, problem = with.Reply(words)
	return wordsField(out.Args), problem
}

// readRichReply reads the second step of a reply: the text, and what goes with it.
func readRichReply(out *shape.Filled, words string, v Values, with Reading) (field, problem string) {
	standsAlone := out.Args.Rich.IsSentAlone() // the text is a message of its own then, and may be missing
	if words != "" || !standsAlone {
		if out.Text, problem = with.Reply(words); problem != "" {
			return FieldWords, problem
		}
	}

	isAboveRich := out.Args.Most > 0 && !standsAlone // it stands above what the channel carries, in one message
	if isAboveRich && utf8.RuneCountInString(out.Text) > typed.MaxRichTextRunes {
		return FieldWords, fmt.Sprintf("Above this stand at most %d characters.", typed.MaxRichTextRunes)
	}

	out.Rich, field, problem = readRich(out.Args, v)
	out.Args.Rich = ""
	out.Args.Most = 0
	return field, problem
}
