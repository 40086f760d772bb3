package verb

import (
	"parley/bot/shape"
	"parley/bridge"
)

// NewButton makes the button of a verb about args.
func NewButton(name bridge.Verb, args bridge.Args) shape.Button {
	v := Of(name)
	b := shape.Button{
		Label:   v.ButtonLabel(),
		Verb:    name,
		Value:   Value(args),
		Style:   v.Button.Style,
		Opens:   v.Button.Opens,
		Confirm: v.Button.Confirm,
	}
	if v.Needs(args) {
		b.Opens = shape.OpensForm
	}
	return b
}

// MeantButton offers the verb that a mistyped command probably meant. Its label says what it does: "Assign to Ben".
func MeantButton(m bridge.Meant) shape.Button {
	v, b := Of(m.Verb), NewButton(m.Verb, m.Args)
	b.Style = shape.StylePrimary
	if v.Button.TypoLabel != nil && !v.Needs(m.Args) { // else its form asks for what is missing
		b.Label = v.Button.TypoLabel(m)
	}
	b.Label = shape.OneLine(b.Label, shape.MaxLabelRunes)
	return b
}
