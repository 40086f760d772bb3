package slackfake

import "fmt"

// A rich_text block is formatted text as a tree: sections, lists, quotations and code blocks, which contain
// texts, links, emoji and mentions. This file validates it as Slack's validator does. at is the JSON pointer
// of a node, such as "/blocks/0/elements/1".

// checkRichText checks a rich_text block and everything in it.
// Source: docs.slack.dev/reference/block-kit/blocks/rich-text-block; the types of npm @slack/types 3.2.0; both
// read 2026-11.
func (c *checker) checkRichText(at string, b object) {
	for i, v := range c.checkList(at, b, "elements", maxRichElements) {
		p := fmt.Sprintf("%s/elements/%d", at, i)
		e, ok := v.(object)
		if !ok {
			c.fail(p, "must provide an object")
			continue
		}

		kind, _ := e["type"].(string)
		fields, known := map[string]string{
			"rich_text_section": "type elements", "rich_text_list": "type elements style indent offset border",
			"rich_text_quote": "type elements border", "rich_text_preformatted": "type elements border language",
		}[kind]
		if !known {
			c.fail(p+"/type", "unsupported type: %s", kind)
			continue
		}

		c.checkFields(p, e, fields)
		if kind == "rich_text_list" {
			c.checkOneOf(p, e, "style", "bullet ordered")
			if indent, _ := e["indent"].(float64); indent > maxListIndent {
				c.fail(p+"/indent", "must be less than %d", maxListIndent+1)
			}
		}

		parts, ok := e["elements"].([]any)
		if !ok {
			c.fail(p, "missing required field: elements")
		}

		for j, q := range parts {
			c.checkRichPart(fmt.Sprintf("%s/elements/%d", p, j), q, kind)
		}
	}
}

// maxListIndent is how deep a list may be nested. Slack's Block Kit Builder refuses more.
// Source: github.com/imryche/blockkit/pull/123, read 2026-11.
const maxListIndent = 8

// maxRichElements limits the elements of a rich_text block. Slack documents a limit only for the whole message.
const maxRichElements = 1000

// checkRichPart checks a node inside an element of the kind parent: a section of a list, or a leaf such as a
// text or link.
func (c *checker) checkRichPart(at string, v any, parent string) {
	e, ok := v.(object)
	if !ok {
		c.fail(at, "must provide an object")
		return
	}

	kind, _ := e["type"].(string)
	if parent == "rich_text_list" {
		if kind != "rich_text_section" {
			c.fail(at+"/type", "unsupported type: %s", kind)
		}

		c.checkFields(at, e, "type elements")
		parts, _ := e["elements"].([]any)
		for i, p := range parts {
			c.checkRichPart(fmt.Sprintf("%s/elements/%d", at, i), p, kind)
		}

		return
	}

	fields, known := richPartFields()[kind]
	if !known {
		c.fail(at+"/type", "unsupported type: %s", kind)
		return
	}

	c.checkFields(at, e, "type style "+fields.required+" "+fields.optional)
	if e[fields.required] == nil || e[fields.required] == "" {
		c.fail(at+"/"+fields.required, "must be more than 0 characters")
	}
	if kind == "broadcast" {
		c.checkOneOf(at, e, "range", "here channel everyone")
	}

	if style, ok := e["style"].(object); ok {
		c.checkFields(at+"/style", style, "bold italic strike code underline highlight client_highlight unlink")
	} else if e["style"] != nil {
		c.fail(at+"/style", "must provide an object")
	}
}

// partFields names the fields of a leaf: one required field, and optional ones separated by spaces.
type partFields struct{ required, optional string }

// richPartFields returns the fields of each kind of leaf. They include fields that occur only in people's messages.
func richPartFields() map[string]partFields {
	return map[string]partFields{
		"text":      {required: "text"},
		"link":      {required: "url", optional: "text unsafe"},
		"user":      {required: "user_id"},
		"channel":   {required: "channel_id"},
		"usergroup": {required: "usergroup_id"},
		"emoji":     {required: "name", optional: "unicode skin_tone url display_url"},
		"broadcast": {required: "range"},
		"date":      {required: "timestamp", optional: "format url fallback"},
		"color":     {required: "value"},
		"team":      {required: "team_id"},
	}
}
