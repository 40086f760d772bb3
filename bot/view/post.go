package view

import (
	"regexp"
	"slices"
	"strings"

	"parley/bot/shape"
	"parley/bot/verb"
	"parley/bridge"
)

// This file makes the card of each message that Parley posts into a chat.
//
// Some chats deliver only messages that mention Parley (CommandSyntax.OnlyMentions). There agents must type "@Parley assign
// @ann" instead of "!assign @ann", so the commands that a card mentions are rewritten for the chat in which it is read.

// Post returns the card of a post. syntax says how commands are typed where the post is read. ok is false if the post has
// no content or is not shown as a card: files, and marks (the emoji that Parley puts on messages).
func Post(p bridge.Post, syntax CommandSyntax) (c Card, ok bool) {
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
		return erasedCard(p), true
	case bridge.PostFiles, bridge.PostMark, bridge.PostDouble:
	}

	return Card{}, false
}

// erasedCard replaces the first message of a thread after the customer's data was erased, after the conversation was deleted or, if it
// is hidden, after the conversation went on where not everybody in the channel may read it.
func erasedCard(p bridge.Post) Card {
	if p.Deleted != "" {
		return Card{Title: "Deleted", Blocks: []Block{
			shape.Sentence(shape.Icon("wastebasket"), " "+p.Deleted),
			Small("What colleagues wrote below stays here: only an admin of this workspace can delete it. What is typed here reaches nobody."),
		}}
	}
	if p.Hidden {
		return Card{Title: "Private", Blocks: []Block{
			shape.Sentence(shape.Icon("lock"), " This goes on elsewhere."),
			Small("Only some people may read it now. What is typed below stays inside, and what colleagues wrote stays here until they delete it."),
		}}
	}
	return Card{Title: "Erased", Blocks: []Block{
		shape.Sentence("Erased"),
		Small("The customer of this conversation was erased. What colleagues wrote below stays here until it is deleted by hand."),
	}}
}

// withHowToAnswer adds to an open conversation's card how to answer, if Parley doesn't receive plain text in that chat.
// Otherwise agents would wait in vain for a reaction to what they type.
func withHowToAnswer(c Card, f bridge.Facts, syntax CommandSyntax) Card {
	canAnswer := f.Status.Open() && !f.Automatic && !f.Thread.Left
	if !syntax.OnlyMentions || !canAnswer {
		return c
	}
	command := shape.Code(syntax.adaptExample("!reply") + " …")
	howTo := shape.SmallPrint(shape.Text("To answer, begin with "), command, shape.Text(": I don't hear anything else here."))
	c.Blocks = append(c.Blocks, howTo)
	return c
}

// verbInHint matches a possible command in Parley's own words: "!assign" in "Name them: !assign @ann".
var verbInHint = regexp.MustCompile(`(^|[\s(])(![a-z]+)`)

// adaptHints rewrites the commands that a card mentions, if Parley doesn't receive plain text in that chat. It leaves
// alone what people wrote: block quotes, items of lists, and text in quotation marks.
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

// adaptWords rewrites the commands in a text, except those in quotation marks.
func (s CommandSyntax) adaptWords(words string) string {
	var out strings.Builder
	for words != "" {
		before, quoted, after := cutQuoted(words)
		out.WriteString(verbInHint.ReplaceAllStringFunc(before, s.adaptHint) + quoted)
		words = after
	}
	return out.String()
}

// cutQuoted splits a text around its first quotation:
//
//	say “a” or “b”    before "say ", quoted "“a”", after " or “b”"
//	say “a “b” c” d   before "say ", quoted "“a “b” c”", after " d"
//	say “a” b” c      before "say ", quoted "“a” b”", after " c"
//
// In the last example the marks don't pair, because the quoted person used one too. In that case everything from the first
// opening mark to the last closing one counts as quoted.
func cutQuoted(text string) (before, quoted, after string) {
	from := strings.Index(text, "“")
	if from < 0 {
		return text, "", ""
	}
	to := len(text) // if the text was cut, there is no closing mark
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

// adaptHint rewrites a match of verbInHint if it is a command.
func (s CommandSyntax) adaptHint(found string) string {
	before, word, _ := strings.Cut(found, "!")
	if _, ok := verb.Find(word); !ok {
		return found
	}
	return before + s.adaptExample("!"+word)
}
