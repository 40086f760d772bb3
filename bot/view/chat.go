package view

import (
	"parley/bridge"
)

// maxEmojiRunes is what a reaction shows at most: one emoji may be several runes.
const maxEmojiRunes = 16

// chatLine is about what customers do in chats besides writing.
func chatLine(l bridge.Line, f bridge.Facts) []Block {
	who := customer(l, f)
	switch l.Kind {
	case bridge.LineReacted:
		return []Block{small(text(reactedWords(l, who)))}
	case bridge.LineChanged:
		return append([]Block{sentence(icon("pencil2"), " ", who+" changed "+messageWords(l.Hint)+". It says now:")}, quote(l.Text)...)
	case bridge.LineDeleted:
		return []Block{sentence(icon("wastebasket"), " ", who+" deleted "+messageWords(l.Hint)+".")}
	case bridge.LineIdentity:
		return []Block{sentence(icon("telephone_receiver"), " ", who+" changed from "+oneLine(l.Reason, maxNameRunes)+" to "+oneLine(l.Text, maxNameRunes)+". Replies go there now.")}
	case bridge.LineSamePerson:
		label := number(l.Other.ID)
		if s := oneLine(l.Other.Subject, maxSubjectRunes); s != "" {
			label += " " + s
		}
		return []Block{sentence(icon("busts_in_silhouette"), " ", who+" is also the customer of ", whereabouts(label, l.Other), ". Both stay open.")}
	case bridge.LineOptedOut:
		what := " wants no more messages. Nothing is sent until they write START."
		if l.Reason != "" {
			what = " wants no more advertising. Answers may still be sent."
		}
		return append([]Block{sentence(icon("no_bell"), " ", who+what)}, quote(l.Text)...)
	case bridge.LineOptedIn:
		return append([]Block{sentence(icon("bell"), " ", who+" allows messages again.")}, quote(l.Text)...)
	case bridge.LineParts:
		return []Block{small(text("Sent as " + oneLine(l.Text, maxNameRunes) + " texts."))}
	}
	return nil
}

// reactedWords tells a reaction, or that it was taken back.
func reactedWords(l bridge.Line, who string) string {
	if emoji := oneLine(l.Text, maxEmojiRunes); emoji != "" {
		return who + " reacted " + emoji + " to " + messageWords(l.Hint)
	}
	return who + " took back a reaction to " + messageWords(l.Hint)
}

// messageWords names a message by its words.
func messageWords(words string) string {
	if s := oneLine(words, maxPreviewRunes); s != "" {
		return "“" + s + "”"
	}
	return "an earlier message"
}
