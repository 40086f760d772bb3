package input

import (
	"parley/bridge"
	"parley/channels"
	"parley/store"
)

func tagFields() []Field {
	return []Field{
		{
			Path: "name", Label: "Name", Input: InputLine, Required: true,
			Help: "Conversations show a new name at once, also old ones.",
		},
		{
			Path: "description", Label: "When it fits", Input: InputLine,
			Help: "Colleagues read it where they choose tags.",
		},
		{Path: "color", Label: "Colour", Input: InputLine},
		{
			Path: "category", Label: "What it is about", Input: InputChoice,
			Choices: append([]string{""}, bridge.TagCategories()...),
		},
		{
			Path: "kind", Label: "Kind", Input: InputChoice,
			Choices: []string{string(store.TagPlain), string(store.TagLabel)}, Default: string(store.TagPlain),
			Help: "Conversations with a `label` stand out in lists.",
		},
		{
			Path: "formerly", Label: "Names that it had", Input: InputList,
			Help: "One a line. Whoever types one of them gets this tag, and a tag of that name becomes this one. " +
				"None is forgotten: what is left out here stays.",
		},
	}
}

func templateFields() []Field {
	return []Field{
		{
			Path: "accounts", Label: "Account", Input: InputChoice, Required: true, Fixed: true,
			Help: "Where it may be sent.",
		},
		{
			Path: "name", Label: "Name", Input: InputLine, Required: true, Fixed: true,
			Help: "Colleagues choose it by this name; customers never see it.",
		},
		{
			Path: "language", Label: "Language", Input: InputLine, Required: true, Fixed: true,
			Help: "`en`, `en_US`.",
		},
		{
			Path: "types", Label: "For", Input: InputList,
			Choices: []string{bridge.TemplateStart, bridge.TemplateReply, bridge.TemplateWindow},
			Help:    "What colleagues may use it for.",
		},
		{Path: "labels", Label: "Labels", Help: "Words by which it is found.", Input: InputList},
		{
			Path: "category", Label: "Category at the provider", Input: InputChoice,
			Choices: channels.TemplateCategories(), Default: "utility",
		},
		{
			Path: "provider_name", Label: "Name at the provider", Input: InputLine,
			Help: "Small letters, digits and `_`; empty: made of the name.",
		},
		{Path: "header", Label: "Header", Input: InputLine},
		{
			Path: "body", Label: "Text", Input: InputText, Required: true,
			Help: "Variables stand in two braces: `{{first_name}}`, `{{quote_number}}`.",
		},
		{Path: "footer", Label: "Footer", Input: InputLine},
		{Path: "buttons", Label: "Buttons", Input: InputGroup},
		{
			Path: "examples", Label: "Examples", Input: InputGroup,
			Help: "The provider checks the text with them.",
		},
	}
}
