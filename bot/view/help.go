package view

import (
	"slices"
	"strings"

	"parley/bot/shape"
	"parley/bot/verb"
	"parley/bridge"
	"parley/bridge/when"
)

// Help says which verbs people can give, and how. That depends on the place where they read it: in a thread of Slack they
// type "!take", in Teams "@Parley take", in a chat with the app alone "take #12". A CommandSyntax describes the place.
// Verbs describe themselves with "!" (verb.Help), and adaptExample rewrites these words for the place.

// CommandSyntax says how people give verbs in the place where a card is read.
type CommandSyntax struct {
	// Signs begin a verb in a conversation's thread, the usual one first: "!", "@Parley ".
	Signs []string
	// SignsOutside begin a verb outside a thread, where it names its conversation: "@Parley #12 take".
	SignsOutside []string
	// SlashCommands are the words that the chat offers as slash commands of its own: "take" for "/take". Only their author
	// sees what is typed there.
	SlashCommands []string
	// OnlyMentions is true where the chat tells Parley only of messages that mention it.
	OnlyMentions bool
	// EmojiOnPostsOnly is true where the chat tells Parley only of emoji on Parley's own posts.
	EmojiOnPostsOnly bool
	// Private is true in a chat with the app alone. There a verb is a message by itself and needs no sign, and nothing
	// goes to customers except the first message of a new conversation.
	Private bool
}

// sign returns what is usually typed before a verb; "" in a private chat.
func (s CommandSyntax) sign() string {
	if s.Private || len(s.Signs) == 0 {
		return ""
	}
	return s.Signs[0]
}

// otherSigns returns what else can be typed in place of sign.
func (s CommandSyntax) otherSigns() []string {
	if s.Private || len(s.Signs) == 0 {
		return nil
	}
	return s.Signs[1:]
}

// adaptExample rewrites a verb's example as it is typed in this place. It returns "" if the example would do nothing there.
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
	if s.OnlyMentions || s.Private { // "note: …": Parley doesn't hear it, or can't know the conversation
		return ""
	}
	return example
}

// canGive reports whether a verb can be given in this place. Replies are only written in threads.
func (s CommandSyntax) canGive(v *verb.Verb) bool {
	if !s.Private {
		return true
	}
	return v.Slash && v.Name != bridge.VerbReply
}

// emojiOf returns the emoji by which a verb can be given in this place. Those of Undo and Keep are put on the text that an
// agent typed, of which Parley hears only if EmojiOnPostsOnly is false.
func (s CommandSyntax) emojiOf(v *verb.Verb) []string {
	isAboutTypedText := v.Name == bridge.VerbUndo || v.Name == bridge.VerbKeep
	if s.EmojiOnPostsOnly && isAboutTypedText {
		return nil
	}
	return v.Emoji
}

// maxTopicRunes is how much the help repeats of a word that it doesn't know.
const maxTopicRunes = 40

// allVerbs is the word that asks the help for every verb.
const allVerbs = "all"

// Help makes the card that explains the verb of a word. For "" it lists the everyday verbs, for "all" every verb. Lists
// leave out the denied verbs, which the reader may not use.
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
		c.Blocks = append(c.Blocks, Small("Times: "+when.Forms))
	}
	c.Blocks = append(c.Blocks, shape.SmallPrint(otherFormsPieces(v, syntax)...))
	return c
}

// otherFormsPieces says how else the verb can be given.
func otherFormsPieces(v *verb.Verb, syntax CommandSyntax) []Piece {
	var groups [][]Piece                                 // each is one other way
	usual, others := v.Typed.Words[0], v.Typed.Words[1:] // verb.Find found it by one of its words
	for _, word := range others {
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

// Which verbs helpList lists.
const (
	listsEveryday = false // with a button for all
	listsAll      = true
)

// helpList lists the verbs that can be given in a place.
func helpList(syntax CommandSyntax, all bool, denied []bridge.Verb) Card {
	c := Card{Title: "Help", Blocks: syntax.introBlocks()}
	for _, v := range verb.All() {
		isWanted := all || v.Help.InShortHelp
		if v.Help.Hidden || !isWanted {
			continue
		}
		if !syntax.canGive(v) || slices.Contains(denied, v.Name) {
			continue
		}
		pieces := []Piece{shape.Code(syntax.adaptExample(v.Typed.Syntax)), shape.Text(" " + v.Help.Sentence)}
		emoji := syntax.emojiOf(v)
		if len(emoji) > 0 && !syntax.Private {
			pieces = append(pieces, shape.Text(" "), shape.Icon(emoji[0]))
		}
		c.Blocks = append(c.Blocks, Block{Kind: BlockItem, Pieces: pieces})
	}

	times := "Times: " + when.Forms
	more := []Piece{shape.Text("More about one: "), shape.Code(syntax.adaptExample("!help snooze"))}
	if all { // one block less, so that Slack shows the list in one message
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

// marksExplained says what the marks on people's messages mean.
func marksExplained() []Piece {
	pieces := []Piece{shape.Text("Marks on what you type: ")}
	for _, mark := range []struct {
		mark  bridge.Mark
		words string
	}{
		{bridge.MarkWaiting, " waits, and can be taken back · "},
		{bridge.MarkSent, " sent · "},
		{bridge.MarkDelivered, " delivered · "},
		{bridge.MarkRead, " read · "},
		{bridge.MarkInside, " stays inside · "},
		{bridge.MarkWarning, " did not arrive, or may not have. Lines that leave as one message have it under the last."},
	} {
		pieces = append(pieces, shape.Icon(MarkIcon(mark.mark)), shape.Text(mark.words))
	}
	return pieces
}

// introBlocks says what becomes of the text that people type, and how a verb differs from such text.
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
