package view

import (
	"parley/bot/shape"
	"parley/bridge"
)

// withHowToAnswer says on an open conversation's card how to answer, if Parley isn't told of plain
// text: people would wait in vain for a mark on what they type there.
func withHowToAnswer(c Card, f bridge.Facts, syntax CommandSyntax) Card {
	canAnswer := f.Status.Open() && !f.Automatic && !f.Thread.Left
	if !syntax.OnlyMentions || !canAnswer {
		return c
	}
	command := shape.Code(syntax.adaptExample("!reply") + " …")
	c.Blocks = append(c.Blocks, shape.SmallPrint(shape.Text("To answer, begin with "), command, shape.Text(": I don't hear anything else here.")))
	return c
}

// Post returns the card of what a post says. syntax is that of its place. The result is false for files, for marks, and for
// a post without content.
func Post(p bridge.Post, syntax CommandSyntax) (Card, bool) {
	switch p.Kind {
	case bridge.PostRoot, bridge.PostCard:
		return withHowToAnswer(Root(p.Facts), p.Facts, syntax), true
	case bridge.PostSaid:
		if p.Said != nil {
			return Said(*p.Said, p.Facts.Zone), true
		}
	case bridge.PostLine, bridge.PostEphemeral:
		if p.Line == nil {
			break
		}
		if help, ok := p.Line.Content.(*bridge.HelpLine); ok {
			return Help(help.About, syntax, help.Denied...), true
		}
		return Line(*p.Line, p.Facts), true
	case bridge.PostErased:
		return erasedCard(), true
	case bridge.PostFiles, bridge.PostMark, bridge.PostDouble:
	}

	return Card{}, false
}

// erasedCard stands in place of the first message of a thread whose customer was erased.
func erasedCard() Card {
	return Card{Title: "Erased", Blocks: []Block{
		shape.Sentence("Erased"), Small("The customer of this conversation was erased. What colleagues wrote below stays here until it is deleted by hand.")}}
}
