package view

import (
	"strings"

	"parley/bot/shape"
	"parley/bot/verb"
	"parley/bridge"
)

// Bounds of what is shown of templates.
const (
	maxTemplateRows = 40  // in one list
	maxReasonRunes  = 500 // of why a provider decided so, in a line about that; a list shows maxDetailRunes
	maxQualityRunes = 20  // of a provider's word for how customers like a template: "green", "yellow", "red"
)

// templateLine is about templates: what there is to choose, and what a provider decided.
func templateLine(l bridge.Line, _ bridge.Facts) []Block {
	switch c := l.Content.(type) {
	case *bridge.ChooseTemplateLine:
		if len(c.Templates) == 1 {
			return []Block{makeHeadline(l, "scroll", "Template "+shape.TemplateName(c.Templates[0])+": fill it in, look at it, then send it.")}
		}
	case *bridge.VerdictLine:
		if len(c.Templates) > 0 {
			return verdictBlocks(l, c.Templates[0], c.Before)
		}
	}
	return []Block{makeHeadline(l, "scroll", "Choose a template.")}
}

// verdictBlocks show what a provider decided about a template. before is the template's earlier category
// if the provider changed the category, and "" otherwise.
func verdictBlocks(l bridge.Line, t bridge.Template, before string) []Block {
	name := "Template " + shape.TemplateName(t)
	if t.Account != "" {
		name += " of " + shape.OneLine(t.Account, shape.MaxNameRunes)
	}
	if before != "" {
		now := name + " is " + shape.Or(t.ProviderCategory, t.Category) + " for the provider now, not " + before + "."
		return []Block{makeHeadline(l, "label", now+" Its price changes with it.")}
	}

	why := ""
	if t.Reason != "" {
		why = ": " + strings.TrimRight(shape.OneLine(t.Reason, maxReasonRunes), ".")
	}

	words := name + ": " + shape.TemplateWords(t) + why + "."
	switch t.Status {
	case "approved":
		words = name + " was approved. It can be sent now."
	case "rejected":
		words = name + " was rejected" + why + ". Edit it and resubmit it."
	case "paused":
		words = name + " was paused by the provider" + why + ". It can't be sent until the provider allows it again."
	case "disabled":
		words = name + " was disabled by the provider" + why + ". It can't be sent any more."
	}

	return []Block{makeHeadline(l, templateIcon(t.Status), words)}
}

// TemplateList shows templates with their state. If edit is true, it also shows what admins need to change them.
func TemplateList(list []bridge.Template, edit bool) Card {
	c := Card{Title: "Templates"}
	if len(list) == 0 {
		c.Blocks = append(c.Blocks, shape.Line(shape.Text("There are none yet.")))
	}

	for i, t := range list {
		if i == maxTemplateRows {
			c.Blocks = append(c.Blocks, shape.SmallPrint(shape.Text("And more: parley export lists all.")))
			break
		}
		c.Blocks = append(c.Blocks, templateRow(t, edit))
	}

	if edit {
		b := verb.NewButton(bridge.VerbTemplateEdit, bridge.Args{})
		b.Label = "New template"
		b.Style = StylePrimary
		c.Buttons = append(c.Buttons, b)
	}

	return c
}

// templateRow is one template in a list: its badge, what it is for, what was said of it.
func templateRow(t bridge.Template, edit bool) Block {
	groups := [][]Piece{
		{shape.Icon(templateIcon(t.Status)), shape.Text(" "), shape.Bold(shape.TemplateName(t))},
		{shape.Text(shape.TemplateWords(t))},
		{shape.Text(shape.OneLine(t.Account, shape.MaxNameRunes))},
		{shape.Text(strings.Join(t.Uses, ", "))},
		{shape.Text(shape.Or(t.ProviderCategory, t.Category))},
	}
	if len(t.Labels) > 0 {
		groups = append(groups, []Piece{shape.Text(shape.OneLine(strings.Join(t.Labels, ", "), shape.MaxNameRunes))})
	}
	if t.Quality != "" && t.Quality != "green" {
		groups = append(groups, []Piece{shape.Text("quality " + shape.OneLine(t.Quality, maxQualityRunes))})
	}
	if t.Reason != "" {
		groups = append(groups, []Piece{shape.Text("“" + shape.OneLine(t.Reason, maxDetailRunes) + "”")})
	}

	item := Block{Kind: BlockItem, Pieces: shape.JoinPieces(shape.Between, groups...)}
	if edit {
		about := bridge.Args{Template: &bridge.TemplateArgs{ID: t.ID}}
		item.Buttons = []Button{verb.NewButton(bridge.VerbTemplateEdit, about), verb.NewButton(bridge.VerbTemplateDelete, about)}
	}

	return item
}

func templateIcon(status string) string {
	switch status {
	case "approved":
		return "white_check_mark"
	case "rejected":
		return "x"
	case "paused":
		return "double_vertical_bar"
	case "disabled":
		return "no_entry_sign"
	}
	return "hourglass_flowing_sand"
}
