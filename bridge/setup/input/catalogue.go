package input

import (
	"parley/bridge"
	"parley/channels"
	"parley/store"
)

func tagFields() []Field {
	return []Field{
		{Path: "name", Label: "Name", Help: "Conversations show a new name at once, also old ones.", Input: InputLine, Required: true},
		{Path: "description", Label: "When it fits", Help: "Colleagues read it where they choose tags.", Input: InputLine},
		{Path: "color", Label: "Colour", Input: InputLine},
		{Path: "category", Label: "What it is about", Input: InputChoice, Choices: append([]string{""}, bridge.TagCategories()...)},
		{Path: "kind", Label: "Kind", Help: "Conversations with a `label` stand out in lists.", Input: InputChoice,
			Choices: []string{string(store.TagPlain), string(store.TagLabel)}, Default: string(store.TagPlain)},
		{Path: "formerly", Label: "Names that it had", Help: "One a line. Whoever types one of them gets this tag, and a tag of that name becomes this one. None is forgotten: what is left out here stays.", Input: InputList},
	}
}

func templateFields() []Field {
	return []Field{
		{Path: "accounts", Label: "Account", Help: "Where it may be sent.", Input: InputChoice, Required: true, Fixed: true},
		{Path: "name", Label: "Name", Help: "Colleagues choose it by this name; customers never see it.", Input: InputLine, Required: true, Fixed: true},
		{Path: "language", Label: "Language", Help: "`en`, `en_US`.", Input: InputLine, Required: true, Fixed: true},
		{Path: "types", Label: "For", Help: "What colleagues may use it for.", Input: InputList,
			Choices: []string{bridge.TemplateStart, bridge.TemplateReply, bridge.TemplateWindow}},
		{Path: "labels", Label: "Labels", Help: "Words by which it is found.", Input: InputList},
		{Path: "category", Label: "Category at the provider", Input: InputChoice, Choices: channels.TemplateCategories(), Default: "utility"},
		{Path: "provider_name", Label: "Name at the provider", Help: "Small letters, digits and `_`; empty: made of the name.", Input: InputLine},
		{Path: "header", Label: "Header", Input: InputLine},
		{Path: "body", Label: "Text", Help: "Variables stand in two braces: `{{first_name}}`, `{{quote_number}}`.", Input: InputText, Required: true},
		{Path: "footer", Label: "Footer", Input: InputLine},
		{Path: "buttons", Label: "Buttons", Input: InputGroup},
		{Path: "examples", Label: "Examples", Help: "The provider checks the text with them.", Input: InputGroup},
	}
}
