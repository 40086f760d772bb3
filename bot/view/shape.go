package view

import "parley/bot/shape"

// What surfaces draw. Package shape explains it.
type (
	// Card is neutral content: blocks from top to bottom, then buttons.
	Card = shape.Card
	// Block is one paragraph of a Card.
	Block = shape.Block
	// Piece is a run of text of one type within a line.
	Piece = shape.Piece
	// Style is how prominent a button is.
	Style = shape.Style
	// Button starts a verb.
	Button = shape.Button
	// Opens says what a click on a button opens.
	Opens = shape.Opens
	// Form asks for the arguments of a verb.
	Form = shape.Form
	// Field is one of the fields of a Form.
	Field = shape.Field
	// Option is one of the options of a choice.
	Option = shape.Option
	// FormInput is what NewForm needs.
	FormInput = shape.FormInput
	// Filled is what a submitted form asks for.
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
	PieceTag     = shape.PieceTag
)

// Styles of buttons.
const (
	StylePlain   = shape.StylePlain
	StylePrimary = shape.StylePrimary
	StyleDanger  = shape.StyleDanger
)

// What a click opens.
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

// Small is a line of small print.
func Small(text string) Block { return shape.SmallPrint(Piece{Kind: PieceText, Text: text}) }
