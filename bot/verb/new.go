package verb

import (
	"slices"
	"strings"

	"parley/bot/shape"
	"parley/bridge"
)

// startVerb describes the command "@Parley new ann@example.org Your lamp is repaired.", with which an agent starts
// a conversation with a customer. Its form has up to three steps: the sending account, if there are several; the
// customer with a text or a template; and the values of the template. The type Verb explains the fields.
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
		Form:   Form{Ask: askStart, Read: readStart, Lists: []List{SendingAccounts, Colleagues}},
		Shown:  startedBlocks,
	}
}

// askStart fills in the step of the form that comes next, given the arguments so far.
// Errors: *bridge.Problem if no account can start conversations, or no template can be sent.
func askStart(form *shape.Form, in shape.FormInput) error {
	form.Title, form.Submit = "New conversation", "Send"
	accounts := shape.Field{Name: fieldAccount, Kind: shape.FieldOne, Label: "By"}
	for _, a := range in.Accounts {
		if a.Starts {
			accounts.Options = append(accounts.Options, shape.Option{Value: a.Name, Label: shape.OneLine(accountName(a), maxChoiceRunes)})
		}
	}

	if len(accounts.Options) == 0 {
		return &bridge.Problem{
			Code: "no_account",
			Text: "There is no account by which you may begin a conversation.",
			Hint: "Ask an admin.",
		}
	}

	chosen, ok := StartsBy(in)
	if !ok {
		form.Args.Account, form.Submit = "", "Next"
		form.Args.Recipient, form.Args.Phone = shownRecipient(in.Args), "" // another account doesn't know the key
		form.Fields = []shape.Field{accounts}
		if refused := shape.OneLine(in.Args.Account, maxChoiceRunes); refused != "" {
			form.Intro = []shape.Block{
				shape.SmallPrint(shape.Icon("warning"), shape.Text(" You can't begin a conversation by "+refused+" now. Choose another account.")),
			}
		}
		return nil
	}

	form.Args.Account = chosen.Name
	icon := strings.Trim(shape.Or(chosen.ChannelIcon, "grey_question"), ":")
	form.Intro = []shape.Block{shape.SmallPrint(shape.Icon(icon), shape.Text(" By "+accountName(chosen)))}
	if isTemplateChosen(in.Args.Template) {
		in.Facts.Contact = bridge.PartyRef{Name: shownRecipient(in.Args), Address: in.Args.Recipient, Phone: in.Args.Phone}
		in.Facts.Recipients.To = []bridge.PartyRef{in.Facts.Contact}
		err := askTemplate(form, in)
		form.Title = "New conversation"
		return err
	}

	form.Fields = append(form.Fields, recipientField(chosen, shownRecipient(in.Args)), shape.Field{
		Name: fieldCalled, Kind: shape.FieldText, Label: "Name", Hint: "For cards and lists. Leave it empty to keep the name that we know.",
		Value: textValue(in.Args.Called), Optional: true, MaxRunes: bridge.LongestName,
	})
	if len(in.Teams) > 1 {
		form.Fields = append(form.Fields, teamField(in, "Team", "Leave it empty for the team of the account."))
	}
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

// shownRecipient returns what people see of the customer: the phone number if it is known, and otherwise what was typed.
func shownRecipient(args bridge.Args) string { return shape.Or(args.Phone, args.Recipient) }

// recipientField returns the field for the customer. initial is what it contains at first. The hint depends
// on how customers of the account are addressed.
func recipientField(account bridge.AccountRef, initial string) shape.Field {
	to := shape.Field{Name: fieldRecipient, Kind: shape.FieldText, Label: "To", Value: textValue(initial), MaxRunes: maxAddressRunes}
	hasOwnIDs := account.Can.Subject // apart from mail, only the company's own systems have subjects
	switch {
	case account.Can.Participants: // mail
		to.Hint = "One address."
		to.Example = "ann@example.org"
	case hasOwnIDs && account.KnownOnly:
		to.Hint = "The id that your system gives a customer who wrote to you before. Others: outgoing is off."
	case hasOwnIDs:
		to.Hint = "The id that your system gives the customer."
	case account.KnownOnly:
		to.Hint = "A phone number that wrote to you before, with its country, like +49 171 5550100. Others: outgoing is off."
	default:
		to.Hint = "A phone number with its country, like +49 171 5550100."
	}
	return to
}

// firstWords returns the fields for the first message: a text and, if there are templates, the choice of one
// instead.
func firstWords(in shape.FormInput, can bridge.Capabilities) []shape.Field {
	words := shape.Field{
		Name: FieldWords, Kind: shape.FieldLong, Label: "Message", Hint: shape.Or(countWords(in), formatHint),
		Value: textValue(in.Text), MaxRunes: textRunes(can),
	}
	if len(in.Templates.List) == 0 {
		return []shape.Field{words}
	}
	words.Optional = true
	template := templateField(in.Templates.List, "")
	template.Label = "Or a template"
	// Some chats don't let people clear a choice.
	template.Options = slices.Insert(template.Options, 0, shape.Option{Value: noTemplate, Label: "No template"})
	return []shape.Field{words, template}
}

// noTemplate is the option for no template.
const noTemplate = "*"

// StartsBy returns the account that sends the first message: the one that the arguments name or, if they don't
// name one, the only account that can start conversations. It returns false if there is no such account. It
// never substitutes another account for the named one, since the customer would see the wrong sender.
func StartsBy(in shape.FormInput) (bridge.AccountRef, bool) {
	var candidates []bridge.AccountRef
	for _, a := range in.Accounts {
		if a.Starts && strings.EqualFold(a.Name, in.Args.Account) {
			return a, true
		}
		if a.Starts {
			candidates = append(candidates, a)
		}
	}
	if len(candidates) == 1 && in.Args.Account == "" {
		return candidates[0], true
	}
	return bridge.AccountRef{}, false
}

// isTemplateChosen reports whether a template was chosen. Before that, the arguments may contain a label that
// filters the templates to choose from.
func isTemplateChosen(t *bridge.TemplateArgs) bool { return t != nil && t.ID != 0 }

// startByTemplate fills in the step that asks for the customer and a template. The next step asks for the
// template's values.
func startByTemplate(form *shape.Form, in shape.FormInput) error {
	if len(in.Templates.List) == 0 {
		return &bridge.Problem{
			Code: "no_template",
			Text: "No template of " + form.Args.Account + " that begins conversations is approved.",
			Hint: "Admins make them: @Parley templates",
		}
	}
	recipient := form.Fields
	label := ""
	if in.Args.Template != nil {
		label = in.Args.Template.Label
	}
	pickTemplate(form, in.Templates.List, label)
	form.Title, form.Fields = "New conversation", append(recipient, form.Fields...)
	form.Args.Template = &bridge.TemplateArgs{Label: label}
	return nil
}

// accountName returns the name of an account with its channel: "support (WhatsApp)".
func accountName(a bridge.AccountRef) string {
	if a.ChannelName == "" {
		return a.Name
	}
	return a.Name + " (" + a.ChannelName + ")"
}

// textRunes returns the maximum length of a text typed into a form.
func textRunes(can bridge.Capabilities) int {
	if can.MaxTextRunes > 0 {
		return min(can.MaxTextRunes, maxTextRunes)
	}
	return maxTextRunes
}

// readStart reads a submitted step of the form. out.Next means that another step follows.
func readStart(out *shape.Filled, v Values, with Reading) (field, problem string) {
	if out.Args.Account == "" {
		out.Args.Account = v.Text(fieldAccount)
		if out.Args.Account == "" {
			return fieldAccount, "Choose an account."
		}
		out.Next = true
		return "", ""
	}

	if isTemplateChosen(out.Args.Template) { // this step asked for its values
		return readTemplate(out, v, with)
	}

	typed := shape.OneLine(v.Text(fieldRecipient), maxAddressRunes)
	isStillKnown := out.Args.Phone != "" && typed == out.Args.Phone // then Recipient is the key of the customer with this number
	if !isStillKnown {
		out.Args.Recipient, out.Args.Phone = typed, ""
	}
	out.Args.Subject = shape.OneLine(v.Text(fieldSubject), shape.MaxSubjectRunes)
	out.Args.Called, out.Args.Team = shape.OneLine(v.Text(fieldCalled), bridge.LongestName), v.Text(fieldTeam)
	if out.Args.Recipient == "" {
		return fieldRecipient, "Say to whom."
	}
	if out.Args.Template != nil { // this step asked for the template
		return readTemplate(out, v, with)
	}

	words := v.Text(FieldWords)
	template := v.Text(fieldTemplate)
	if template != "" && template != noTemplate {
		if words != "" {
			return fieldTemplate, "Choose a template or write a message, not both."
		}
		return readTemplate(out, v, with)
	}

	out.Text, problem = with.Reply(words)
	return FieldWords, problem
}

// startedBlocks shows the first message of a conversation that an agent started.
func startedBlocks(l bridge.Line, f bridge.Facts) []shape.Block {
	lead := []any{shape.Icon("outbox_tray"), " ", shape.DoerName(l) + " wrote to " + shape.Customer(l, f)}
	if len(l.Mentions) > 0 { // only mentioned people follow the thread and notice the answer
		lead = []any{shape.Icon("outbox_tray"), " ", shape.Mentions(l.Mentions), " wrote to " + shape.Customer(l, f)}
	}
	if name := templateName(l); name != "" {
		lead = append(lead, " with the template ", shape.Bold(name))
	}
	return append([]shape.Block{shape.Sentence(append(lead, begunCountWords(l)+":")...)}, shape.Quote(l.Text)...)
}
