package slackfake

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"unicode/utf8"
)

// A Slack message, modal or home tab consists of blocks: JSON objects such as a section, a divider or a row of
// buttons. This file emulates what Slack does with the blocks that an app sends. Check rejects invalid blocks
// with the messages of Slack's validator, and fills in missing ids. For a section without text, it reports
//
//	[ERROR] must define either `text` or `fields` [json-pointer:/blocks/0/type]
//
// In this package, at is the JSON pointer of the object that is checked: "/blocks/0/text". object is a
// decoded JSON object.

// Surface is where blocks are shown. It determines which kinds of blocks are allowed, and how many.
type Surface int

// The surfaces. OnHome is a home tab.
const (
	OnMessage Surface = iota
	OnModal
	OnHome
)

// Limits of messages.
// Source: docs.slack.dev/reference/methods/chat.postMessage, read 2026-11.
const (
	MaxMarkdown      = 12000 // characters of a markdown block or text
	maxMessageBlocks = 50
	maxAttachments   = 100
)

// Limits of texts in blocks, in characters, and of the blocks of a modal or home tab.
// Source: docs.slack.dev/reference/block-kit, read 2026-11.
const (
	maxTextRunes    = 3000 // sections, URLs and text inputs
	maxValueRunes   = 2000 // values of buttons, labels of inputs, alternative texts of images
	maxIDRunes      = 255
	maxHeaderRunes  = 150 // headers, placeholders and values of options
	maxLabelRunes   = 75  // labels of buttons and options
	maxConfirmRunes = 30  // buttons of a confirmation dialog
	maxViewBlocks   = 100
)

// checker validates one list of blocks. It collects errors and adds missing ids and defaults to the blocks in
// place.
type checker struct {
	newID    func() string // generates the id of a block or element without one
	on       Surface
	errs     []string        // in the format of Slack's validator
	blockIDs map[string]bool // block ids so far, which must be unique
	actions  map[string]bool // action ids in the current block, which must be unique
	focused  int             // number of elements with focus_on_load
}

// Refusal is the error with which Slack rejects blocks.
type Refusal struct {
	Code     string   // Slack's error code: "invalid_blocks"
	Messages []string // details, each with a JSON pointer
}

// Check validates blocks as Slack does, and returns them with defaults and missing ids added. newID generates
// an id. If raw is nil, it returns nil. The refusal has the code invalid_blocks, with messages, or
// invalid_blocks_format.
// Source: docs.slack.dev/reference/block-kit, read 2026-11.
func Check(raw json.RawMessage, on Surface, newID func() string) ([]any, *Refusal) {
	if raw == nil {
		return nil, nil
	}
	var list []any
	if json.Unmarshal(raw, &list) != nil {
		return nil, &Refusal{Code: "invalid_blocks_format"}
	}
	c := &checker{newID: newID, on: on, blockIDs: map[string]bool{}, actions: map[string]bool{}}
	c.checkBlocks(list)
	if len(c.errs) > 0 {
		return nil, &Refusal{Code: "invalid_blocks", Messages: c.errs}
	}
	return list, nil
}

// fail records an error about the object at the given JSON pointer.
func (c *checker) fail(at, format string, args ...any) {
	c.errs = append(c.errs, "[ERROR] "+fmt.Sprintf(format, args...)+" [json-pointer:"+at+"]")
}

func (c *checker) checkBlocks(list []any) {
	limit := maxMessageBlocks
	if c.on != OnMessage {
		limit = maxViewBlocks
	}
	if len(list) > limit {
		c.fail("/blocks", "no more than %d items allowed", limit)
		return
	}

	for i, v := range list {
		at := fmt.Sprintf("/blocks/%d", i)
		b, ok := v.(object)
		if !ok {
			c.fail(at, "must provide an object")
			continue
		}

		c.checkBlock(at, b)
	}
}

func (c *checker) checkBlock(at string, b object) {
	kind, _ := b["type"].(string)
	check, isKnown := blockChecks()[kind]
	isMisplaced := c.on != OnMessage && slices.Contains(onlyOnMessages(), kind)
	if !isKnown || isMisplaced {
		c.fail(at+"/type", "unsupported type: %s", kind)
		return
	}

	c.checkFields(at, b, "type block_id "+blockFields()[kind])
	id := c.checkOptional(at, b, "block_id", maxIDRunes)
	if id == "" {
		id = c.newID()
		b["block_id"] = id
	}
	if c.blockIDs[id] {
		c.fail(at+"/block_id", "`block_id`: %s already exists for another block", id)
	}

	c.blockIDs[id] = true
	clear(c.actions) // action ids are unique within a block
	check(c, at, b)
}

// blockChecks returns the validation of each kind of block.
func blockChecks() map[string]func(*checker, string, object) {
	return map[string]func(*checker, string, object){
		"section": (*checker).checkSection,
		"header":  func(c *checker, at string, b object) { c.checkPlainText(at, b, "text", maxHeaderRunes) },
		"divider": func(*checker, string, object) {},
		"image":   (*checker).checkImage,
		"actions": func(c *checker, at string, b object) {
			c.checkElements(at, b, 25, kindsInActions())
		},
		"context":   (*checker).checkContext,
		"input":     (*checker).checkInput,
		"rich_text": (*checker).checkRichText,
		"markdown": func(c *checker, at string, b object) {
			c.checkRequired(at, b, "text", MaxMarkdown)
		},
		"video": func(c *checker, at string, b object) {
			c.checkRequired(at, b, "alt_text", maxTextRunes)
			for _, k := range []string{"thumbnail_url", "video_url"} {
				c.checkAddress(at, b, k)
			}
			c.checkPlainText(at, b, "title", 200)
		},
		"table": (*checker).checkTable, "data_table": (*checker).checkDataTable,
		"task_card": (*checker).checkTask, "plan": (*checker).checkPlan,
		"context_actions": func(c *checker, at string, b object) {
			c.checkElements(at, b, 5, []string{"feedback_buttons", "icon_button"})
		},
	}
}

func (c *checker) checkSection(at string, b object) {
	fields, hasFields := b["fields"].([]any)
	if b["text"] == nil && !hasFields {
		c.fail(at+"/type", "must define either `text` or `fields`")
	}
	if b["text"] != nil {
		c.checkText(at, b, "text", maxTextRunes)
	}
	if len(fields) > 10 {
		c.fail(at+"/fields", "no more than 10 items allowed")
	}

	for i, f := range fields {
		key := strconv.Itoa(i)
		c.checkText(at+"/fields", object{key: f}, key, maxValueRunes)
	}

	if acc, ok := b["accessory"].(object); ok {
		c.checkElement(at+"/accessory", acc, append(kindsInActions(), "image"))
	} else if b["accessory"] != nil {
		c.fail(at+"/accessory", "must provide an object")
	}
}

func (c *checker) checkImage(at string, b object) {
	c.checkRequired(at, b, "alt_text", maxValueRunes)
	if _, ok := b["slack_file"].(object); !ok {
		c.checkAddress(at, b, "image_url")
	}
	if b["title"] != nil {
		c.checkPlainText(at, b, "title", maxValueRunes)
	}
}

func (c *checker) checkContext(at string, b object) {
	for i, v := range c.checkList(at, b, "elements", 10) {
		p := fmt.Sprintf("%s/elements/%d", at, i)
		e, ok := v.(object)
		if !ok {
			c.fail(p, "must provide an object")
			continue
		}

		if e["type"] == "image" {
			c.checkFields(p, e, "type "+elementFields()["image"])
			c.checkImage(p, e)
			continue
		}

		c.checkTextObject(p, e, maxTextRunes, plainOrMarkup())
	}
}

func (c *checker) checkInput(at string, b object) {
	c.checkPlainText(at, b, "label", maxValueRunes)
	if b["hint"] != nil {
		c.checkPlainText(at, b, "hint", maxValueRunes)
	}
	e, ok := b["element"].(object)
	if !ok {
		c.fail(at, "missing required field: element")
		return
	}
	c.checkElement(at+"/element", e, kindsInInput())
}

// checkText checks a required field with a text object, which is plain text or markup of at most maxRunes
// characters.
func (c *checker) checkText(at string, b object, key string, maxRunes int) {
	if t := c.requireObject(at, b, key); t != nil {
		c.checkTextObject(at+"/"+key, t, maxRunes, plainOrMarkup())
	}
}

// checkPlainText checks a required field with a text object, which must be plain text of at most maxRunes
// characters.
func (c *checker) checkPlainText(at string, b object, key string, maxRunes int) {
	if t := c.requireObject(at, b, key); t != nil {
		c.checkTextObject(at+"/"+key, t, maxRunes, []string{"plain_text"})
	}
}

// requireObject returns the object in a required field. If there is none, it records an error and returns nil.
func (c *checker) requireObject(at string, b object, key string) object {
	if b[key] == nil {
		c.fail(at, "missing required field: %s", key)
		return nil
	}
	t, ok := b[key].(object)
	if !ok {
		c.fail(at+"/"+key, "must provide an object")
		return nil
	}
	return t
}

// plainOrMarkup lists the types of text objects.
func plainOrMarkup() []string { return []string{"plain_text", "mrkdwn"} }

// checkTextObject checks that a text object has one of the allowed types, and adds the defaults of its type.
func (c *checker) checkTextObject(at string, t object, maxRunes int, allowed []string) {
	kind, _ := t["type"].(string)
	if !slices.Contains(allowed, kind) {
		c.fail(at+"/type", "unsupported type: %s", kind)
		return
	}

	if kind == "plain_text" {
		if t["emoji"] == nil {
			t["emoji"] = true
		}
		c.checkFields(at, t, "type text emoji")
	} else {
		if t["verbatim"] == nil {
			t["verbatim"] = false
		}
		c.checkFields(at, t, "type text verbatim")
	}

	c.checkRequired(at, t, "text", maxRunes)
}

// checkRequired checks a string field of 1 to maxRunes characters and returns its value.
func (c *checker) checkRequired(at string, b object, key string, maxRunes int) string {
	if v, _ := b[key].(string); v == "" {
		c.fail(at+"/"+key, "must be more than 0 characters")
		return ""
	}
	return c.checkOptional(at, b, key, maxRunes)
}

// checkOptional checks a string field of at most maxRunes characters and returns its value, or "" if it is missing.
func (c *checker) checkOptional(at string, b object, key string, maxRunes int) string {
	if b[key] == nil {
		return ""
	}
	v, ok := b[key].(string)
	if !ok {
		c.fail(at+"/"+key, "must provide a string")
	} else if utf8.RuneCountInString(v) > maxRunes {
		c.fail(at+"/"+key, "must be less than %d characters", maxRunes+1)
	}
	return v
}

// CheckAttachments validates a message's attachments, an older format whose entries may contain blocks. It
// returns them with ids added, or nil if there are none. The refusal has the code invalid_attachments or
// too_many_attachments, or is one of Check.
func CheckAttachments(raw json.RawMessage, newID func() string) (json.RawMessage, *Refusal) {
	if raw == nil {
		return nil, nil
	}

	var list []object
	if json.Unmarshal(raw, &list) != nil {
		return nil, &Refusal{Code: "invalid_attachments"}
	}
	if len(list) > maxAttachments {
		return nil, &Refusal{Code: "too_many_attachments"}
	}
	if len(list) == 0 {
		return nil, nil
	}

	for i, a := range list {
		a["id"] = i + 1
		if a["blocks"] == nil {
			continue
		}

		blocks, refusal := Check(encode(a["blocks"]), OnMessage, newID)
		if refusal != nil {
			return nil, refusal
		}

		a["blocks"] = blocks
	}

	return encode(list), nil
}

// CheckTitle checks a view's title or the label of one of its buttons, which is the field key and has at most
// maxRunes characters. It returns the text object with defaults added, and the messages of Slack's validator.
func CheckTitle(key string, raw json.RawMessage, maxRunes int) (title json.RawMessage, faults []string) {
	var t any
	if json.Unmarshal(raw, &t) != nil {
		return raw, nil
	}
	c := &checker{}
	c.checkPlainText("", object{key: t}, key, maxRunes)
	return encode(t), c.errs
}

// Offered validates an app's answer to a request for the options of an external menu, and returns the
// options' values. A group has at most 100 options. faults are the messages of Slack's validator.
func Offered(answer object) (values, faults []string) {
	c := &checker{on: OnMessage}
	groups, _ := answer["option_groups"].([]any)
	lists := []any{answer}
	if len(groups) > 0 {
		lists = groups
	}

	for _, g := range lists {
		m, _ := g.(object)
		list, isList := m["options"].([]any)
		if !isList {
			c.fail("/options", "missing required field: options")
		}
		if len(list) > 100 {
			c.fail("/options", "no more than 100 items allowed")
		}

		for i, v := range list {
			c.checkOption(fmt.Sprintf("/options/%d", i), v)
			if x, ok := v.(object); ok {
				values = append(values, fmt.Sprint(x["value"]))
			}
		}
	}

	return values, c.errs
}

// encode marshals a value that was decoded from JSON, which never fails.
func encode(v any) json.RawMessage {
	b, err := json.Marshal(v)
	if err != nil {
		return json.RawMessage("null")
	}
	return b
}
