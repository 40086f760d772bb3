package view

import (
	"slices"
	"strings"

	"parley/bot/shape"
	"parley/bot/verb"
	"parley/bridge"
)

// This file makes the help card, which lists the verbs (the commands that agents can give) and how to type them. The same
// verb is typed differently from chat to chat:
//
//	!take           in a Slack thread
//	@Parley take    in a Teams thread
//	take #12        in a private chat with Parley's app
//
// A CommandSyntax describes these differences. The texts of a verb (verb.Help) are written with "!", and adaptExample
// rewrites them for the reader's chat.

// CommandSyntax describes how verbs are typed in the chat in which a card is read.
type CommandSyntax struct {
	// Signs are the prefixes of a verb in a conversation's thread, the preferred one first: "!", "@Parley ".
	Signs []string
	// SignsOutside are the prefixes outside a thread, where a verb has to name its conversation: "@Parley #12 take".
	SignsOutside []string
	// SlashCommands are the verbs that the chat also offers as native slash commands: "take" for "/take". Nobody else sees
	// what an agent types there.
	SlashCommands []string
	// OnlyMentions is true if the chat delivers only messages that mention Parley.
	OnlyMentions bool
	// EmojiOnPostsOnly is true if the chat reports only the emoji on Parley's own posts.
	EmojiOnPostsOnly bool
	// Private is true in a private chat with Parley's app. There a verb is a whole message and needs no prefix, and no
	// text goes to customers except the first message of a new conversation.
	Private bool
}

// sign returns the preferred prefix of a verb, or "" in a private chat.
func (s CommandSyntax) sign() string {
	if s.Private || len(s.Signs) == 0 {
		return ""
	}
	return s.Signs[0]
}

// otherSigns returns the alternatives to sign.
func (s CommandSyntax) otherSigns() []string {
	if s.Private || len(s.Signs) == 0 {
		return nil
	}
	return s.Signs[1:]
}

// adaptExample rewrites an example such as "!take" for this chat. It returns "" if the example would not work there.
func (s CommandSyntax) adaptExample(example string) string {
	if rest, ok := strings.CutPrefix(example, "!"); ok {
		return s.sign() + rest
	}
	if rest, ok := strings.CutPrefix(example, "@Parley "); ok {
		if s.Private {
			return rest
		}
		return example
	}
	// The remaining examples are texts such as "note: …". They reach Parley only in a thread whose messages it receives.
	if s.OnlyMentions || s.Private {
		return ""
	}
	return example
}

// canGive reports whether a verb works in this chat. Replies can be written only in threads.
func (s CommandSyntax) canGive(v *verb.Verb) bool {
	if !s.Private {
		return true
	}
	return v.Slash && v.Name != bridge.VerbReply
}

// emojiOf returns the emoji that give a verb in this chat. The emoji of Undo and Keep are put on an agent's own text, where
// Parley doesn't see them if EmojiOnPostsOnly is true.
func (s CommandSyntax) emojiOf(v *verb.Verb) []string {
	isAboutTypedText := v.Name == bridge.VerbUndo || v.Name == bridge.VerbKeep
	if s.EmojiOnPostsOnly && isAboutTypedText {
		return nil
	}
	return v.Emoji
}

const (
	maxTopicRunes = 40    // limit for repeating an unknown word
	allVerbs      = "all" // the argument that makes Help list every verb
)

// Help makes the card that explains the verb that is typed as word. For "" it lists the everyday verbs, for "all" every
// verb. The lists leave out the denied verbs, which the reader may not use.
func Help(word string, syntax CommandSyntax, denied ...bridge.Verb) Card {
	word = strings.TrimSpace(word)
	if strings.EqualFold(word, allVerbs) {
		return helpList(syntax, listsAll, denied)
	}
	if word == "" {
		return helpList(syntax, listsEveryday, denied)
	}

	v, ok := verb.Find(word)
	if !ok {
		c := helpList(syntax, listsEveryday, denied)
		unknown := shape.Code(shape.OneLine(word, maxTopicRunes))
		c.Blocks = append([]Block{shape.Sentence("There is no command ", unknown, ". The usual ones:")}, c.Blocks...)
		return c
	}

	return verbHelp(v, syntax)
}

// verbHelp makes the card that explains one verb: its syntax, a sentence, examples, and the other ways to give it.
func verbHelp(v *verb.Verb, syntax CommandSyntax) Card {
	c := Card{Title: "Help"}
	if !syntax.canGive(v) {
		elsewhere := shape.Text("Do it in the conversation's thread: it can't be done from here.")
		c.Blocks = append(c.Blocks, shape.Line(shape.Text(v.Help.Sentence)), shape.Line(elsewhere))
		return c
	}

	c.Blocks = append(c.Blocks, shape.Line(shape.Code(syntax.adaptExample(v.Typed.Syntax))), shape.Line(shape.Text(v.Help.Sentence)))
	for _, e := range v.Help.Examples {
		example := syntax.adaptExample(e)
		if example != "" {
			c.Blocks = append(c.Blocks, Block{Kind: BlockItem, Pieces: []Piece{shape.Code(example)}})
		}
	}

	if v.Typed.Rest == verb.RestTime {
		c.Blocks = append(c.Blocks, Small("Times: "+bridge.Forms))
	}
	c.Blocks = append(c.Blocks, shape.SmallPrint(alternativePieces(v, syntax)...))
	return c
}

// alternativePieces lists the other ways to give a verb: "Also: !accept · !claim · @Parley take · …".
// The verb must have at least one word.
func alternativePieces(v *verb.Verb, syntax CommandSyntax) []Piece {
	var groups [][]Piece // one for each alternative
	usual, synonyms := v.Typed.Words[0], v.Typed.Words[1:]
	for _, word := range synonyms {
		groups = append(groups, []Piece{shape.Code(syntax.sign() + word)})
	}
	for _, sign := range syntax.otherSigns() {
		groups = append(groups, []Piece{shape.Code(sign + usual)})
	}
	if slices.Contains(syntax.SlashCommands, usual) {
		groups = append(groups, []Piece{shape.Code("/" + usual)})
	}

	if v.Slash && len(syntax.SignsOutside) > 0 {
		var named [][]Piece
		for _, sign := range syntax.SignsOutside {
			named = append(named, []Piece{shape.Code(sign + "#12 " + usual)})
		}
		groups = append(groups, append([]Piece{shape.Text("elsewhere ")}, shape.JoinPieces(" or ", named...)...))
	}
	if v.Button.Label != "" {
		groups = append(groups, []Piece{shape.Text("the button " + v.Button.Label)})
	}
	for _, e := range syntax.emojiOf(v) {
		groups = append(groups, []Piece{shape.Icon(e)})
	}

	return append([]Piece{shape.Text("Also: ")}, shape.JoinPieces(shape.Between, groups...)...)
}

// Values of helpList's parameter all.
const (
	listsEveryday = false // with a button that lists all
	listsAll      = true
)

// helpList makes the card that lists verbs, except the denied ones and those that don't work in the reader's chat.
func helpList(syntax CommandSyntax, all bool, denied []bridge.Verb) Card {
	c := Card{Title: "Help", Blocks: syntax.introBlocks()}
	for _, v := range verb.All() {
		isInList := !v.Help.Hidden && (all || v.Help.InShortHelp)
		mayUse := syntax.canGive(v) && !slices.Contains(denied, v.Name)
		if isInList && mayUse {
			c.Blocks = append(c.Blocks, helpRow(v, syntax))
		}
	}

	times := "Times: " + bridge.Forms
	more := []Piece{shape.Text("More about one: "), shape.Code(syntax.adaptExample("!help snooze"))}
	if all { // in one block instead of two, so that Slack shows the whole list in one message
		c.Blocks = append(c.Blocks, shape.SmallPrint(append(more, shape.Text(". "+times))...))
		return c
	}

	if !syntax.Private {
		c.Blocks = append(c.Blocks, shape.SmallPrint(marksExplained()...))
	}
	c.Blocks = append(c.Blocks, Small(times), shape.SmallPrint(more...))
	button := verb.NewButton(bridge.VerbHelp, bridge.Args{Note: allVerbs})
	button.Label = "All commands"
	c.Blocks = append(c.Blocks, shape.SmallPrint(shape.Text("All of them: "), shape.Code(syntax.adaptExample("!help all"))))
	c.Buttons = []Button{button}
	return c
}

// helpRow is the row of one verb in a list: "!take Makes the conversation yours."
func helpRow(v *verb.Verb, syntax CommandSyntax) Block {
	pieces := []Piece{shape.Code(syntax.adaptExample(v.Typed.Syntax)), shape.Text(" " + v.Help.Sentence)}
	emoji := syntax.emojiOf(v)
	if len(emoji) > 0 && !syntax.Private {
		pieces = append(pieces, shape.Text(" "), shape.Icon(emoji[0]))
	}
	return Block{Kind: BlockItem, Pieces: pieces}
}

// marksExplained is the legend of the marks: the emoji that Parley puts on an agent's message to show its delivery state.
func marksExplained() []Piece {
	pieces := []Piece{shape.Text("Marks on what you type: ")}
	for _, mark := range []struct {
		mark  bridge.Mark
		words string
	}{
		{bridge.MarkWaiting, " waits, and can be taken back · "},
		{bridge.MarkAsked, " waits for your answer below · "},
		{bridge.MarkSent, " sent · "},
		{bridge.MarkDelivered, " delivered · "},
		{bridge.MarkRead, " read · "},
		{bridge.MarkInside, " stays inside · "},
		{bridge.MarkWarning, " did not arrive, or may not have."},
	} {
		pieces = append(pieces, shape.Icon(MarkIcon(mark.mark)), shape.Text(mark.words))
	}
	return pieces
}

// introBlocks explains which of the texts that agents type go to the customer, and how to type a verb instead.
func (s CommandSyntax) introBlocks() []Block {
	var blocks []Block
	switch {
	case s.Private:
		return []Block{
			shape.Sentence("Here a command is a message by itself, and names the conversation that it is about: ", shape.Code("snooze #12 2h"), "."),
			shape.Sentence("What you write here goes to a customer only behind ", shape.Code("new"), ": reply in the conversation's thread."),
		}
	case s.OnlyMentions:
		blocks = []Block{
			shape.Sentence("In a thread, what follows ", shape.Code(s.sign()+"reply:"),
				" goes to the customer. What doesn't mention me stays among you: I don't hear it."),
			shape.Sentence("A command follows ", shape.Code(strings.TrimSpace(s.sign())), "."),
		}
	default:
		begin := []any{"A command begins with ", shape.Code(strings.TrimSpace(s.sign()))}
		for _, sign := range s.otherSigns() {
			begin = append(begin, " or ", shape.Code(strings.TrimSpace(sign)))
		}
		blocks = []Block{
			shape.Sentence("In a thread, what its owner types goes to the customer. ", shape.Code("note:"), " or ", shape.Code("//"),
				" in front, or mentioning a colleague, keeps it inside."),
			shape.Sentence(append(begin, ". To send a text that begins with ! or /, type ", shape.Code("!!"), " or put ", shape.Code(`\`),
				" before it.")...),
		}
	}

	if len(s.SlashCommands) > 0 {
		offered := []any{"What you choose from the list of commands, nobody else sees: "}
		for i, word := range s.SlashCommands {
			if i > 0 {
				offered = append(offered, " ")
			}
			offered = append(offered, shape.Code("/"+word))
		}

		blocks = append(blocks, shape.Sentence(append(offered, ".")...))
	}

	return blocks
}
