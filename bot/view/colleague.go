package view

import (
	"parley/bot/shape"
	"parley/bridge"
)

// chatLine leads to the chat with a colleague, which is the chat program's own.
func chatLine(l bridge.Line, c *bridge.ChatLine, _ bridge.Facts) []Block {
	words := "Your chat with " + shape.AgentName(c.With)
	if c.IsSelf {
		words = "Your notes to yourself"
	}
	link := Piece{Kind: shape.PieceChat, Text: words, Agent: c.With, Place: l.Other.Root}
	line := shape.Sentence(shape.Icon("speech_balloon"), " ", []Piece{link})
	if l.Other.ID != 0 {
		line = shape.Sentence(shape.Icon("speech_balloon"), " ", []Piece{link}, ", about ", conversationPieces(l.Other), ".")
	}
	return []Block{line, shape.SmallPrint(shape.Text("Nothing that you write there reaches a customer or Parley."))}
}

// chatsBlock lists an agent's latest chats with colleagues.
func chatsBlock(chats []bridge.Chat) Block {
	groups := make([][]Piece, len(chats))
	for i, c := range chats {
		groups[i] = []Piece{{Kind: shape.PieceChat, Text: shape.AgentName(c.With), Agent: c.With}}
		if c.About != 0 {
			groups[i] = append(groups[i], shape.Text(" about "+shape.Number(c.About)))
		}
	}
	return shape.SmallPrint(append([]Piece{shape.Icon("speech_balloon"), shape.Text(" Chats: ")}, shape.JoinPieces(shape.Between,
		groups...)...)...)
}
