package verb

import (
	"slices"
	"strings"
	"unicode/utf8"

	"parley/bot/shape"
	"parley/bot/typed"
	"parley/bridge"
)

// The form of a reply shows who gets it, where a channel has several recipients (mail). Agents may change the lists
// "To" and "Copy" there. Such a change also counts for later replies.

// maxRecipientsRunes is how long a list of recipients may be in the form of a reply. A surface bounds
// what a form can carry: both lists fit beside the form's other arguments.
const maxRecipientsRunes = 500

// recipientWords names who gets the reply. In the second step of the form these are the recipients of the first step.
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

// recipientFields returns the fields in which people change who gets the reply. It returns nil if a reply by the
// channel can't have several recipients, or if the lists could not be read back unchanged, because they are long or
// have unusual addresses. The form keeps a mark of the recipients that it shows (Args.Shown), so that a form that
// nobody changed changes no recipients.
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
	isShownAgain := in.Args.Suggestion != nil && len(in.Args.To) > 0
	if isShownAgain && canShowInFields(in.Args.To, in.Args.Cc) {
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

// canShowInField reports whether a list has room in a field, and is read from it unchanged.
func canShowInField(addresses []string) bool {
	shown := strings.Join(addresses, ", ")
	if utf8.RuneCountInString(shown) > maxRecipientsRunes {
		return false
	}
	read, removed, wrong := typed.Addresses(shown)
	if wrong != "" || removed > 0 {
		return false
	}
	return slices.Equal(read, addresses)
}

// readRecipients reads the recipients into args. It does nothing in the second step of the form, which has no such
// fields.
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

// readMailAddresses reads a list of mail addresses. problem says for people what is wrong with it.
func readMailAddresses(text string) (list []string, problem string) {
	list, removed, wrong := typed.Addresses(text)
	if wrong == "" { // telephone numbers are addresses, too
		i := slices.IndexFunc(list, func(address string) bool { return !strings.Contains(address, "@") })
		if i >= 0 {
			wrong = list[i]
		}
	}

	if wrong != "" {
		return nil, "“" + shape.OneLine(wrong, maxWrongRunes) + "” isn't a mail address."
	}
	if removed > 0 {
		return nil, "Leave out the - in front."
	}

	return list, ""
}
