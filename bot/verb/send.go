package verb

import (
	"parley/bot/shape"
	"parley/bridge"
)

// sendVerb describes the command "!send". Parley doesn't send every text that an agent types: it keeps some
// inside, and holds back texts that are probably mistakes. With !send, an agent sends such a text to the
// customer after all, unless it is marked as a note. The type Verb explains the fields.
func sendVerb() *Verb {
	return &Verb{
		Name:   bridge.VerbSend,
		Typed:  TypedLine{Words: []string{"send"}, AskIfAlone: true, Syntax: "!send"},
		Sends:  true,
		Help:   Help{Sentence: "Sends what was kept inside or held back last.", Examples: []string{"!send"}},
		Button: Button{Label: "Send to customer"},
		Menus: Menus{Message: &Entry{
			Order: 4, Title: "Send to customer", About: "Send this message to the customer", AtOnce: true, Prefilled: true,
		}},
		Form: Form{
			Ask:    askSend,
			Lists:  []List{WrittenWords},                    // the form shows the text; it expires if the text is edited
			Needed: func(bridge.Args) bool { return false }, // the form opens only from a message's menu
		},
		Done:  onItsWayWords,
		Shown: sendBlocks,
	}
}

// sendBlocks confirms !send and shows the text, if somebody else wrote it.
func sendBlocks(l bridge.Line, f bridge.Facts) []shape.Block {
	if len(l.Mentions) == 0 {
		return nil
	}

	lead := shape.Sentence(shape.Icon("outbox_tray"), " ", shape.DoerName(l)+" sends "+shape.Customer(l, f)+" what ",
		shape.Mentions(l.Mentions), " wrote:")
	return append([]shape.Block{lead}, shape.MessageBlocks(l)...)
}

// askSend asks for a confirmation to send one message. If somebody else wrote it, the form says that it is
// sent as theirs.
// Errors: those of checkWindow.
func askSend(form *shape.Form, in shape.FormInput) error {
	if err := checkWindow(in); err != nil {
		return err
	}
	form.Title, form.Submit = "Send to customer", "Send"
	question := "Send this to " + shape.PartyName(in.Facts.Contact) + "?"
	if author := shape.OneLine(in.Author, shape.MaxNameRunes); author != "" {
		question = shape.SendAsQuestion(author, shape.PartyName(in.Facts.Contact))
		form.Submit, form.Args.Sure = shape.OneLine("Send as "+author, shape.MaxLabelRunes), true
	}
	form.Intro = append(append(form.Intro, shape.Line(shape.Text(question))), shape.Quote(in.Text)...)
	return nil
}
