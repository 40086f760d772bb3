package view

import (
	"strings"

	"parley/bot/command"
	"parley/bridge/when"
)

// Help explains one verb, or all for "".
func Help(word string) Card {
	if strings.TrimSpace(word) == "" {
		return helpAll()
	}
	u, ok := command.Help(word)
	if !ok {
		c := helpAll()
		c.Blocks = append([]Block{sentence("There is no verb ", code(oneLine(word, 40)), ". These there are:")}, c.Blocks...)
		return c
	}
	c := Card{Title: "Help"}
	c.Blocks = append(c.Blocks, line(code(u.Form)), line(text(u.Sentence)))
	for _, e := range u.Examples {
		c.Blocks = append(c.Blocks, Block{Kind: BlockItem, Pieces: []Piece{code(e)}})
	}
	if u.Form == "!snooze TIME" {
		c.Blocks = append(c.Blocks, small(text("Times: "+when.Forms)))
	}
	c.Blocks = append(c.Blocks, small(ways(u)...))
	return c
}

// ways says how else the verb can be given.
func ways(u command.Usage) []Piece {
	var groups [][]Piece
	for _, w := range u.Words[1:] {
		groups = append(groups, []Piece{code("!" + w)})
	}
	groups = append(groups, []Piece{code("@Parley " + u.Words[0])})
	if u.Slash {
		groups = append(groups, []Piece{text("elsewhere "), code("@Parley #12 " + u.Words[0])})
	}
	if u.Button != "" {
		groups = append(groups, []Piece{text("the button " + u.Button)})
	}
	for _, e := range u.Emoji {
		groups = append(groups, []Piece{icon(e)})
	}
	return append([]Piece{text("Also: ")}, joined(between, groups...)...)
}

func helpAll() Card {
	c := Card{Title: "Help"}
	c.Blocks = []Block{
		sentence("In a thread, what its owner types goes to the customer. ", code("note:"), " or ", code("//"), " in front, or mentioning a colleague, keeps it inside."),
		sentence("A verb begins with ", code("!"), ". To send a text that begins with ! or /, type ", code("!!"), " or put ", code(`\`), " before it."),
	}
	for _, u := range command.All() {
		if u.Hidden {
			continue
		}
		pieces := []Piece{code(u.Form), text(" " + u.Sentence)}
		if len(u.Emoji) > 0 {
			pieces = append(pieces, text(" "), icon(u.Emoji[0]))
		}
		c.Blocks = append(c.Blocks, Block{Kind: BlockItem, Pieces: pieces})
	}
	c.Blocks = append(c.Blocks, small(text("Times: "+when.Forms)), small(text("More about one: "), code("!help snooze")))
	return c
}
