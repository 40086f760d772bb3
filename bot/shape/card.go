package shape

import (
	"time"

	"parley/bridge"
)

// MaxLabelRunes is how many runes of a label fit on a button.
const MaxLabelRunes = 24

// Card is a message or a dialog as it looks in every chat: blocks from top to bottom, then buttons. The renderers of Slack
// (bot/slack/blockkit) and Teams (bot/teams/card) turn it into what their chat draws, and escape all text in it.
type Card struct {
	Title   string // of a dialog, at most 24 runes; messages don't show it
	Name    string // under which the message is posted; "" means Parley's own
	Blocks  []Block
	Buttons []Button
}

// BlockKind says how a Block is shown.
type BlockKind string

// Kinds of blocks.
const (
	BlockLine  BlockKind = "line"  // Pieces, one line
	BlockSmall BlockKind = "small" // Pieces, less prominent
	BlockItem  BlockKind = "item"  // Pieces, an entry of a list, with Buttons of its own
	BlockBody  BlockKind = "body"  // Text: Markdown (package markdown)
	BlockQuote BlockKind = "quote" // Text: Markdown, as a quotation
)

// Block is one paragraph of a Card.
type Block struct {
	Kind    BlockKind
	Pieces  []Piece
	Text    string   // BlockBody and BlockQuote only
	Buttons []Button // BlockItem only: at most one is prominent
}

// PieceKind is the type of a Piece.
type PieceKind string

// Kinds of pieces. None of them has markup in its text.
const (
	PieceText    PieceKind = "text"    // Text
	PieceBold    PieceKind = "bold"    // Text, emphasised
	PieceCode    PieceKind = "code"    // Text, such as a command to type
	PieceIcon    PieceKind = "icon"    // Text is an emoji shortcode without colons
	PieceMention PieceKind = "mention" // the chat notifies Agent; without Agent.User only the name stands there
	PieceTime    PieceKind = "time"    // At, in the reader's zone where possible, else Zone
	PieceLink    PieceKind = "link"    // Text leads to URL
	PieceThread  PieceKind = "thread"  // Text leads to the message at Place
	PieceTag     PieceKind = "tag"     // Text is a tag's name, Color its colour (#rrggbb)
)

// Piece is a run of text of one type within a line.
type Piece struct {
	Kind  PieceKind
	Text  string
	Agent bridge.AgentRef // PieceMention
	At    time.Time       // PieceTime
	Zone  *time.Location  // PieceTime: for readers whose own isn't known; never nil
	URL   string          // PieceLink; http or https
	Place bridge.Place    // PieceThread
	Color string          // PieceTag
}

// Style of a button.
type Style string

// Styles.
const (
	StylePlain   Style = ""
	StylePrimary Style = "primary"
	StyleDanger  Style = "danger"
)

// Button starts a verb, which is what Parley calls something that a person asks for: "snooze", "assign".
type Button struct {
	Label   string // at most MaxLabelRunes
	Verb    bridge.Verb
	Value   string // the verb's arguments, as verb.Value writes and verb.Pressed reads them
	Style   Style
	Opens   Opens
	Confirm string // a question that is asked first; "" means none
	Apart   bool   // it begins a row of its own
}

// Opens says what a click on a button opens.
type Opens string

// Things that a click opens.
const (
	OpensNothing Opens = ""        // the verb is done at once
	OpensForm    Opens = "form"    // the verb's form (view.NewForm)
	OpensDetails Opens = "details" // view.Details of the conversation
	OpensHistory Opens = "history" // view.History of the conversation
	OpensList    Opens = "list"    // view.List of Args.List
)
