package view

import "parley/bot/shape"

// A card is content without the markup of any chat: Slack, Teams and the web inbox each have a renderer for it. The
// building blocks live in package shape, which does not depend on the functions that make cards. The aliases below let
// renderers import package view alone.
type (
	// Card consists of blocks from top to bottom, followed by buttons.
	Card = shape.Card
	// Block is one paragraph of a Card.
	Block = shape.Block
	// Piece is a run of text of one type within a line, such as a link or a mention.
	Piece = shape.Piece
	// Style is how prominent a button is.
	Style = shape.Style
	// Button starts a verb, which is something that agents can ask for, such as Resolve.
	Button = shape.Button
	// Opens is what a click on a button opens.
	Opens = shape.Opens
	// Form asks for the arguments of a verb.
	Form = shape.Form
	// Field is one input of a Form.
	Field = shape.Field
	// Option is one option of a Field with choices.
	Option = shape.Option
	// FormInput is the argument of NewForm.
	FormInput = shape.FormInput
	// Filled is the verb, with its arguments, that a submitted Form asks for.
	Filled = shape.Filled
)

// Kinds of blocks.
const (
	BlockLine  = shape.BlockLine
	BlockSmall = shape.BlockSmall
	BlockItem  = shape.BlockItem
	BlockBody  = shape.BlockBody
	BlockQuote = shape.BlockQuote
)

// Kinds of pieces.
const (
	PieceText    = shape.PieceText
	PieceBold    = shape.PieceBold
	PieceCode    = shape.PieceCode
	PieceIcon    = shape.PieceIcon
	PieceMention = shape.PieceMention
	PieceTime    = shape.PieceTime
	PieceLink    = shape.PieceLink
	PieceThread  = shape.PieceThread
	PieceChat    = shape.PieceChat
	PieceTag     = shape.PieceTag
)

// Styles of buttons.
const (
	StylePlain   = shape.StylePlain
	StylePrimary = shape.StylePrimary
	StyleDanger  = shape.StyleDanger
)

// The things that a click on a button may open.
const (
	OpensNothing = shape.OpensNothing
	OpensForm    = shape.OpensForm
	OpensDetails = shape.OpensDetails
	OpensHistory = shape.OpensHistory
	OpensList    = shape.OpensList
)

// Kinds of fields.
const (
	FieldText    = shape.FieldText
	FieldLong    = shape.FieldLong
	FieldOne     = shape.FieldOne
	FieldSeveral = shape.FieldSeveral
)

// Small makes a line of small print.
func Small(text string) Block { return shape.SmallPrint(Piece{Kind: PieceText, Text: text}) }
