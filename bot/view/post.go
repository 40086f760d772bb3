package view

import (
	"regexp"
	"slices"
	"strings"

	"parley/bot/shape"
	"parley/bot/verb"
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

// verbInHint finds what may be a verb with its sign in Parley's words: "Name them: !assign @ann".
var verbInHint = regexp.MustCompile(`(^|[\s(])(![a-z]+)`)

// adaptHints rewrites the verbs that a card's words name, if Parley isn't told of plain text: nobody would hear "!assign" there. What
// people wrote stays as it is: it is a quote, an entry of a list, or between quotation marks.
func (s CommandSyntax) adaptHints(c Card) Card {
	if !s.OnlyMentions {
		return c
	}
	c.Blocks = slices.Clone(c.Blocks)
	for i, b := range c.Blocks {
		if b.Kind != BlockLine && b.Kind != BlockSmall {
			continue
		}
		b.Pieces = slices.Clone(b.Pieces)
		for j, piece := range b.Pieces {
			if piece.Kind == PieceText {
				b.Pieces[j].Text = s.adaptWords(piece.Text)
			}
		}
		c.Blocks[i] = b
	}
	return c
}

// adaptWords rewrites the verbs in words of Parley's, but for what they quote.
func (s CommandSyntax) adaptWords(words string) string {
	var out strings.Builder
	for words != "" {
		before, quoted, after := cutQuoted(words)
		out.WriteString(verbInHint.ReplaceAllStringFunc(before, s.adaptHint) + quoted)
		words = after
	}
	return out.String()
}

// cutQuoted cuts a text around the first thing that it quotes. Who is quoted may have used quotation marks, too: if some of them have no
// partner, all from the first opening one to the last closing one is a quote.
func cutQuoted(text string) (before, quoted, after string) {
	from := strings.Index(text, "“")
	if from < 0 {
		return text, "", ""
	}
	to := len(text) // a text that was cut has no closing mark
	if last := strings.LastIndex(text, "”"); last > from {
		to = last + len("”")
	}

	depth, firstEnd := 0, 0
	for i, r := range text[from:to] {
		switch r {
		case '“':
			depth++
		case '”':
			depth--
		}
		if depth < 0 {
			break
		}
		if depth == 0 && firstEnd == 0 {
			firstEnd = from + i + len("”")
		}
	}
	if depth == 0 {
		to = firstEnd
	}
	return text[:from], text[from:to], text[to:]
}

// adaptHint rewrites what verbInHint has found, if it is a verb.
func (s CommandSyntax) adaptHint(found string) string {
	before, word, _ := strings.Cut(found, "!")
	if _, ok := verb.Find(word); !ok {
		return found
	}
	return before + s.adaptExample("!"+word)
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
		return syntax.adaptHints(Line(*p.Line, p.Facts)), true
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
