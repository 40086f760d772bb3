package verb

import (
	"slices"
	"strings"

	"parley/bot/shape"
	"parley/bridge"
)

// startVerb describes "@Parley new ann@example.org Your lamp is repaired.", by which an agent writes to a customer
// first. The form goes on in steps: the account, if there are several, then the customer and the text, or a template
// and its values. Verb explains the fields.
func startVerb() *Verb {
	return &Verb{
		Name: bridge.VerbNew,
		Typed: TypedLine{
			Words:   []string{"new", "start"},
			Syntax:  "!new [ACCOUNT] ADDRESS TEXT",
			Rest:    RestStart,
			Missing: "Say to whom and what: @Parley new ann@example.org Your lamp is repaired.",
		},
		Sends: true,
		Help: Help{
			Sentence: "Begins a conversation with a customer.",
			Examples: []string{"@Parley new ann@example.org Your lamp is repaired.", "@Parley new sms +49 171 5550100 Your lamp is repaired."},
		},
		Slash:    true,
		Anywhere: true,
		Menus: Menus{
			InChat: Offer{Order: 3},
			Box:    &Entry{Title: "Start conversation", About: "Write to a customer first"},
		},
		Button: Button{Label: "Start conversation"},
		Form:   Form{Ask: askStart, Read: readStart},
		Shown:  startedBlocks,
	}
}

// askStart is the form that begins a conversation. It asks for the account, if there are several, then
// for the customer and the text.
// Errors: *bridge.Problem where no account can begin conversations.
func askStart(form *shape.Form, in shape.FormInput) error {
	form.Title, form.Submit = "New conversation", "Send"
	pick := shape.Field{Name: fieldAccount, Kind: shape.FieldOne, Label: "By"}
	for _, a := range in.Accounts {
		if a.Starts {
			pick.Options = append(pick.Options, shape.Option{Value: a.Name, Label: shape.OneLine(accountName(a), maxChoiceRunes)})
		}
	}

	if len(pick.Options) == 0 {
		return &bridge.Problem{
			Code: "no_account",
			Text: "There is no account by which you may begin a conversation.",
			Hint: "Ask an admin.",
		}
	}

	chosen, ok := StartsBy(in)
	if !ok {
		form.Args.Account, form.Submit = "", "Next"
		form.Fields = []shape.Field{pick}
		if named := shape.OneLine(in.Args.Account, maxChoiceRunes); named != "" {
			form.Intro = []shape.Block{
				shape.SmallPrint(shape.Icon("warning"), shape.Text(" You can't begin a conversation by "+named+" now. Choose another account.")),
			}
		}
		return nil
	}

	form.Args.Account = chosen.Name
	icon := strings.Trim(shape.Or(chosen.ChannelIcon, "grey_question"), ":")
	form.Intro = []shape.Block{shape.SmallPrint(shape.Icon(icon), shape.Text(" By "+accountName(chosen)))}
	if isTemplateChosen(in.Args.Template) {
		in.Facts.Contact = bridge.PartyRef{Name: in.Args.Recipient, Address: in.Args.Recipient}
		in.Facts.Recipients.To = []bridge.PartyRef{in.Facts.Contact}
		err := askTemplate(form, in)
		form.Title = "New conversation"
		return err
	}

	form.Fields = append(form.Fields, recipientField(chosen, in.Args.Recipient))
	if chosen.ByTemplate {
		return startByTemplate(form, in)
	}
	if chosen.Can.Subject {
		form.Fields = append(form.Fields, shape.Field{
			Name:     fieldSubject,
			Kind:     shape.FieldText,
			Label:    "Subject",
			Value:    textValue(in.Args.Subject),
			MaxRunes: shape.MaxSubjectRunes,
		})
	}

	form.Fields = append(form.Fields, firstWords(in, chosen.Can)...)
	return nil
}

// recipientField asks to whom a conversation by an account goes.
func recipientField(by bridge.AccountRef, given string) shape.Field {
	to := shape.Field{Name: fieldRecipient, Kind: shape.FieldText, Label: "To", Value: textValue(given), MaxRunes: maxAddressRunes}
	hasOwnIDs := by.Can.Subject // a chat that has subjects is a system of the company's own
	switch {
	case by.Can.Participants: // mail
		to.Hint = "One address."
		to.Example = "ann@example.org"
	case hasOwnIDs && by.KnownOnly:
		to.Hint = "The id that your system gives a customer who wrote to you before. Others: outgoing is off."
	case hasOwnIDs:
		to.Hint = "The id that your system gives the customer."
	case by.KnownOnly:
		to.Hint = "A phone number that wrote to you before, with its country, like +49 171 5550100. Others: outgoing is off."
	default:
		to.Hint = "A phone number with its country, like +49 171 5550100."
	}
	return to
}

// firstWords asks for the text with which a conversation begins, and offers the templates with which it can begin instead.
func firstWords(in shape.FormInput, can bridge.Capabilities) []shape.Field {
	words := shape.Field{
		Name: FieldWords, Kind: shape.FieldLong, Label: "Message", Hint: shape.Or(countWords(in), formatHint),
		Value: textValue(in.Text), MaxRunes: textRunes(can),
	}
	if len(in.Templates.List) == 0 {
		return []shape.Field{words}
	}
	words.Optional = true
	pick := templateField(in.Templates.List, "")
	pick.Label = "Or a template"
	// Some surfaces let nobody clear a choice.
	pick.Options = slices.Insert(pick.Options, 0, shape.Option{Value: noTemplate, Label: "No template"})
	return []shape.Field{words, pick}
}

// noTemplate is the choice in place of a template with which a conversation begins without one.
const noTemplate = "*"

// StartsBy returns the account by which a conversation begins: the one that the arguments name or, if they name none,
// the only account that can begin conversations. It returns false if there is no such account. It never takes another
// account than the named one, because the customer would see the wrong sender.
func StartsBy(in shape.FormInput) (bridge.AccountRef, bool) {
	var able []bridge.AccountRef
	for _, a := range in.Accounts {
		if a.Starts && strings.EqualFold(a.Name, in.Args.Account) {
			return a, true
		}
		if a.Starts {
			able = append(able, a)
		}
	}
	if len(able) == 1 && in.Args.Account == "" {
		return able[0], true
	}
	return bridge.AccountRef{}, false
}

// isTemplateChosen reports whether a template was chosen to begin the conversation. Before that, the arguments may
// have only a label, which narrows down the templates to choose from.
func isTemplateChosen(t *bridge.TemplateArgs) bool { return t != nil && t.ID != 0 }

// startByTemplate asks which template a conversation begins with; its values come next.
func startByTemplate(form *shape.Form, in shape.FormInput) error {
	if len(in.Templates.List) == 0 {
		return &bridge.Problem{
			Code: "no_template",
			Text: "No template of " + form.Args.Account + " that begins conversations is approved.",
			Hint: "Admins make them: @Parley templates",
		}
	}
	to := form.Fields
	label := ""
	if in.Args.Template != nil {
		label = in.Args.Template.Label
	}
	pickTemplate(form, in.Templates.List, label)
	form.Title, form.Fields = "New conversation", append(to, form.Fields...)
	form.Args.Template = &bridge.TemplateArgs{Label: label}
	return nil
}

// accountName names an account and its channel: "support (WhatsApp)".
func accountName(a bridge.AccountRef) string {
	if a.ChannelName == "" {
		return a.Name
	}
	return a.Name + " (" + a.ChannelName + ")"
}

// textRunes is how long a text may be that is written in a form.
func textRunes(can bridge.Capabilities) int {
	if can.MaxTextRunes > 0 {
		return min(can.MaxTextRunes, maxTextRunes)
	}
	return maxTextRunes
}

// readStart reads the steps of the form that begins a conversation.
func readStart(out *shape.Filled, v Values, with Reading) (field, problem string) {
	if out.Args.Account == "" {
		if out.Args.Account = v.Text(fieldAccount); out.Args.Account == "" {
			return fieldAccount, "Choose an account."
		}
		out.Next = true
		return "", ""
	}

	if isTemplateChosen(out.Args.Template) { // the form asked for its values
		return readTemplate(out, v, with)
	}

	out.Args.Recipient = shape.OneLine(v.Text(fieldRecipient), maxAddressRunes)
	out.Args.Subject = shape.OneLine(v.Text(fieldSubject), shape.MaxSubjectRunes)
	if out.Args.Recipient == "" {
		return fieldRecipient, "Say to whom."
	}
	if out.Args.Template != nil { // the form asked which template
		return readTemplate(out, v, with)
	}

	words := v.Text(FieldWords)
	if template := v.Text(fieldTemplate); template != "" && template != noTemplate {
		if words != "" {
			return fieldTemplate, "Choose a template or write a message, not both."
		}
		return readTemplate(out, v, with)
	}

	out.Text, problem = with.Reply(words)
	return FieldWords, problem
}

// startedBlocks shows what began a conversation.
func startedBlocks(l bridge.Line, f bridge.Facts) []shape.Block {
	lead := []any{shape.Icon("outbox_tray"), " ", shape.DoerName(l) + " wrote to " + shape.Customer(l, f)}
	if len(l.Mentions) > 0 { // the mention makes the writer follow the thread: without it they would miss the answer
		lead = []any{shape.Icon("outbox_tray"), " ", shape.Mentions(l.Mentions), " wrote to " + shape.Customer(l, f)}
	}
	if name := templateName(l); name != "" {
		lead = append(lead, " with the template ", shape.Bold(name))
	}
	return append([]shape.Block{shape.Sentence(append(lead, begunCountWords(l)+":")...)}, shape.Quote(l.Text)...)
}
