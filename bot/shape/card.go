package shape

import (
	"time"

	"parley/bridge"
)

// MaxLabelRunes is how many runes of a label fit on a button.
const MaxLabelRunes = 24

// Card is neutral content: blocks from top to bottom, then buttons.
type Card struct {
	Title   string // at most 24 runes; shown by a window around the card, not in a post
	Name    string // under whose name it is posted; "" means Parley's own
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
	BlockBody  BlockKind = "body"  // Text: canonical Markdown, rendered and escaped
	BlockQuote BlockKind = "quote" // Text: canonical Markdown, rendered inside a quotation
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

// Kinds of pieces. Text of all of them is literal: a renderer escapes it.
const (
	PieceText    PieceKind = "text"    // Text
	PieceBold    PieceKind = "bold"    // Text, emphasised
	PieceCode    PieceKind = "code"    // Text, to be typed or a kept fragment
	PieceIcon    PieceKind = "icon"    // Text is an emoji shortcode without colons
	PieceMention PieceKind = "mention" // Agent is notified; by name if Agent.User is ""
	PieceTime    PieceKind = "time"    // At, in the reader's zone where possible, else Zone
	PieceLink    PieceKind = "link"    // Text leads to URL
	PieceThread  PieceKind = "thread"  // Text leads to the message at Place
	PieceTag     PieceKind = "tag"     // Text is a tag's name, Color its pill (#rrggbb)
)

// Piece is a run of text of one type within a line.
type Piece struct {
	Kind  PieceKind
	Text  string
	Agent bridge.AgentRef // PieceMention
	At    time.Time       // PieceTime
	Zone  *time.Location  // PieceTime: of readers whose own isn't known; never nil
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

// Button starts a verb. verb.Pressed reads its Value back.
type Button struct {
	Label   string // At most 24 runes
	Verb    bridge.Verb
	Value   string // verb.Value of its arguments
	Style   Style
	Opens   Opens  // what a click opens; OpensNothing acts at once
	Confirm string // a question that is asked before it acts; "" means that none is
	Apart   bool   // begins a row of its own
}

// Opens says what a click on a button opens.
type Opens string

// Things that a click opens.
const (
	OpensNothing Opens = ""        // the verb is done at once
	OpensForm    Opens = "form"    // NewForm of the verb
	OpensDetails Opens = "details" // Details of the conversation
	OpensHistory Opens = "history" // History of the conversation
	OpensList    Opens = "list"    // List of Args.List
)
