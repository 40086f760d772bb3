package verb

import (
	"slices"
	"strings"
	"unicode/utf8"

	"parley/bot/shape"
	"parley/bot/typed"
	"parley/bridge"
)

// maxRecipientsRunes is how long a list of recipients may be in the form of a reply. A surface bounds
// what a form can carry: both lists fit beside the form's other arguments.
const maxRecipientsRunes = 500

// goesTo names who gets the reply of a form. In the second step these are the recipients of the first.
func goesTo(in shape.FormInput) string {
	if in.Args.Rich == "" || len(in.Args.To) == 0 {
		return shape.Recipients(in.Facts.Recipients)
	}
	words := strings.Join(in.Args.To, ", ")
	if len(in.Args.Cc) > 0 {
		words += shape.Between + "copy: " + strings.Join(in.Args.Cc, ", ")
	}
	return words
}

// recipientFields let people change who gets the reply, where a channel has several recipients. The
// form remembers the recipients that it shows, so that an unchanged form changes none. There are no
// fields for lists that would not be read back unchanged, because they are long or odd.
func recipientFields(form *shape.Form, in shape.FormInput) []shape.Field {
	to, cc := addressesOf(in.Facts.Recipients.To), addressesOf(in.Facts.Recipients.Cc)
	if !in.Can.Participants || len(to) == 0 || !fitsField(to) || !fitsField(cc) {
		form.Args.Shown = ""
		return nil
	}
	if len(in.Facts.Recipients.Waiting) > 0 {
		form.Intro = append(form.Intro, shape.SmallPrint(shape.Text("Gets nothing until somebody allows it: "+shape.Parties(in.Facts.Recipients.Waiting))))
	}
	if len(in.Facts.Recipients.Copied) > 0 {
		form.Intro = append(form.Intro, shape.SmallPrint(shape.Text("In copy of the customer's mail, gets no replies: "+shape.Parties(in.Facts.Recipients.Copied))))
	}
	form.Args.Shown = bridge.RecipientsMark(to, cc)
	if in.Args.Suggestion != nil && len(in.Args.To) > 0 && fitsField(in.Args.To) && fitsField(in.Args.Cc) { // the form is shown again
		to, cc = in.Args.To, in.Args.Cc
	}
	return []shape.Field{
		{Name: fieldTo, Kind: shape.FieldText, Label: "To", Hint: "Separate addresses by commas. What you change counts for later replies, too.", Value: one(strings.Join(to, ", ")), MaxRunes: maxRecipientsRunes},
		{Name: fieldCc, Kind: shape.FieldText, Label: "Copy", Value: one(strings.Join(cc, ", ")), Optional: true, MaxRunes: maxRecipientsRunes},
	}
}

// fitsField says that a list has room in a field, and that the same list is read from it.
func fitsField(addresses []string) bool {
	shown := strings.Join(addresses, ", ")
	read, removed, wrong := typed.Addresses(shown)
	return utf8.RuneCountInString(shown) <= maxRecipientsRunes && wrong == "" && removed == 0 && slices.Equal(read, addresses)
}

func addressesOf(list []bridge.PartyRef) []string {
	addresses := make([]string, len(list))
	for i, p := range list {
		addresses[i] = p.Address
	}
	return addresses
}

// readRecipients reads the recipients of a reply's first step, which alone asks for them.
func readRecipients(args *bridge.Args, v Values) (field, problem string) {
	if args.Shown == "" || args.Rich != "" {
		return "", ""
	}
	args.To, args.Cc = nil, nil
	for _, f := range []struct {
		name string
		list *[]string
	}{{fieldTo, &args.To}, {fieldCc, &args.Cc}} {
		list, removed, wrong := typed.Addresses(v.Text(f.name))
		for _, address := range list {
			if wrong == "" && !strings.Contains(address, "@") {
				wrong = address
			}
		}
		switch {
		case wrong != "":
			return f.name, "“" + shape.OneLine(wrong, 60) + "” is no mail address."
		case removed > 0:
			return f.name, "Leave out the - in front."
		}
		*f.list = list
	}
	if len(args.To) == 0 {
		return fieldTo, "Name at least one address."
	}
	return "", ""
}
