package view

import (
	"maps"
	"slices"
	"strings"

	"parley/bot/shape"
	"parley/bot/verb"
	"parley/bridge"
)

// Profile makes the card of what is known of a customer: the record, the names that channels tell, notes and conversations.
func Profile(f bridge.Facts, p bridge.Profile) Card {
	var d detailList
	line := func(name, text string) { d.addText(name, shape.OneLine(text, maxProfileRunes)) }
	line("Record", p.Name)
	line("Called", p.Called)
	for i, told := range p.Told {
		if i == maxTold {
			break
		}
		d.addText("Writes as", shape.Party(told))
	}
	line("Addresses of the record", strings.Join(p.Addresses, ", "))
	for _, f := range bridge.RecordFields()[1:] { // behind the name
		line(f.Label, p.Value(f.Key))
	}
	for _, name := range slices.Sorted(maps.Keys(p.Fields)) {
		line(shape.OneLine(name, shape.MaxNameRunes), p.Fields[name])
	}
	var links [][]Piece
	for _, l := range p.Links {
		links = append(links, []Piece{{Kind: shape.PieceLink, Text: shape.OneLine(l.Name, shape.MaxNameRunes), URL: l.URL}})
	}
	d.add("Look up in", shape.JoinPieces(shape.Between, links...)...)

	blocks := []Block(d)
	if len(p.Notes) > 0 {
		blocks = append(blocks, shape.Line(shape.Bold("Notes")))
		for _, n := range p.Notes {
			words := " " + shape.OneLine(n.Actor, shape.MaxNameRunes) + ": " + shape.OneLine(n.Detail, maxProfileRunes)
			blocks = append(blocks, Block{Kind: BlockItem, Pieces: []Piece{shape.At(n.At, f.Zone), shape.Text(words)}})
		}
	}
	blocks = append(blocks, shape.Line(shape.Bold("Conversations")))
	for _, row := range p.Rows {
		state, _ := ListState(row, bridge.ListAll)
		groups := [][]Piece{conversationPieces(row), state, {shape.At(row.LastMessage.At, f.Zone)}}
		blocks = append(blocks, Block{Kind: BlockItem, Pieces: shape.JoinPieces(shape.Between, groups...)})
	}
	names := []bridge.Verb{bridge.VerbAbout, bridge.VerbCustomer, bridge.VerbRename, bridge.VerbLink}
	if p.Record != 0 {
		names = append(names, bridge.VerbUnlink)
	}
	return Card{Title: "Profile of " + verb.Title(f), Blocks: blocks, Buttons: buttonGroup(f, names)}
}

const (
	maxProfileRunes = 400
	maxTold         = 5
)

// recordsCard offers records to which the customer can be linked.
func recordsCard(l bridge.Line, c *bridge.RecordsLine, f bridge.Facts) Card {
	words := shape.OneLine(l.Args.Note, shape.MaxNameRunes)
	title := "Records of this customer?"
	switch {
	case len(c.Records) == 0 && words == "":
		title = "No record looks like this customer's. Search by name, address or field: !link WORDS"
	case len(c.Records) == 0:
		title = "No record is found for “" + words + "”. Words are found by how they begin."
	case words != "":
		title = "Records for “" + words + "”"
	}
	card := Card{Blocks: []Block{shape.Line(shape.Bold(title))}}
	for _, r := range c.Records {
		addresses := shape.OneLine(strings.Join(r.Addresses, ", "), maxProfileRunes)
		b := verb.NewButton(bridge.VerbLink, bridge.Args{Conversation: f.ID, Record: r.ID})
		name := shape.Bold(shape.Or(shape.OneLine(r.Name, shape.MaxNameRunes), "without a name"))
		card.Blocks = append(card.Blocks, Block{
			Kind: BlockItem, Pieces: shape.JoinPieces(shape.Between, []Piece{name}, []Piece{shape.Text(shape.Or(addresses, "no address"))}),
			Buttons: []Button{b},
		})
	}
	return card
}

// recordPieces names the customer's record, if it is called otherwise than the conversation.
func recordPieces(f bridge.Facts) []Piece {
	name := shape.OneLine(f.Traits[bridge.TraitRecord], shape.MaxNameRunes)
	if name == "" || name == verb.Title(f) {
		return nil
	}
	return []Piece{shape.Text(name)}
}
