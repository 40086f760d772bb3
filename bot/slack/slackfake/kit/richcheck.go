package kit

import "fmt"

// A rich_text block is formatted text as a tree: sections, lists, quotations and code, which contain texts,
// links, emoji and mentions. This file checks it as Slack's validator does. at is a path such as
// "/blocks/0/elements/1".

// checkRichText checks a rich_text block, down to the elements' fields.
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

// maxRichElements bounds the elements of a rich_text block. Slack documents only a bound for the whole message.
const maxRichElements = 1000

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

	c.checkFields(at, e, "type style "+fields[0]+" "+fields[1])
	if e[fields[0]] == nil || e[fields[0]] == "" {
		c.fail(at+"/"+fields[0], "must be more than 0 characters")
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

// richPartFields lists the field that a part of each kind must have, and those that it may have. An emoji, a
// person and the like come as people's messages have them.
func richPartFields() map[string][2]string {
	return map[string][2]string{
		"text": {"text"}, "link": {"url", "text unsafe"}, "user": {"user_id"}, "channel": {"channel_id"}, "usergroup": {"usergroup_id"},
		"emoji": {"name", "unicode skin_tone url display_url"}, "broadcast": {"range"}, "date": {"timestamp", "format url fallback"},
		"color": {"value"}, "team": {"team_id"},
	}
}
