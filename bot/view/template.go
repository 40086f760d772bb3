package view

import (
	"strings"

	"parley/bot/shape"
	"parley/bot/verb"
	"parley/bridge"
)

// maxTemplateRows is how many templates one list shows.
const maxTemplateRows = 40

// templateLine is about templates: what there is to choose, and what a provider decided.
func templateLine(l bridge.Line) []Block {
	if l.Kind != bridge.LineTemplate {
		return nil
	}
	lead := []any{shape.Icon("scroll"), " ", shape.Mentioned(l)}
	switch {
	case l.Verb != bridge.VerbTemplates && len(l.Templates) == 1:
		return []Block{shape.Sentence(append(lead, "Template "+shape.TemplateName(l.Templates[0])+": fill it in, look at it, then send it.", shape.Then(l.Hint))...)}
	case len(l.Templates) == 0 || l.Verb != bridge.VerbTemplates:
		return []Block{shape.Sentence(append(lead, "Choose a template.", shape.Then(l.Hint))...)}
	}
	t := l.Templates[0]
	name := "Template " + shape.TemplateName(t)
	if t.Account != "" {
		name += " of " + shape.OneLine(t.Account, shape.MaxNameRunes)
	}
	why := ""
	if t.Reason != "" {
		why = ": " + strings.TrimRight(shape.OneLine(t.Reason, 500), ".")
	}
	lead[0] = shape.Icon(templateIcon(t.Status))
	if was := l.Reason; was != "" {
		lead[0] = shape.Icon("label")
		return []Block{shape.Sentence(append(lead, name+" is "+shape.Or(t.Sees, t.Category)+" for the provider now, not "+was+". Its price changes with it.", shape.Then(l.Hint))...)}
	}
	switch t.Status {
	case "approved":
		return []Block{shape.Sentence(append(lead, name+" was approved. It can be sent now.", shape.Then(l.Hint))...)}
	case "rejected":
		return []Block{shape.Sentence(append(lead, name+" was rejected"+why+". Edit it and resubmit it.", shape.Then(l.Hint))...)}
	case "paused":
		return []Block{shape.Sentence(append(lead, name+" was paused by the provider"+why+". It can't be sent until the provider allows it again.", shape.Then(l.Hint))...)}
	case "disabled":
		return []Block{shape.Sentence(append(lead, name+" was disabled by the provider"+why+". It can't be sent any more.", shape.Then(l.Hint))...)}
	}
	return []Block{shape.Sentence(append(lead, name+": "+shape.TemplateWords(t)+why+".", shape.Then(l.Hint))...)}
}

// TemplateList shows templates with their state; edit adds what admins need.
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
		b.Label, b.Style = "New template", StylePrimary
		c.Buttons = append(c.Buttons, b)
	}
	return c
}

// templateRow is one template in a list: its badge, what it is for, what was said of it.
func templateRow(t bridge.Template, edit bool) Block {
	groups := [][]Piece{
		{shape.Icon(templateIcon(t.Status)), shape.Text(" "), shape.Bold(shape.TemplateName(t))},
		{shape.Text(shape.TemplateWords(t))}, {shape.Text(shape.OneLine(t.Account, shape.MaxNameRunes))}, {shape.Text(strings.Join(t.Uses, ", "))},
		{shape.Text(shape.Or(t.Sees, t.Category))},
	}
	if len(t.Labels) > 0 {
		groups = append(groups, []Piece{shape.Text(shape.OneLine(strings.Join(t.Labels, ", "), shape.MaxNameRunes))})
	}
	if t.Quality != "" && t.Quality != "green" {
		groups = append(groups, []Piece{shape.Text("quality " + shape.OneLine(t.Quality, 20))})
	}
	if t.Reason != "" {
		groups = append(groups, []Piece{shape.Text("“" + shape.OneLine(t.Reason, 200) + "”")})
	}
	item := Block{Kind: BlockItem, Pieces: shape.Joined(shape.Between, groups...)}
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
