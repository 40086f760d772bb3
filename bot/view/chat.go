package view

import (
	"parley/bot/shape"
	"parley/bridge"
)

// maxEmojiRunes is what a reaction shows at most: one emoji may be several runes.
const maxEmojiRunes = 16

// chatLine is about what customers do in chats besides writing.
func chatLine(l bridge.Line, f bridge.Facts) []Block {
	who := shape.Customer(l, f)
	switch l.Kind {
	case bridge.LineReacted:
		return []Block{shape.SmallPrint(shape.Text(reactedWords(l, who)))}
	case bridge.LineChanged:
		return append([]Block{shape.Sentence(shape.Icon("pencil2"), " ", who+" changed "+messageWords(l.Hint)+". It says now:")}, shape.Quote(l.Text)...)
	case bridge.LineDeleted:
		return []Block{shape.Sentence(shape.Icon("wastebasket"), " ", who+" deleted "+messageWords(l.Hint)+".")}
	case bridge.LineIdentity:
		return []Block{shape.Sentence(shape.Icon("telephone_receiver"), " ", who+" changed from "+shape.OneLine(l.Reason, shape.MaxNameRunes)+" to "+shape.OneLine(l.Text, shape.MaxNameRunes)+". Replies go there now.")}
	case bridge.LineSamePerson:
		label := shape.Number(l.Other.ID)
		if s := shape.OneLine(l.Other.Subject, shape.MaxSubjectRunes); s != "" {
			label += " " + s
		}
		return []Block{shape.Sentence(shape.Icon("busts_in_silhouette"), " ", who+" is also the customer of ", shape.Whereabouts(label, l.Other), ". Both stay open.")}
	case bridge.LineOptedOut:
		what := " wants no more messages. Nothing is sent until they write START."
		if l.Reason != "" {
			what = " wants no more advertising. Answers may still be sent."
		}
		return append([]Block{shape.Sentence(shape.Icon("no_bell"), " ", who+what)}, shape.Quote(l.Text)...)
	case bridge.LineOptedIn:
		return append([]Block{shape.Sentence(shape.Icon("bell"), " ", who+" allows messages again.")}, shape.Quote(l.Text)...)
	case bridge.LineParts:
		return []Block{shape.SmallPrint(shape.Text("Sent as " + shape.OneLine(l.Text, shape.MaxNameRunes) + " texts."))}
	}
	return nil
}

// reactedWords tells a reaction, or that it was taken back.
func reactedWords(l bridge.Line, who string) string {
	if emoji := shape.OneLine(l.Text, maxEmojiRunes); emoji != "" {
		return who + " reacted " + emoji + " to " + messageWords(l.Hint)
	}
	return who + " took back a reaction to " + messageWords(l.Hint)
}

// messageWords names a message by its words.
func messageWords(words string) string {
	if s := shape.OneLine(words, shape.MaxPreviewRunes); s != "" {
		return "“" + s + "”"
	}
	return "an earlier message"
}
