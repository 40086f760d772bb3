package shape

import (
	"time"

	"parley/bridge"
)

// MaxLabelRunes is the maximum length of a button's label.
const MaxLabelRunes = 24

// Card describes a message or a dialog independently of the chat that shows it: blocks from top to bottom, then buttons.
// For example, a reminder with a button:
//
//	Card{
//		Blocks:  []Block{Line(Icon("alarm_clock"), Text(" Remind "), Bold("Ann Lee"))},
//		Buttons: []Button{{Label: "Close", Verb: bridge.VerbClose}},
//	}
//
// The renderers of Slack (bot/slack/blockkit) and Teams (bot/teams/card) turn it into the JSON of their chat. They escape
// all text, so a Card may hold customers' words as they are.
type Card struct {
	Title   string // dialogs only; at most 24 runes
	Name    string // the sender's name that the message shows; "" means Parley's own
	Blocks  []Block
	Buttons []Button
}

// BlockKind says how a Block is shown.
type BlockKind string

// Kinds of blocks. The first three show the block's Pieces, the others its Text, which is Markdown (package markdown).
const (
	BlockLine  BlockKind = "line"  // one line
	BlockSmall BlockKind = "small" // one line, less prominent
	BlockItem  BlockKind = "item"  // an entry of a list, which can have Buttons of its own
	BlockBody  BlockKind = "body"  // the text of a message
	BlockQuote BlockKind = "quote" // a quotation
)

// Block is one paragraph of a Card.
type Block struct {
	Kind    BlockKind
	Pieces  []Piece
	Text    string   // BlockBody and BlockQuote only
	Buttons []Button // BlockItem only: at most one is prominent
}

// PieceKind says what a Piece is, and which of its fields are set.
type PieceKind string

// Kinds of pieces. Text is always plain text, without markup.
const (
	PieceText    PieceKind = "text"    // Text
	PieceBold    PieceKind = "bold"    // Text, emphasised
	PieceCode    PieceKind = "code"    // Text in a monospaced font, such as a command to type
	PieceIcon    PieceKind = "icon"    // Text is an emoji shortcode without colons: "paperclip"
	PieceMention PieceKind = "mention" // Agent, who is notified; if Agent.User is empty, only the name is shown
	PieceTime    PieceKind = "time"    // At, in the reader's time zone if the chat knows it, otherwise in Zone
	PieceLink    PieceKind = "link"    // Text links to URL
	PieceThread  PieceKind = "thread"  // Text links to the message at Place
	PieceChat    PieceKind = "chat"    // Text links to the chat with Agent, to write there about what is at Place
	PieceTag     PieceKind = "tag"     // Text is a tag's name, Color its colour (#rrggbb)
)

// Piece is a run of text of one kind within a line.
type Piece struct {
	Kind  PieceKind
	Text  string
	Agent bridge.AgentRef
	At    time.Time
	Zone  *time.Location // never nil in a PieceTime
	URL   string         // http or https
	Place bridge.Place
	Color string
}

// Style of a button.
type Style string

// Styles.
const (
	StylePlain   Style = ""
	StylePrimary Style = "primary"
	StyleDanger  Style = "danger"
)

// Button starts a verb, a request that an agent can make: "snooze", "assign".
type Button struct {
	Label   string // at most MaxLabelRunes
	Verb    bridge.Verb
	Value   string // the verb's arguments, encoded by verb.Value and decoded by verb.Pressed
	Style   Style
	Opens   Opens
	Confirm string // question to confirm before the click counts; "" means no question
	Apart   bool   // starts a new row of buttons
}

// Opens says which dialog a click on a button opens.
type Opens string

// The dialogs.
const (
	OpensNothing Opens = ""        // no dialog: the verb is carried out at once
	OpensForm    Opens = "form"    // the verb's form (view.NewForm)
	OpensDetails Opens = "details" // view.Details of the conversation
	OpensHistory Opens = "history" // view.History of the conversation
	OpensList    Opens = "list"    // view.List of Args.List
)
