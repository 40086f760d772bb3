package view

import (
	"fmt"

	"parley/bot/shape"
	"parley/bridge"
)

// In chats such as WhatsApp, customers can do more than write: they react with an emoji, change or delete a message, move
// to another number, or opt out. Parley posts a line into the agents' thread about each of these, such as
// "Carla Diaz deleted “See you at five”." In the functions below, l says what happened, c holds the fields of that kind
// of line, and f describes the conversation.

// maxEmojiRunes limits how much of a reaction is shown. A single emoji can consist of several runes.
const maxEmojiRunes = 16

// EmojiOf returns the emoji of a reaction as it is shown; "" if nothing is left of it to show.
func EmojiOf(reaction string) string { return shape.OneLine(reaction, maxEmojiRunes) }

func reactedLine(l bridge.Line, c *bridge.ReactedLine, f bridge.Facts) []Block {
	words := shape.Customer(l, f) + " took back a reaction to " + messageWords(c.Message)
	if emoji := EmojiOf(c.Emoji); emoji != "" {
		words = shape.Customer(l, f) + " reacted " + emoji + " to " + messageWords(c.Message)
	}
	return []Block{shape.SmallPrint(shape.Text(words))}
}

func changedLine(l bridge.Line, c *bridge.ChangedLine, f bridge.Facts) []Block {
	lead := shape.Sentence(shape.Icon("pencil2"), " ", shape.LeadingMentions(l),
		shape.Customer(l, f)+" changed "+messageWords(c.Before)+". It says now:")
	return append([]Block{lead}, shape.Quote(l.Text)...)
}

func deletedLine(l bridge.Line, c *bridge.DeletedLine, f bridge.Facts) []Block {
	return []Block{shape.Sentence(shape.Icon("wastebasket"), " ", shape.Customer(l, f)+" deleted "+messageWords(c.Message)+".")}
}

func identityLine(l bridge.Line, c *bridge.IdentityLine, f bridge.Facts) []Block {
	moved := " changed from " + shape.OneLine(c.Before, shape.MaxNameRunes) + " to " + shape.OneLine(c.Now, shape.MaxNameRunes)
	return []Block{shape.Sentence(shape.Icon("telephone_receiver"), " ", shape.Customer(l, f)+moved+". Replies go there now.")}
}

// samePersonLine reports that two open conversations turned out to be with the same customer.
func samePersonLine(l bridge.Line, f bridge.Facts) []Block {
	also := shape.Customer(l, f) + " is also the customer of "
	return []Block{shape.Sentence(shape.Icon("busts_in_silhouette"), " ", also, conversationPieces(l.Other), ". Both stay open.")}
}

func optedOutLine(l bridge.Line, c *bridge.OptedOutLine, f bridge.Facts) []Block {
	what := " wants no more messages. Nothing is sent until they write START."
	if c.Only != "" {
		what = " wants no more advertising. Answers may still be sent."
	}
	return append([]Block{shape.Sentence(shape.Icon("no_bell"), " ", shape.Customer(l, f)+what)}, shape.Quote(l.Text)...)
}

func optedInLine(l bridge.Line, f bridge.Facts) []Block {
	return append([]Block{shape.Sentence(shape.Icon("bell"), " ", shape.Customer(l, f)+" allows messages again.")}, shape.Quote(l.Text)...)
}

// partsLine reports as how many texts the provider counted a sent reply.
func partsLine(_ bridge.Line, c *bridge.PartsLine, _ bridge.Facts) []Block {
	return []Block{shape.SmallPrint(shape.Text(fmt.Sprintf("Sent as %d texts.", c.Count)))}
}

// messageWords quotes the beginning of a message. A message whose text isn't known is "an earlier message".
func messageWords(words string) string {
	if s := shape.OneLine(words, shape.MaxPreviewRunes); s != "" {
		return "“" + s + "”"
	}
	return "an earlier message"
}
