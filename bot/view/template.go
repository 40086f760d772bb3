package view

import (
	"strings"

	"parley/bot/shape"
	"parley/bot/verb"
	"parley/bridge"
)

// A template is a prepared text that a provider such as WhatsApp has to approve before it may be sent. This file renders the
// list of templates, and the lines (remarks of Parley's own in a chat) about them:
//
//	✅ Template Order update (en) was approved. It can be sent now.

const (
	maxTemplateRows = 40  // in one list
	maxReasonRunes  = 500 // of the provider's reason, in a line; a list shows maxDetailRunes
	maxQualityRunes = 20  // of the provider's rating: "green", "yellow", "red"
)

// templateLine asks to choose a template, or reports what a provider decided about one.
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

// verdictBlocks reports a provider's decision about a template. If the provider changed its category, before is the earlier
// one; otherwise before is "".
func verdictBlocks(l bridge.Line, t bridge.Template, before string) []Block {
	name := "Template " + shape.TemplateName(t)
	if t.Account != "" {
		name += " of " + shape.OneLine(t.Account, shape.MaxNameRunes)
	}
	if before != "" {
		change := name + " is " + shape.Or(t.ProviderCategory, t.Category) + " for the provider now, not " + before + "."
		return []Block{makeHeadline(l, "label", change+" Its price changes with it.")}
	}
	return []Block{makeHeadline(l, templateIcon(t.Status), statusWords(name, t))}
}

// statusWords says what a template's status means for agents. name is the template as the sentence calls it.
func statusWords(name string, t bridge.Template) string {
	why := ""
	if t.Reason != "" {
		why = ": " + strings.TrimRight(shape.OneLine(t.Reason, maxReasonRunes), ".")
	}

	switch t.Status {
	case "approved":
		return name + " was approved. It can be sent now."
	case "rejected":
		return name + " was rejected" + why + ". Edit it and resubmit it."
	case "paused":
		return name + " was paused by the provider" + why + ". It can't be sent until the provider allows it again."
	case "disabled":
		return name + " was disabled by the provider" + why + ". It can't be sent any more."
	default:
		return name + ": " + shape.TemplateWords(t) + why + "."
	}
}

// TemplateList lists templates with their status. If edit is true, it has buttons to add, change and delete templates.
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

// templateRow renders one template of a list: its status, account, uses, category and labels, and the provider's remarks.
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
		args := bridge.Args{Template: &bridge.TemplateArgs{ID: t.ID}}
		item.Buttons = []Button{verb.NewButton(bridge.VerbTemplateEdit, args), verb.NewButton(bridge.VerbTemplateDelete, args)}
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
