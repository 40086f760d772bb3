package message

import "golang.org/x/net/html/atom"

// textStyle is the set of styles of a piece of text; bold|italic is both. Its zero value is plain text.
type textStyle uint8

const (
	bold textStyle = 1 << iota
	italic
	struck
)

const styleCount = 3

func allStyles() [styleCount]textStyle { return [styleCount]textStyle{bold, italic, struck} }

// mark returns the Markdown that encloses text of a single style.
func (s textStyle) mark() string {
	switch s {
	case bold:
		return "**"
	case italic:
		return "*"
	default:
		return "~~"
	}
}

// styleOf returns the style of text in an element: bold for <strong>. It returns 0 for elements without a style.
func styleOf(tag atom.Atom) textStyle {
	switch tag {
	case atom.B, atom.Strong:
		return bold
	case atom.I, atom.Em:
		return italic
	case atom.Del, atom.S, atom.Strike:
		return struck
	}
	return 0
}

// hasMarks reports whether Markdown encloses the text of an element in marks, as it does for bold text, code and links.
func hasMarks(tag atom.Atom) bool {
	switch tag {
	case atom.A, atom.Code, atom.Samp, atom.Kbd, atom.Tt:
		return true
	}
	return styleOf(tag) != 0
}
