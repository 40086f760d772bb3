package bodytext

import "golang.org/x/net/html/atom"

// textStyle is a set of styles: bold|italic is text that is both.
type textStyle uint8

const (
	bold textStyle = 1 << iota
	italic
	struck
)

// styleCount is how many styles there are.
const styleCount = 3

// allStyles lists the styles.
func allStyles() [styleCount]textStyle { return [styleCount]textStyle{bold, italic, struck} }

// mark returns what Markdown writes before and behind text of one style.
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

// styleOf returns the style that an element gives its text; 0 if it gives none.
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

// hasMarks reports whether Markdown has marks for text in such an element.
func hasMarks(tag atom.Atom) bool {
	switch tag {
	case atom.A, atom.Code, atom.Samp, atom.Kbd, atom.Tt:
		return true
	}
	return styleOf(tag) != 0
}
