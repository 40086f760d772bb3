package verb

import (
	"parley/bot/shape"
	"parley/bridge"
)

// sendVerb is the verb with which an agent sends the customer what was kept inside or held back.
func sendVerb() *Verb {
	return &Verb{
		Name:   bridge.VerbSend,
		Typed:  TypedLine{Words: []string{"send"}, AskIfAlone: true, Syntax: "!send"},
		Sends:  true,
		Help:   Help{Sentence: "Sends what was kept inside or held back last.", Examples: []string{"!send"}},
		Button: Button{Label: "Send to customer"},
		Menus:  Menus{Message: &Entry{Order: 4, Title: "Send to customer", About: "Send this message to the customer"}},
		Form: Form{
			Ask:    askSend,
			Lists:  []List{WrittenWords},                    // the form shows what would leave; an edit while it is open makes it out of date
			Needed: func(bridge.Args) bool { return false }, // only a message's menu opens it
		},
		Done:  onItsWayWords,
		Shown: sendBlocks,
	}
}

// sendBlocks confirms !send at more length.
func sendBlocks(l bridge.Line, f bridge.Facts) []shape.Block {
	if len(l.Mentions) == 0 {
		return nil
	}

	lead := shape.Sentence(shape.Icon("outbox_tray"), " ", shape.DoerName(l)+" sends "+shape.Customer(l, f)+" what ",
		shape.Mentions(l.Mentions), " wrote:")
	return append([]shape.Block{lead}, shape.MessageBlocks(l)...)
}

// askSend asks whether to send one message, and in whose name if somebody else wrote it.
// Errors: nothing can be sent to the customer, or the reply window is closed.
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
