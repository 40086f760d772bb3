package setup

import (
	"parley/bridge"
	"parley/channels"
	"parley/store"
)

// tagFields describes a tag: a word such as Billing with which agents mark conversations.
func tagFields() []Field {
	return []Field{
		{
			Path: "name", Label: "Name", Input: InputLine, Required: true,
			Help: "After a change, all conversations show the new name.",
		},
		{
			Path: "description", Label: "When it fits", Input: InputLine,
			Help: "Colleagues see it when they choose tags.",
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
			Path: "formerly", Label: "Former names", Input: InputList,
			Help: "One per line. Typing a former name selects this tag, and an existing tag of that name is merged into " +
				"this one. Names can only be added: those that you leave out are kept.",
		},
	}
}

// cannedFields describes a canned reply: a text with which agents begin a reply.
func cannedFields() []Field {
	return []Field{
		{
			Path: "keyword", Label: "Keyword", Input: InputLine, Required: true, Fixed: true,
			Help: "One word. Agents type it after a backslash: `\\delay`.",
		},
		{Path: "topic", Label: "Topic", Input: InputLine, Help: "Groups them in lists."},
		{
			Path: "text", Label: "Text", Input: InputText, Required: true,
			Help: "It may have the variables `{{first_name}}`, `{{name}}`, `{{email}}`, `{{agent_name}}` and `{{company_name}}`. " +
				"Agents are asked for the values of all others.",
		},
	}
}

// templateFields describes a message template: a text that the provider of a channel, such as WhatsApp, approves before it
// may be sent.
func templateFields() []Field {
	return []Field{
		{
			Path: "accounts", Label: "Account", Input: InputChoice, Required: true, Fixed: true,
			Help: "The account that may send it.",
		},
		{
			Path: "name", Label: "Name", Input: InputLine, Required: true, Fixed: true,
			Help: "Colleagues select it by this name. Customers never see it.",
		},
		{
			Path: "language", Label: "Language", Input: InputLine, Required: true, Fixed: true,
			Help: "For example `en` or `en_US`.",
		},
		{
			Path: "types", Label: "For", Input: InputList,
			Choices: []string{bridge.TemplateStart, bridge.TemplateReply, bridge.TemplateWindow},
			Help:    "What colleagues may use it for.",
		},
		{Path: "labels", Label: "Labels", Help: "Words for finding it.", Input: InputList},
		{
			Path: "category", Label: "Category at the provider", Input: InputChoice,
			Choices: channels.TemplateCategories(), Default: "utility",
		},
		{
			Path: "provider_name", Label: "Name at the provider", Input: InputLine,
			Help: "Lower-case letters, digits and `_`. Empty: derived from the name.",
		},
		{Path: "header", Label: "Header", Input: InputLine},
		{
			Path: "body", Label: "Text", Input: InputText, Required: true,
			Help: "Write variables in double braces: `{{first_name}}`, `{{quote_number}}`.",
		},
		{Path: "footer", Label: "Footer", Input: InputLine},
		{Path: "buttons", Label: "Buttons", Input: InputList}, // of groups: buttons.0.title
		{
			Path: "examples", Label: "Examples", Input: InputGroup,
			Help: "Values for the variables. The provider uses them to review the text.",
		},
	}
}
