package verb

import (
	"slices"
	"strings"
	"unicode/utf8"

	"parley/bot/shape"
	"parley/bridge"
)

// In channels with several recipients (e-mail), the form of a reply has the fields "To" and "Copy", which
// agents can edit. A change also applies to later replies. This file shows and reads these fields.

// maxRecipientsRunes limits the length of each field. Chats limit the data of a form, and both fields must
// fit in with the form's other arguments.
const maxRecipientsRunes = 500

// recipientWords describes who gets the reply. In the second step of the form, these are the recipients from
// the first step.
func recipientWords(in shape.FormInput) string {
	if in.Args.Rich == "" || len(in.Args.To) == 0 {
		return shape.Recipients(in.Facts.Recipients)
	}
	words := strings.Join(in.Args.To, ", ")
	if len(in.Args.Cc) > 0 {
		words += shape.Between + "copy: " + strings.Join(in.Args.Cc, ", ")
	}
	return shape.CutList(words)
}

// recipientFields returns the fields for the recipients. It returns nil if a reply can have only one
// recipient, or if the lists couldn't be read back unchanged, because they are too long or contain unusual
// addresses. It sets Args.Shown to a hash of the recipients in the form, so that submitting unchanged fields
// doesn't change the recipients.
func recipientFields(form *shape.Form, in shape.FormInput) []shape.Field {
	to, cc := bridge.AddressesOf(in.Facts.Recipients.To), bridge.AddressesOf(in.Facts.Recipients.Cc)
	canChange := in.Can.Participants && len(to) > 0
	if !canChange || !canShowInFields(to, cc) {
		form.Args.Shown = ""
		return nil
	}
	if len(in.Facts.Recipients.Waiting) > 0 {
		form.Intro = append(form.Intro,
			shape.SmallPrint(shape.Text("Gets nothing until somebody allows it: "+shape.Parties(in.Facts.Recipients.Waiting))))
	}
	if len(in.Facts.Recipients.Copied) > 0 {
		form.Intro = append(form.Intro,
			shape.SmallPrint(shape.Text("In copy of the customer's mail, gets no replies: "+shape.Parties(in.Facts.Recipients.Copied))))
	}

	form.Args.Shown = bridge.RecipientsMark(to, cc)
	wasEdited := in.Args.Suggestion != nil && len(in.Args.To) > 0 // the form is shown again with another suggested text
	if wasEdited && canShowInFields(in.Args.To, in.Args.Cc) {
		to, cc = in.Args.To, in.Args.Cc
	}

	return []shape.Field{
		{
			Name:     fieldTo,
			Kind:     shape.FieldText,
			Label:    "To",
			Hint:     "Separate addresses by commas. What you change counts for later replies, too.",
			Value:    textValue(strings.Join(to, ", ")),
			MaxRunes: maxRecipientsRunes,
		},
		{
			Name:     fieldCc,
			Kind:     shape.FieldText,
			Label:    "Copy",
			Value:    textValue(strings.Join(cc, ", ")),
			Optional: true,
			MaxRunes: maxRecipientsRunes,
		},
	}
}

func canShowInFields(to, cc []string) bool { return canShowInField(to) && canShowInField(cc) }

// canShowInField reports whether a list fits into a field and would be read back unchanged.
func canShowInField(addresses []string) bool {
	shown := strings.Join(addresses, ", ")
	if utf8.RuneCountInString(shown) > maxRecipientsRunes {
		return false
	}
	readBack, removed, invalid := shape.Addresses(shown)
	if invalid != "" || removed > 0 {
		return false
	}
	return slices.Equal(readBack, addresses)
}

// readRecipients reads the recipients into args. It does nothing if the form had no such fields, as in its
// second step.
func readRecipients(args *bridge.Args, v Values) (field, problem string) {
	if args.Shown == "" || args.Rich != "" {
		return "", ""
	}

	args.To, args.Cc = nil, nil
	if args.To, problem = readMailAddresses(v.Text(fieldTo)); problem != "" {
		return fieldTo, problem
	}
	if args.Cc, problem = readMailAddresses(v.Text(fieldCc)); problem != "" {
		return fieldCc, problem
	}
	if len(args.To) == 0 {
		return fieldTo, "Name at least one address."
	}

	return "", ""
}

// readMailAddresses parses a list of e-mail addresses. problem is a message for the agent if the list is invalid.
func readMailAddresses(text string) (list []string, problem string) {
	list, removed, invalid := shape.Addresses(text)
	if invalid == "" { // typed.Addresses also accepts telephone numbers
		i := slices.IndexFunc(list, func(address string) bool { return !strings.Contains(address, "@") })
		if i >= 0 {
			invalid = list[i]
		}
	}

	if invalid != "" {
		return nil, "“" + shape.OneLine(invalid, maxWrongRunes) + "” isn't a mail address."
	}
	if removed > 0 {
		return nil, "Leave out the - in front."
	}

	return list, ""
}
